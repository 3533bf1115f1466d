"""Loading of files into the raw schema: every row accounted for, one transaction a file."""

from peakwise.loading.beside import BesideReadings, load_beside_readings
from peakwise.loading.clock import Clock
from peakwise.loading.customers import load_customers
from peakwise.loading.manifest import FileResult
from peakwise.loading.options import ReadingOptions
from peakwise.loading.outages import OutagesResult, load_outages
from peakwise.loading.readings import load_readings
from peakwise.loading.source_tables import (
    SourceOptions,
    SourceTableResult,
    load_source_folder,
    load_source_table,
)
from peakwise.loading.system_load import load_system_load
from peakwise.loading.utility import UtilitySettings, set_holidays, set_utility
from peakwise.loading.weather import WEATHER_FIELDS, WeatherOptions, WeatherResult, load_weather

__all__ = [
    "WEATHER_FIELDS",
    "BesideReadings",
    "Clock",
    "FileResult",
    "OutagesResult",
    "ReadingOptions",
    "SourceOptions",
    "SourceTableResult",
    "UtilitySettings",
    "WeatherOptions",
    "WeatherResult",
    "load_beside_readings",
    "load_customers",
    "load_outages",
    "load_readings",
    "load_source_folder",
    "load_source_table",
    "load_system_load",
    "load_weather",
    "set_holidays",
    "set_utility",
]
