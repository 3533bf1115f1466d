"""Loading of files into the raw schema: every row accounted for, one transaction a file."""

from peakwise.loading.clock import Clock
from peakwise.loading.customers import load_customers
from peakwise.loading.manifest import FileResult
from peakwise.loading.options import ReadingOptions, complete_options
from peakwise.loading.readings import load_readings
from peakwise.loading.system_load import load_system_load
from peakwise.loading.utility import UtilitySettings, set_holidays, set_utility

__all__ = [
    "Clock",
    "FileResult",
    "ReadingOptions",
    "UtilitySettings",
    "complete_options",
    "load_customers",
    "load_readings",
    "load_system_load",
    "set_holidays",
    "set_utility",
]
