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
from peakwise.day_shapes import cluster_day_shapes
from peakwise.dbt import Dbt
from peakwise.errors import UnusableInput
from peakwise.loading import (
    BesideReadings,
    Clock,
    FileResult,
    ReadingOptions,
    SourceTableResult,
    UtilitySettings,
    load_beside_readings,
    load_readings,
    load_source_folder,
    set_holidays,
    set_utility,
)
from peakwise.segmentation import (
    ProfileChoice,
    SegmentationSettings,
    accept_candidates,
    assign_new_customers,
    profile_choice,
    segment_customers,
)
from peakwise.segmentation.profile_sets import DEFAULT_CHOICE
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
        sources: Folder of the optional sources (premises, bills, programs, contacts …); None where there is none.
    """

    readings: list[str]
    options: ReadingOptions
    beside: BesideReadings
    sources: Path | None = None


@dataclass(frozen=True)
class SegmentationPlan:
    """How customers are to be segmented.

    Attributes:
        settings: How to fit.
        choice: What is clustered.
    """

    settings: SegmentationSettings
    choice: ProfileChoice


@dataclass(frozen=True)
class Loaded:
    """What became of the files of a source: of readings, and of the optional sources."""

    files: list[FileResult]
    sources: list[SourceTableResult]


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        files: Where the rows of each file of readings went.
        sources: What became of each file of the optional sources.
        segmentation_note: What was done instead of a run, or why there are no segments.
        release: The published release.
    """

    files: list[FileResult]
    sources: list[SourceTableResult]
    segmentation_note: str
    release: publishing.Release

    @property
    def has_rejects(self) -> bool:
        """Whether any row of any file was rejected."""
        return any(file.rows_rejected for file in (*self.files, *self.sources))


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
        sources=folder,
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


def run(source: Source, settings: UtilitySettings, plan: SegmentationPlan, steps: Steps) -> Outcome:
    """Build a new warehouse for one source, put it in place, publish it.

    Raises:
        UnusableInput: The source cannot be used; the warehouse in place and the published release stay as they are.
        DbtFailed: A model or a test failed; they stay as they are, too.
    """
    with building_place() as building:
        warehouse = building / "peakwise.duckdb"
        with connect(warehouse) as connection:
            set_utility(connection, settings)
            loaded = load_step(connection, source, steps)
        return build_and_publish(warehouse, loaded, plan, steps, full_refresh=False)


def update(source: Source, overrides: dict[str, object], plan: SegmentationPlan | None, steps: Steps) -> Outcome:
    """Add readings to a copy of the warehouse in place, build incrementally, put the copy in place, publish it.

    What is not said of the labels is taken from the latest load.

    Args:
        source: What to add.
        overrides: Settings of the utility to change.
        plan: How to fit segments anew, as a candidate; None keeps those in use and assigns new customers to them.
        steps: Shows progress.

    Raises:
        UnusableInput: There is no warehouse, or the source cannot be used.
        DbtFailed: A model or a test failed.
    """
    with building_place() as building:
        warehouse = copy_of_warehouse(building)
        with connect(warehouse) as connection:
            set_utility(connection, replace(settings_in_place(connection), **overrides))
            loaded = load_step(connection, source, steps) if source.readings or source.sources else Loaded([], [])
        full_refresh = source.beside.customers is not None
        return build_and_publish(warehouse, loaded, plan, steps, full_refresh=full_refresh)


def accept(run_id: str | None, steps: Steps) -> Outcome:
    """Put a candidate segmentation in use in a copy of the warehouse in place, put the copy in place, publish it.

    Args:
        run_id: The run; None for the newest candidate.
        steps: Shows progress.

    Raises:
        UnusableInput: There is no warehouse, or nothing to accept.
        DbtFailed: A model or a test failed.
    """
    with building_place() as building:
        warehouse = copy_of_warehouse(building)
        with steps.step("accept", "putting a candidate in use") as step:
            accepted = accept_candidates(warehouse, run_id)
            note = step.outcome = f"in use now: run {', '.join(accepted.run_ids)}"
        dbt = Dbt(warehouse, paths.home() / "warehouse" / "dbt")
        return finish(warehouse, dbt, Loaded([], []), note, steps, refresh=[])


def copy_of_warehouse(building: Path) -> Path:
    """A copy of the warehouse in place to work on.

    Raises:
        UnusableInput: There is none.
    """
    in_place = paths.warehouse()
    if not in_place.exists():
        raise UnusableInput(f"There is no warehouse at {in_place} to update. Run `make run` first.")
    warehouse = building / "peakwise.duckdb"
    write_log_into_file(in_place)
    shutil.copy2(in_place, warehouse)
    return warehouse


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


