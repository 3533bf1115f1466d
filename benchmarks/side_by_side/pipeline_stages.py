"""This pipeline, stage by stage, by its own code."""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from side_by_side.places import Places
from side_by_side.settings import SEED, SEGMENTS, TIME_ZONE
from side_by_side.stopwatch import Stopwatch

if TYPE_CHECKING:
    from peakwise.loading import FileResult

WITHOUT_TESTS = ("--exclude-resource-type", "test", "unit_test")
# One view: what its run takes beyond the view itself is dbt's start.
SMALLEST_MODEL = "stg_meter__utility"


def load(stopwatch: Stopwatch, places: Places) -> None:
    """Read the file into a new warehouse."""
    shutil.rmtree(places.home, ignore_errors=True)
    load_file(stopwatch, places, places.readings)


def load_file(stopwatch: Stopwatch, places: Places, path: Path) -> "FileResult":
    """Load a file into the warehouse; closing the warehouse belongs to it, for that writes what is still in memory.

    Raises:
        AssertionError: The file cannot be used, or some of its rows are rejected.
    """
    from peakwise.loading import Clock, ReadingOptions, UtilitySettings, load_readings, set_holidays, set_utility
    from peakwise.warehouse import connect

    settings = UtilitySettings(time_zone=TIME_ZONE, holiday_calendar="US", currency="USD")
    options = ReadingOptions(label="start", label_clock=Clock.parse("UTC"))
    with stopwatch.phase("load"), connect(places.warehouse) as connection:
        set_utility(connection, settings)
        [result] = load_readings(connection, [path], options)
        set_holidays(connection)
    if result.state != "loaded" or result.rows_rejected:
        raise AssertionError(f"The file did not load whole: {result}")
    return result


class TimedDbt:
    """The pipeline's dbt, with its start measured in the same process and taken off.

    Attributes:
        parsed: The project by warehouse, as this process has parsed it.
    """

    parsed: ClassVar[dict[Path, Any]] = {}

    def __init__(self, stopwatch: Stopwatch, places: Places) -> None:
        """Import dbt, parse the project and run a first command where this process has not, and measure one more."""
        from peakwise.dbt import Dbt

        self.stopwatch = stopwatch
        self.dbt = Dbt(places.warehouse, places.dbt_folder)
        self.dbt.manifest = self.parsed.get(places.warehouse)
        if self.dbt.manifest is None:
            self.dbt.run("build", "--select", SMALLEST_MODEL, *WITHOUT_TESTS)
            self.parsed[places.warehouse] = self.dbt.manifest
        started, processor_started = time.perf_counter(), time.process_time()
        result = self.dbt.run("build", "--select", SMALLEST_MODEL, *WITHOUT_TESTS)
        self.start_seconds = time.perf_counter() - started - result.seconds
        self.start_processor_seconds = max(time.process_time() - processor_started - result.seconds, 0.0)

    def stage(self, name: str, *arguments: str) -> dict[str, Any]:
        """Run one command as a phase without dbt's start, and tell what its nodes took."""
        with self.stopwatch.phase(name):
            result = self.dbt.run("build", *arguments)
        phase = self.stopwatch.phases[name]
        phase.seconds -= self.start_seconds
        phase.processor_seconds -= self.start_processor_seconds
        return {"start_seconds": self.start_seconds, "summed_seconds": result.seconds, "nodes": result.seconds_by_node}


def profiles(stopwatch: Stopwatch, places: Places) -> dict[str, Any]:
    """Every model from raw readings to standardised profiles, then the others that need no segments."""
    dbt = TimedDbt(stopwatch, places)
    to_profiles = dbt.stage("profiles", "--select", "+int_profiles_standardized", *WITHOUT_TESTS)
    others = dbt.stage(
        "marts before segmentation",
        "--select", "fqn:*",
        "--exclude", "source:segmentation+", "source:day_shapes+", "+int_profiles_standardized", *WITHOUT_TESTS,
    )  # fmt: skip
    return {"profiles": to_profiles, "marts before segmentation": others}


def segmentation(stopwatch: Stopwatch, places: Places) -> None:
    """K-means with its diagnostics and the null test, written to the warehouse."""
    from peakwise.segmentation import SegmentationSettings, segment_customers

    with stopwatch.phase("segmentation"):
        segment_customers(places.warehouse, SegmentationSettings(k=SEGMENTS, seed=SEED))


def marts(stopwatch: Stopwatch, places: Places) -> dict[str, Any]:
    """Every model that needs segments."""
    dbt = TimedDbt(stopwatch, places)
    return {"marts after segmentation": dbt.stage("marts after segmentation", "--selector", "after_segmentation")}


def publishing(stopwatch: Stopwatch, places: Places) -> None:
    """A release of all marts."""
    from peakwise.publishing import publish
    from peakwise.warehouse import connect

    with stopwatch.phase("publishing"):
        publish(places.warehouse)
    hours = ", ".join(f"hour_{hour:02d}_kw" for hour in range(24))
    with connect(places.warehouse, read_only=True) as connection:
        connection.execute(f"""
            copy (
                select customer_id, cast(substr(hour_name, 6, 2) as integer) as local_hour, kw
                from (
                    unpivot (
                        select customer_id, {hours} from marts.fct_customer_load_profile
                        where season = 'all' and day_type = 'all'
                    ) on {hours} into name hour_name value kw
                )
            ) to '{places.profiles("peakwise")}'
        """)
