"""The cost of late data: one day added to a long and to a short history, loaded and built as `make update` does it."""

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from side_by_side.peers import open_database
from side_by_side.pipeline_stages import TimedDbt, load_file
from side_by_side.places import Places
from side_by_side.settings import TIME_ZONE
from side_by_side.stopwatch import Stopwatch

YEAR_START = date(2025, 1, 1)
DAYS = {"last": date(2025, 12, 31), "first": date(2025, 12, 1)}
# The short history of each day begins here, so that it has thirty days; the long one begins with the year.
SHORT_STARTS = {"last": date(2025, 12, 1), "first": date(2025, 11, 1)}
BUILD = ("--selector", "before_segmentation")


@dataclass(frozen=True)
class History:
    """Whole local days before the one that is added.

    Attributes:
        day: `last` or `first` of a month: which day is added.
        is_long: Whether it begins with the year.
    """

    day: str
    is_long: bool

    @property
    def start(self) -> date:
        """Its first day."""
        return YEAR_START if self.is_long else SHORT_STARTS[self.day]

    @property
    def days(self) -> int:
        """How many days it has."""
        return (DAYS[self.day] - self.start).days

    @property
    def name(self) -> str:
        """Its name in files, as in `last_364`."""
        return f"{self.day}_{self.days}"


