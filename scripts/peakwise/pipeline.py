"""Runs every step in one process: from meter files to a published release.

A new warehouse is built beside the one in place and takes its place only when it is whole and its tests on keys and
conservation pass. Its file has the same name in another folder, because views remember the name of their database.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from peakwise import paths, publishing
from peakwise.dbt import Dbt
from peakwise.errors import UnusableInput
from peakwise.loading import (
    BesideReadings,
    Clock,
    FileResult,
    ReadingOptions,
    UtilitySettings,
    load_beside_readings,
    load_readings,
    set_holidays,
    set_utility,
)
from peakwise.segmentation import assign_new_customers, segment_customers
from peakwise.segmentation.run import DEFAULT_K
from peakwise.steps import Steps
from peakwise.synthetic import SyntheticOptions, generate
from peakwise.warehouse import connect, only_writer, write_log_into_file


@dataclass(frozen=True)
class Source:
    """What a run reads.

    Attributes:
        readings: Files, folders or globs of readings.
        options: How to understand them.
        beside: The files beside the readings.
    """

    readings: list[str]
    options: ReadingOptions
    beside: BesideReadings


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        files: Where the rows of each file went.
        segmentation_note: What was done instead of a run, or why there are no segments.
        release: The published release.
    """

    files: list[FileResult]
    segmentation_note: str
    release: publishing.Release

    @property
    def has_rejects(self) -> bool:
        """Whether any row of any file was rejected."""
        return any(file.rows_rejected for file in self.files)


def synthetic_source(options: SyntheticOptions, steps: Steps) -> tuple[Source, UtilitySettings]:
    """Make the synthetic utility and say how to read it."""
    folder = paths.synthetic()
    with steps.step("generate", "making a synthetic utility") as step:
        summary = generate(options, folder, step.advance_to)
        step.outcome = (
            f"a synthetic utility: {summary.customers:,} customers, {options.months} months, {summary.rows:,} readings"
        )
    source = Source(
        readings=[str(folder / "readings")],
        options=ReadingOptions(label="start", label_clock=Clock.parse("UTC")),
        beside=BesideReadings(
            customers=folder / "customers.parquet",
            weather=folder / "weather.parquet",
            outages=folder / "outages.parquet",
        ),
    )
    settings = UtilitySettings(
        time_zone=options.time_zone, holiday_calendar=options.holiday_calendar or None, currency="USD"
    )
    return source, settings


@contextmanager
def building_place() -> Iterator[Path]:
    """A fresh folder beside the warehouse in place; only one run at a time has it.

    Raises:
        UnusableInput: Another run is at work.
    """
    folder = paths.warehouse().parent
    with only_writer(folder):
        building = folder / ".building"
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        try:
            yield building
        finally:
            shutil.rmtree(building, ignore_errors=True)


def run(source: Source, settings: UtilitySettings, k: int, seed: int, steps: Steps) -> Outcome:
    """Build a new warehouse for one source, put it in place, publish it.

    Raises:
        UnusableInput: The source cannot be used; the warehouse in place and the published release stay as they are.
        DbtFailed: A model or a test failed; they stay as they are, too.
    """
    with building_place() as building:
        warehouse = building / "peakwise.duckdb"
        with connect(warehouse) as connection:
            set_utility(connection, settings)
            files = load_step(connection, source, steps)
        return build_and_publish(warehouse, files, k, seed, steps, full_refresh=False)


def update(source: Source, overrides: dict[str, object], k: int | None, seed: int, steps: Steps) -> Outcome:
    """Add readings to a copy of the warehouse in place, build incrementally, put the copy in place, publish it.

    What is not said of the labels is taken from the latest load.

    Args:
        source: What to add.
        overrides: Settings of the utility to change.
        k: Segments of each class, to fit anew; None keeps the segments there are and assigns new customers to them.
        seed: Seed of the segmentation.
        steps: Shows progress.

    Raises:
        UnusableInput: There is no warehouse, or the source cannot be used.
        DbtFailed: A model or a test failed.
    """
    in_place = paths.warehouse()
    if not in_place.exists():
        raise UnusableInput(f"There is no warehouse at {in_place} to update. Run `make run` first.")
    with building_place() as building:
        warehouse = building / "peakwise.duckdb"
        write_log_into_file(in_place)
        shutil.copy2(in_place, warehouse)
        with connect(warehouse) as connection:
            set_utility(connection, replace(settings_in_place(connection), **overrides))
            files = load_step(connection, source, steps)
        full_refresh = source.beside.customers is not None
        return build_and_publish(warehouse, files, k, seed, steps, full_refresh=full_refresh)


