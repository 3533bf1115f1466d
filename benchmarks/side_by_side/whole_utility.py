"""A synthetic utility with every source and all faults, loaded, built and segmented as `make run` does it."""

import shutil
from typing import TYPE_CHECKING

from side_by_side.pipeline_stages import TimedDbt
from side_by_side.places import Places
from side_by_side.stopwatch import Stopwatch

if TYPE_CHECKING:
    from peakwise.dbt import Dbt
    from peakwise.synthetic import SyntheticOptions


def build_utility(stopwatch: Stopwatch, places: Places, options: "SyntheticOptions") -> "Dbt":
    """Make it at the pipeline's home, which is begun anew; the dbt that built it."""
    from rich.console import Console

    from peakwise.loading import set_utility
    from peakwise.pipeline import find_day_shapes, load_step, segment_or_assign, synthetic_source
    from peakwise.steps import Steps
    from peakwise.warehouse import connect

    shutil.rmtree(places.home, ignore_errors=True)
    steps = Steps(Console(quiet=True))
    with stopwatch.phase("utility"):
        source, settings = synthetic_source(options, steps)
        with connect(places.warehouse) as connection:
            set_utility(connection, settings)
            load_step(connection, source, steps)
        dbt = TimedDbt(stopwatch, places).dbt
        dbt.run("build", "--selector", "before_segmentation")
        segment_or_assign(places.warehouse, None)
        find_day_shapes(places.warehouse)
        dbt.run("build", "--selector", "after_segmentation")
    return dbt