@dataclass
class Addition:
    """What adding a day took, repetition by repetition.

    Attributes:
        day: `last` or `first` of a month.
        history_days: Days that were there before.
        copy_seconds: Copying the warehouse to work on, down to the disk.
        load_seconds: Loading the day's file.
        build_seconds: Building incrementally, without dbt's start.
        nodes: Seconds of each node in the fastest build.
    """

    day: str
    history_days: int
    copy_seconds: list[float] = field(default_factory=list)
    load_seconds: list[float] = field(default_factory=list)
    build_seconds: list[float] = field(default_factory=list)
    nodes: dict[str, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Least load and least build together."""
        return min(self.load_seconds) + min(self.build_seconds)

    @property
    def median_seconds(self) -> float:
        """Median load and median build together."""
        return median(self.load_seconds) + median(self.build_seconds)


@dataclass(frozen=True)
class LateRun:
    """Additions to a long history and to a short one of each day, and the size of the utility."""

    customers: int
    start_seconds: float
    additions: Sequence[Addition]

    def of_day(self, day: str) -> tuple[Addition, Addition]:
        """The additions of one day, to the long and to the short history."""
        long, short = sorted((found for found in self.additions if found.day == day), key=lambda one: -one.history_days)
        return long, short

    @property
    def days(self) -> list[str]:
        """The days that were added, in the order of `DAYS`."""
        measured = {addition.day for addition in self.additions}
        return [day for day in DAYS if day in measured]


def late_run(customers: int, found: Mapping[str, Any]) -> LateRun:
    """What `measure` found, as it came back from its process."""
    return LateRun(customers, found["start_seconds"], [Addition(**addition) for addition in found["additions"]])


def histories(days: Sequence[str]) -> list[History]:
    """The long and the short history of each day."""
    return [History(day, is_long) for day in days for is_long in (True, False)]


def file_of(places: Places, name: str) -> Path:
    """The readings of a history, or of the day that is added."""
    return places.folder / f"late_{name}.parquet"


def base_of(places: Places, history: History) -> Path:
    """The built warehouse with a history."""
    return places.folder / f"late_{history.name}.duckdb"


def make_readings(stopwatch: Stopwatch, places: Places, customers: int) -> None:
    """Write a year of a utility without faults, cut into histories and days on local midnights."""
    from peakwise.synthetic import SyntheticOptions, generate

    utility = places.folder / "late_utility"
    options = SyntheticOptions(
        customers=customers, first_date=YEAR_START, months=12, time_zone=TIME_ZONE, mover_fraction=0.0,
        second_point_fraction=0.0,
    )  # fmt: skip
    spans = {history.name: (history.start, DAYS[history.day]) for history in histories(list(DAYS))}
    spans |= {day: (added, added + timedelta(days=1)) for day, added in DAYS.items()}
    with stopwatch.phase("make readings"):
        generate(options.without_faults(), utility)
        with open_database(":memory:") as connection:
            for name, (start, end) in spans.items():
                instants = (
                    f"timezone('UTC', timezone('{TIME_ZONE}', timestamp '{midnight}'))" for midnight in (start, end)
                )
                connection.execute(f"""
                    copy (
                        from read_parquet('{utility}/readings/*.parquet')
                        where
                            channel = 'delivered'
                            and interval_start_at >= {next(instants)} and interval_start_at < {next(instants)}
                        order by service_point_id, interval_start_at
                    ) to '{file_of(places, name)}' (format parquet, compression zstd)
                """)
    shutil.rmtree(utility)


def measure(
    stopwatch: Stopwatch,
    places: Places,
    repeats: int,
    chosen: Sequence[History] = tuple(histories(list(DAYS))),
    selection: Sequence[str] = BUILD,
) -> dict[str, Any]:
    """Build a warehouse for each history, then add its day to a copy of it, time and again.

    The project is parsed once. Histories take turns, so that a busy minute of the machine hits all of them.

    Args:
        stopwatch: Times the parts.
        places: Where the readings lie.
        repeats: How often each day is added.
        chosen: The histories that days are added to.
        selection: What dbt builds.

    Returns:
        dbt's start in seconds, and the fields of an `Addition` for each history.
    """
    shutil.rmtree(places.home, ignore_errors=True)
    dbt = TimedDbt(stopwatch, places)
    additions = []
    for history in chosen:
        build_base(stopwatch, places, dbt, history, selection)
        additions.append((history, Addition(history.day, history.days)))
    for _ in range(repeats):
        for history, addition in additions:
            add_day(stopwatch, places, dbt, history, addition, selection)
    for history, _ in additions:
        base_of(places, history).unlink()
    shutil.rmtree(places.home)
    return {"start_seconds": dbt.start_seconds, "additions": [vars(addition) for _, addition in additions]}


def build_base(stopwatch: Stopwatch, places: Places, dbt: TimedDbt, history: History, selection: Sequence[str]) -> None:
    """Load a history into a new warehouse, build it, and put it aside."""
    shutil.rmtree(places.home, ignore_errors=True)
    load_file(stopwatch, places, file_of(places, history.name))
    dbt.stage("build", *selection)
    places.warehouse.replace(base_of(places, history))


def add_day(
    stopwatch: Stopwatch,
    places: Places,
    dbt: TimedDbt,
    history: History,
    addition: Addition,
    selection: Sequence[str],
) -> None:
    """Add the day to a copy of the warehouse, and note what each part took."""
    started = time.perf_counter()
    copy_to_disk(base_of(places, history), places.warehouse)
    addition.copy_seconds.append(time.perf_counter() - started)
    load_file(stopwatch, places, file_of(places, history.day))
    addition.load_seconds.append(stopwatch.phases["load"].seconds)
    nodes = dbt.stage("build", *selection)["nodes"]
    addition.build_seconds.append(stopwatch.phases["build"].seconds)
    if addition.build_seconds[-1] == min(addition.build_seconds):
        addition.nodes = nodes
    check_sums(places)


def copy_to_disk(source: Path, target: Path) -> None:
    """Copy a file, and wait for the disk: the load would else pay for what the copy left to be written."""
    shutil.copy2(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def check_sums(places: Places) -> None:
    """Check that the sums behind the profiles hold every reading, once.

    Raises:
        AssertionError: They do not.
    """
    from peakwise.warehouse import connect

    with connect(places.warehouse, read_only=True) as connection:
        readings, kwh = connection.execute("select count(*), sum(kwh) from raw.readings").fetchone()
        hours, summed_kwh = connection.execute(
            "select sum(hours), sum(kwh) from intermediate.int_load_sums_monthly"
        ).fetchone()
    if (readings, kwh) != (hours, summed_kwh):
        raise AssertionError(
            f"After adding a day the warehouse holds {readings} readings of {kwh} kWh, but its sums {hours} hours of "
            f"{summed_kwh} kWh."
        )