def settings_in_place(connection: duckdb.DuckDBPyConnection) -> UtilitySettings:
    """The utility's settings as the warehouse has them.

    Raises:
        UnusableInput: It has none.
    """
    row = connection.execute("select * from raw.utility").fetchone()
    if row is None:
        raise UnusableInput("The warehouse in place has no utility yet. Run `make run READINGS=…` first.")
    columns = [column[0] for column in connection.description]
    return UtilitySettings(**dict(zip(columns, row, strict=True)))


def load_step(connection: duckdb.DuckDBPyConnection, source: Source, steps: Steps) -> list[FileResult]:
    """Load everything of a source.

    Raises:
        UnusableInput: A file cannot be used. The message names each of them.
    """
    with steps.step("load", "loading readings") as step:
        load_beside_readings(connection, source.beside, source.options)
        files = load_readings(
            connection, source.readings, source.options, lambda done, total, path: step.advance_to(done, total)
        )
        unusable = [file for file in files if file.state == "unusable"]
        if unusable:
            raise UnusableInput("\n".join(file.message for file in unusable))
        set_holidays(connection)
        rows = sum(file.rows_in for file in files)
        known = sum(file.state == "known" for file in files)
        step.outcome = f"{rows:,} rows from {len(files)} file(s)" + (f", {known} known already" if known else "")
    return files


def build_and_publish(
    warehouse: Path, files: list[FileResult], k: int | None, seed: int, steps: Steps, *, full_refresh: bool
) -> Outcome:
    """Build the models around the segmentation, test, put the warehouse in place, publish.

    Without k the segments there are stay, and new customers are assigned to them; where there are none, three are made.
    """
    from peakwise import figures

    dbt = Dbt(warehouse, paths.home() / "warehouse" / "dbt")
    refresh = ["--full-refresh"] if full_refresh else []
    with steps.step("profiles", "building daily usage, profiles and customers") as step:
        result = dbt.run("build", "--selector", "before_segmentation", *refresh)
        step.outcome = f"{result.nodes} seeds and models: quality, daily usage, profiles"
    note = ""
    with steps.step("segment", "grouping customers by the shape of their day") as step:
        assigned = None if k else assign_new_customers(warehouse)
        if assigned is not None:
            note = (
                f"new customers assigned to the segments of run {assigned.run_id}: {assigned.new_customers:,}, with whom they "
                f"hold {assigned.customers:,}"
            )
            if assigned.without_segments:
                note += (
                    f"; {assigned.without_segments:,} are of a class that the run has no segments for (K=… fits anew)"
                )
            step.outcome = note
        else:
            try:
                segmentation = segment_customers(warehouse, k=k or DEFAULT_K, seed=seed)
                segments = sum(len(found.sizes) for found in segmentation.classes)
                step.outcome = f"{segmentation.customers:,} customers in {segments} segments"
            except UnusableInput as error:
                # No shape to compare is a fact of the data, not a failure: the marts say 'not segmented'.
                note = step.outcome = f"Not segmented: {str(error).rstrip('.')}"
    with steps.step("marts", "building segments, targets and customer 360") as step:
        result = dbt.run("build", "--selector", "after_segmentation", *refresh)
        step.outcome = f"{result.nodes} models: segments, customer 360, targets"
    with steps.step("test", "testing keys and conservation") as step:
        result = dbt.run("test", "--selector", "essential_tests")
        step.outcome = f"{result.nodes} tests on keys and on the conservation of rows and energy pass"
    with steps.step("figures", "drawing figures") as step:
        drawn = figures.draw_all(warehouse, warehouse.parent / "figures")
        step.outcome = f"{len(drawn)} figures"
    with steps.step("publish", "publishing") as step:
        put_in_place(warehouse)
        release = publishing.publish(paths.warehouse(), paths.figures())
        step.outcome = f"{len(release.rows)} tables at {release.folder}"
    return Outcome(files, note, release)


def put_in_place(warehouse: Path) -> None:
    """Let the built warehouse and its figures take the place of the former ones."""
    # A log that belonged to the former file must not be taken for one of the new file.
    write_log_into_file(paths.warehouse())
    warehouse.replace(paths.warehouse())
    shutil.rmtree(paths.figures(), ignore_errors=True)
    (warehouse.parent / "figures").replace(paths.figures())
