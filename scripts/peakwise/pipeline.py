"""Runs every step in one process: from meter files to a published release.

A new warehouse is built beside the one in place and takes its place only when it is whole and its tests on keys and
conservation pass. Its file has the same name in another folder, because views remember the name of their database.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import duckdb

from peakwise import paths, publishing
from peakwise.day_shapes import cluster_day_shapes
from peakwise.dbt import Dbt
from peakwise.errors import UnusableInput
from peakwise.figures import draw_all
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
from peakwise.private_files import files_of_the_owner_alone, make_private_folder
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
from peakwise.warehouse import connect, kept_from_writers, only_writer, write_log_into_file

COPIED_AT_ONCE = 256 * 1024


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

    @property
    def has_files(self) -> bool:
        """Whether it names anything to load."""
        beside = self.beside
        files = (beside.customers, beside.system_load, beside.weather, beside.outages, self.sources)
        return bool(self.readings) or any(file is not None for file in files)


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


@dataclass(frozen=True)
class BuildingPlace:
    """Where a run builds.

    Attributes:
        folder: A fresh folder beside the warehouse in place.
        in_place: The warehouse in place, to read from; None where there is none.
    """

    folder: Path
    in_place: BinaryIO | None


@contextmanager
def building_place() -> Iterator[BuildingPlace]:
    """A fresh folder beside the warehouse in place; only one run at a time has it.

    Nobody writes the warehouse in place meanwhile, for the swap would lose what was written, and its log would be left
    beside the new file.

    Raises:
        UnusableInput: Another run is at work, another program has the warehouse open for writing, or it cannot be opened.
    """
    folder, in_place = paths.warehouse().parent, paths.warehouse()
    with only_writer(folder), ExitStack() as held:
        write_log_into_file(in_place)
        file = held.enter_context(kept_from_writers(in_place)) if in_place.exists() else None
        building = folder / ".building"
        shutil.rmtree(building, ignore_errors=True)
        make_private_folder(building)
        try:
            yield BuildingPlace(building, file)
        finally:
            shutil.rmtree(building, ignore_errors=True)


def run(
    source: Source, settings: UtilitySettings, plan: SegmentationPlan, steps: Steps, *, draws_figures: bool = True
) -> Outcome:
    """Build a new warehouse for one source, put it in place, publish it.

    Args:
        source: What to read.
        settings: The utility's settings.
        plan: How to fit segments.
        steps: Shows progress.
        draws_figures: Whether the release gets figures.

    Raises:
        UnusableInput: The source cannot be used; the warehouse in place and the published release stay as they are.
        DbtFailed: A model or a test failed; they stay as they are, too.
    """
    with building_place() as place:
        warehouse = place.folder / "peakwise.duckdb"
        with connect(warehouse) as connection:
            set_utility(connection, settings)
            loaded = load_step(connection, source, steps)
        return build_and_publish(warehouse, loaded, plan, steps, full_refresh=False, draws_figures=draws_figures)


def update(
    source: Source,
    overrides: dict[str, object],
    plan: SegmentationPlan | None,
    steps: Steps,
    *,
    draws_figures: bool = True,
) -> Outcome:
    """Add files to a copy of the warehouse in place, or change a setting, build incrementally, put the copy in place, publish.

    What is not said of the labels is taken from the latest load.

    Args:
        source: What to add.
        overrides: Settings of the utility to change.
        plan: How to fit segments anew, as a candidate; None keeps those in use and assigns new customers to them.
        steps: Shows progress.
        draws_figures: Whether the release gets figures.

    Raises:
        UnusableInput: There is no warehouse, or the source cannot be used.
        DbtFailed: A model or a test failed.
    """
    with building_place() as place:
        warehouse = copy_of_warehouse(place)
        with connect(warehouse) as connection:
            set_utility(connection, changed_settings(settings_in_place(connection), overrides))
            loaded = load_step(connection, source, steps) if source.has_files else Loaded([], [])
        full_refresh = source.beside.customers is not None
        return build_and_publish(warehouse, loaded, plan, steps, full_refresh=full_refresh, draws_figures=draws_figures)


def accept(run_id: str | None, steps: Steps, *, draws_figures: bool = True) -> Outcome:
    """Put a candidate segmentation in use in a copy of the warehouse in place, put the copy in place, publish it.

    Args:
        run_id: The run; None for the newest candidate.
        steps: Shows progress.
        draws_figures: Whether the release gets figures.

    Raises:
        UnusableInput: There is no warehouse, or nothing to accept.
        DbtFailed: A model or a test failed.
    """
    with building_place() as place:
        warehouse = copy_of_warehouse(place)
        with steps.step("accept", "putting a candidate in use") as step:
            accepted = accept_candidates(warehouse, run_id)
            note = step.outcome = f"in use now: run {', '.join(accepted.run_ids)}"
        dbt = Dbt(warehouse, paths.home() / "warehouse" / "dbt")
        return finish(warehouse, dbt, Loaded([], []), note, steps, refresh=[], draws_figures=draws_figures)


def copy_of_warehouse(place: BuildingPlace) -> Path:
    """A copy of the warehouse in place to work on.

    Raises:
        UnusableInput: There is none, or it was built as of a past date.
    """
    if place.in_place is None:
        raise UnusableInput(f"There is no warehouse at {paths.warehouse()} to update. Run `make run` first.")
    warehouse = place.folder / "peakwise.duckdb"
    with files_of_the_owner_alone(), warehouse.open("wb") as copy:
        shutil.copyfileobj(place.in_place, copy, COPIED_AT_ONCE)
    with connect(warehouse, read_only=True) as connection:
        refuse_a_past_date(connection)
    return warehouse


def refuse_a_past_date(connection: duckdb.DuckDBPyConnection) -> None:
    """See that the models were built with all there is, as a run builds them; dbt would stop after the load only.

    Raises:
        UnusableInput: They were built as of a past date.
    """
    remembers = connection.execute("""
        select 1 from duckdb_tables() where schema_name = 'intermediate' and table_name = 'built_as_of'
    """).fetchone()
    built = connection.execute("select as_of_date from intermediate.built_as_of").fetchone() if remembers else None
    if built is not None:
        raise UnusableInput(
            f"The warehouse in place was built as of {built[0]}, and this command builds with all there is: run "
            "`.venv/bin/dbt run --full-refresh` once without as_of, then this again."
        )


def changed_settings(in_place: UtilitySettings, overrides: dict[str, object]) -> UtilitySettings:
    """The utility's settings with some of them changed; a size of the lists replaces one of the other kind.

    Raises:
        UnusableInput: A setting has a value that means nothing.
    """
    sizes = {"target_count": None, "target_kw": None}
    return replace(in_place, **((sizes if sizes.keys() & overrides.keys() else {}) | overrides))


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
    with steps.step("load", "loading files") as step:
        told = load_beside_readings(connection, source.beside, source.options)
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
        step.outcome = "; ".join([*told_of_readings(files), *told, *told_of_sources(sources)])
    return Loaded(files, sources)


def told_of_readings(files: list[FileResult]) -> list[str]:
    """What files of readings brought, where there are any."""
    rows, known = sum(file.rows_in for file in files), sum(file.state == "known" for file in files)
    return [f"{rows:,} rows from {len(files)} file(s)" + (f", {known} known already" if known else "")] if files else []


def told_of_sources(files: list[SourceTableResult]) -> list[str]:
    """What files of the optional sources brought, where there are any that a table is named after."""
    taken = [file for file in files if file.state == "loaded"]
    known = sum(file.state == "known" for file in files)
    told = f"{sum(file.rows_in for file in taken):,} rows of {len(taken)} other source(s)"
    return [told + (f", {known} known already" if known else "")] if taken or known else []


def build_and_publish(
    warehouse: Path,
    loaded: Loaded,
    plan: SegmentationPlan | None,
    steps: Steps,
    *,
    full_refresh: bool,
    draws_figures: bool,
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
    return finish(warehouse, dbt, loaded, note, steps, refresh=refresh, draws_figures=draws_figures)


def segment_or_assign(warehouse: Path, plan: SegmentationPlan | None) -> tuple[str, str]:
    """Fit segments, or assign new customers to those in use: what was done, and a note when it was not a plain fit."""
    assigned = assign_new_customers(warehouse)
    if plan is None and assigned is not None:
        note = (
            f"new customers assigned to the segments of run {assigned.run_id}: {assigned.new_customers:,}, with whom they "
            f"hold {assigned.customers:,}"
        )
        if assigned.changed_class:
            note += f"; {assigned.changed_class:,} changed class and were assigned anew"
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


def finish(
    warehouse: Path,
    dbt: Dbt,
    loaded: Loaded,
    note: str,
    steps: Steps,
    *,
    refresh: list[str],
    draws_figures: bool,
) -> Outcome:
    """Build what follows from segments, test, put the warehouse in place, publish."""
    with steps.step("marts", "building segments, targets and customer 360") as step:
        result = dbt.run("build", "--selector", "after_segmentation", *refresh)
        step.outcome = f"{result.nodes} models: segments, customer 360, targets"
    with steps.step("test", "testing keys and conservation") as step:
        result = dbt.run("test", "--selector", "essential_tests")
        step.outcome = f"{result.nodes} tests on keys and on the conservation of rows and energy pass"
    # An empty folder takes the place of former figures, which would show what no longer holds.
    figures = warehouse.parent / "figures"
    make_private_folder(figures)
    if draws_figures:
        with steps.step("figures", "drawing figures") as step:
            step.outcome = f"{len(draw_all(warehouse, figures))} figures"
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