def load_step(connection: duckdb.DuckDBPyConnection, source: Source, steps: Steps) -> Loaded:
    """Load everything of a source.

    Raises:
        UnusableInput: A file cannot be used. The message names each of them.
    """
    with steps.step("load", "loading readings") as step:
        load_beside_readings(connection, source.beside, source.options)
        sources = [] if source.sources is None else load_source_folder(connection, source.sources)
        files = []
        if source.readings:
            files = load_readings(
                connection, source.readings, source.options, lambda done, total, path: step.advance_to(done, total)
            )
        unusable = [file for file in (*files, *sources) if file.state == "unusable"]
        if unusable:
            raise UnusableInput("\n".join(file.message for file in unusable))
        set_holidays(connection)
        rows = sum(file.rows_in for file in files)
        known = sum(file.state == "known" for file in files)
        step.outcome = f"{rows:,} rows from {len(files)} file(s)" + (f", {known} known already" if known else "")
        taken = [file for file in sources if file.state == "loaded"]
        if taken:
            step.outcome += f"; {sum(file.rows_in for file in taken):,} rows of {len(taken)} other source(s)"
    return Loaded(files, sources)


def build_and_publish(
    warehouse: Path,
    loaded: Loaded,
    plan: SegmentationPlan | None,
    steps: Steps,
    *,
    full_refresh: bool,
) -> Outcome:
    """Build the models around the segmentation, test, put the warehouse in place, publish.

    Without a plan the segments in use stay, and new customers are assigned to them; where there are none, they are made.
    """
    dbt = Dbt(warehouse, paths.home() / "warehouse" / "dbt")
    refresh = ["--full-refresh"] if full_refresh else []
    with steps.step("profiles", "building daily usage, profiles and customers") as step:
        result = dbt.run("build", "--selector", "before_segmentation", *refresh)
        step.outcome = f"{result.nodes} seeds and models: quality, daily usage, profiles"
    with steps.step("segment", "grouping customers by the shape of their day") as step:
        step.outcome, note = segment_or_assign(warehouse, plan)
    with steps.step("days", "clustering the shapes of days") as step:
        step.outcome = find_day_shapes(warehouse)
    return finish(warehouse, dbt, loaded, note, steps, refresh=refresh)


def segment_or_assign(warehouse: Path, plan: SegmentationPlan | None) -> tuple[str, str]:
    """Fit segments, or assign new customers to those in use: what was done, and a note when it was not a plain fit."""
    assigned = assign_new_customers(warehouse)
    if plan is None and assigned is not None:
        note = (
            f"new customers assigned to the segments of run {assigned.run_id}: {assigned.new_customers:,}, with whom they "
            f"hold {assigned.customers:,}"
        )
        if assigned.without_segments:
            note += f"; {assigned.without_segments:,} are of a class that the run has no segments for (K=… fits anew)"
        return note, note
    plan = plan or SegmentationPlan(SegmentationSettings(), profile_choice(DEFAULT_CHOICE))
    try:
        runs = segment_customers(warehouse, plan.settings, plan.choice)
    except UnusableInput as error:
        # No shape to compare is a fact of the data, not a failure: the marts say 'not segmented'.
        note = f"Not segmented: {str(error).rstrip('.')}"
        return note, note
    segments = sum(len(found.sizes) for run in runs for found in run.classes)
    done = f"{runs[0].customers:,} customers in {segments} segments"
    if all(run.is_accepted for run in runs):
        return done, ""
    return done, (
        f"{done} as a candidate, run {runs[0].run_id}; the segments in use stay until `make accept`. "
        "What would change: mart_segment_churn"
    )


def find_day_shapes(warehouse: Path) -> str:
    """Cluster the shapes of customers' days: what was done, or why it could not be."""
    try:
        found = cluster_day_shapes(warehouse)
    except UnusableInput as error:
        return f"No day shapes: {str(error).rstrip('.')}"
    return f"{found.days:,} customer-days in {len(found.day_shapes)} day shapes"


def finish(warehouse: Path, dbt: Dbt, loaded: Loaded, note: str, steps: Steps, *, refresh: list[str]) -> Outcome:
    """Build what follows from segments, test, put the warehouse in place, publish."""
    from peakwise import figures

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
    return Outcome(loaded.files, loaded.sources, note, release)


def put_in_place(warehouse: Path) -> None:
    """Let the built warehouse and its figures take the place of the former ones."""
    # A log that belonged to the former file must not be taken for one of the new file.
    write_log_into_file(paths.warehouse())
    warehouse.replace(paths.warehouse())
    shutil.rmtree(paths.figures(), ignore_errors=True)
    (warehouse.parent / "figures").replace(paths.figures())
