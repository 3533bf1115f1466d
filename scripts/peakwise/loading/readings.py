"""Loads files of readings. Every row of a file ends up accepted, duplicate, superseded or rejected."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.loading.clock import Clock, create_label_clock, instants_with_two_labels
from peakwise.loading.customers import register_service_points
from peakwise.loading.manifest import FileResult, content_hash, known_load, next_load_id
from peakwise.loading.survey import CHANNELS, GOOD, REASON, Survey, adopt_known_steps, take_survey
from peakwise.loading.versions import ContestedRows, find_contested_days, settle_contested_rows
from peakwise.readers import ReadingFile, open_readings
from peakwise.readers.file_text import shown_name

LABELS = ("start", "end")
ENERGY_TYPE = "decimal(18, 9)"


@dataclass(frozen=True)
class ReadingOptions:
    """How to understand a source's rows.

    Attributes:
        label: What a time label marks, `start` or `end` of its interval; None when the file's columns tell.
        label_clock: Clock of the labels; None when the file's columns tell.
        columns: Field to column name, where recognition by name is not wanted.
        channel: Channel of rows that name none.
        interval_minutes: Fixed step; None finds it per meter.
    """

    label: str | None = None
    label_clock: Clock | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    channel: str = "delivered"
    interval_minutes: int | None = None

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            UnusableInput: An option has a value that means nothing.
        """
        if self.label not in (None, *LABELS):
            raise UnusableInput(f"LABEL is '{self.label}' but must be start or end: what a time label marks.")
        if self.channel not in CHANNELS:
            raise UnusableInput(f"The channel is '{self.channel}' but must be delivered or received.")
        if self.interval_minutes is not None and (self.interval_minutes < 5 or 60 % self.interval_minutes):
            raise UnusableInput("The interval must be 5, 10, 15, 20, 30 or 60 minutes.")


def complete_options(connection: duckdb.DuckDBPyConnection, options: ReadingOptions) -> ReadingOptions:
    """Options with label and clock of the latest load where the user gave none."""
    latest = connection.execute(
        "select label, label_time_zone from raw.load_manifest order by load_id desc limit 1"
    ).fetchone()
    if latest is None:
        return options
    label, clock = latest
    return replace(options, label=options.label or label, label_clock=options.label_clock or Clock.parse(clock))


def expand(source: Sequence[str | Path]) -> list[Path]:
    """All files that the given files, folders and globs stand for, sorted by name.

    Raises:
        UnusableInput: One of them stands for no file.
    """
    files: dict[Path, None] = {}
    for item in source:
        try:
            found = find_files(Path(item)) if str(item).strip() else []
        except (OSError, ValueError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UnusableInput(f"Files of readings at '{str(item)[:80]}' cannot be looked up: {reason}.") from error
        if not found:
            where = shown_name(Path(item), whole=True) if str(item).strip() else "an empty name"
            raise UnusableInput(f"No file of readings at {where}.")
        files.update(dict.fromkeys(sorted(found)))
    return list(files)


def find_files(path: Path) -> list[Path]:
    """The files that one path stands for: itself, all in the folder but hidden ones, or what the pattern matches."""
    if path.is_file():
        return [path]
    if path.is_dir():
        found = [file for file in path.rglob("*") if file.is_file()]
        return [file for file in found if not any(part[0] in "._" for part in file.relative_to(path).parts)]
    anchor = Path(path.anchor) if path.is_absolute() else Path()
    return [file for file in anchor.glob(str(path.relative_to(path.anchor))) if file.is_file()]


def load_readings(
    connection: duckdb.DuckDBPyConnection,
    source: Sequence[str | Path],
    options: ReadingOptions,
    progress: Callable[[int, int, Path], None] | None = None,
) -> list[FileResult]:
    """Load files, folders and globs into `raw.readings`, one transaction a file.

    A file that cannot be used does not keep the others from loading; the same content twice changes nothing.

    Args:
        connection: The warehouse.
        source: Files, folders or globs.
        options: How to understand the rows.
        progress: Called before each file with its number from 0, how many there are, and its path.

    Returns:
        One result a file, in load order.

    Raises:
        UnusableInput: No file is there at all.
    """
    files = expand(source)
    results = []
    for number, path in enumerate(files):
        if progress:
            progress(number, len(files), path)
        try:
            results.append(load_file(connection, path, options))
        except UnusableInput as error:
            results.append(FileResult(path, "unusable", str(error)))
    return results


def load_file(connection: duckdb.DuckDBPyConnection, path: Path, options: ReadingOptions) -> FileResult:
    """Load one file in one transaction.

    Raises:
        UnusableInput: The file cannot be used; nothing of it is left in the warehouse.
    """
    try:
        return load_file_or_fail(connection, path, options)
    except (duckdb.DataError, duckdb.OperationalError, duckdb.InvalidInputException) as error:
        # A damaged page deep inside the file, a full disk, too little memory.
        raise UnusableInput(f"{shown_name(path)} cannot be loaded: {str(error).splitlines()[0]}") from error
    except OSError as error:
        raise UnusableInput(f"{shown_name(path)} cannot be read: {error.strerror or error}.") from error


def load_file_or_fail(connection: duckdb.DuckDBPyConnection, path: Path, options: ReadingOptions) -> FileResult:
    """Load one file in one transaction, with the errors of DuckDB and of the system as they come."""
    started = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        # Hashing runs beside the survey; both only read.
        digest_later = pool.submit(content_hash, path)
        file = open_readings(connection, path, options.columns)
        try:
            survey = take_survey(connection, file, options.interval_minutes)
            digest = digest_later.result()
            load_id = known_load(connection, digest)
            if load_id is not None:
                rows_in = survey.rows + len(file.unreadable)
                return FileResult(path, "known", file_format=file.file_format, rows_in=rows_in, load_id=load_id)
            connection.execute("begin transaction")
            try:
                result = write(connection, file, survey, options, digest, started)
                connection.execute("commit")
            except BaseException:
                with contextlib.suppress(duckdb.Error):
                    connection.execute("rollback")
                raise
        finally:
            file.close(connection)
    return result


def label_and_clock(file: ReadingFile, options: ReadingOptions) -> tuple[str, Clock]:
    """What the labels mark and by which clock, from the user's word or from the file's own.

    A guess could silently shift every reading by an hour, so there is none.

    Raises:
        UnusableInput: Neither the user nor the file says it.
    """
    label = options.label or file.label
    if label is None:
        raise UnusableInput(
            f"{file.path.name} does not tell whether its time labels mark the start or the end of an interval. "
            "Say it: LABEL=start or LABEL=end"
        )
    if options.label_clock is None and file.label_time_zone is None:
        raise UnusableInput(
            f"{file.path.name} does not tell which clock its time labels follow. Say it: LABEL_TIMEZONE=UTC, a fixed "
            "offset such as +10:00, or a local clock such as Europe/London"
        )
    if file.label_time_zone is not None:
        return label, Clock.parse(file.label_time_zone)
    return label, options.label_clock


@dataclass(frozen=True)
class Placement:
    """SQL that places an incoming row in time and at its meter.

    Attributes:
        rows: `from … where …` of all rows that can be readings; aliases `incoming` and `meters`.
        start: Expression of the interval's UTC start.
        later_start: The other possible start in the repeated hour of a local clock; None for a clock without changes.
        skipped: Condition of rows whose local time does not exist.
        shifting_days: Select statement of the UTC dates on which `later_start` differs; None for a clock without changes.
    """

    rows: str
    start: str
    later_start: str | None
    skipped: str
    shifting_days: str | None


def place(
    connection: duckdb.DuckDBPyConnection, file: ReadingFile, survey: Survey, label: str, clock: Clock
) -> Placement:
    """Decide how the labels of a file become UTC starts; creates `temp.label_clock` for a local clock."""
    backwards = " - to_minutes(meters.interval_minutes)" if label == "end" else ""
    if clock.is_local:
        create_label_clock(connection, file.relation, clock, label)
        start, later_start = f"(earlier_at{backwards})", f"(later_at{backwards})"
        from_clock, exists = "inner join label_clock using (label_at)", "and earlier_at is not null"
        skipped = "label_at in (select label_at from label_clock where earlier_at is null)"
        # An end label's start may lie on the day before.
        shifting_days = """
            select distinct unnest([earlier_at - interval 1 day, earlier_at])::date::timestamp as utc_date
            from label_clock where earlier_at != later_at
        """
    else:
        offset = f" - to_minutes({clock.offset_minutes})" if clock.offset_minutes else ""
        start, later_start, shifting_days = f"(label_at{offset}{backwards})", None, None
        from_clock, exists, skipped = "", "", "false"
    # Where every row is good the survey has tested it already.
    good = GOOD if survey.good_rows < survey.rows else "true"
    rows = f"""
        from (select * from ({file.relation}) where {good}) as incoming
        inner join incoming_meters as meters
            on incoming.service_point_id = meters.service_point_id
            and incoming.channel is not distinct from meters.file_channel
        {from_clock}
        where true {exists}
    """
    return Placement(rows, start, later_start, skipped, shifting_days)


# In the repeated hour of a clock change a label stands twice. Its first occurrence in the file is the earlier instant, its
# second the later one; the other way round where the file runs backwards in time. Of the two labels of the moment itself
# (see `create_label_clock`) the one that stands more often tells which of them the file uses.
SAME_LABEL = "partition by meter_key, label_at, version"
MEETING = "partition by meter_key, meeting_at, version"
UPPER_ROWS = f"count(*) filter (where is_upper) over ({MEETING})"
LOWER_ROWS = f"count(*) filter (where not is_upper) over ({MEETING})"


def resolved_rows(placement: Placement, condition: str) -> str:
    """Select statement of good rows under a condition, each with the UTC start that order gives it."""
    columns = "meters.meter_key, meters.interval_minutes, kwh, source_flag, version, row_number"
    if placement.later_start is None:
        return f"select {columns}, {placement.start} as interval_start_at {placement.rows} and {condition}"
    return f"""
        with placed_rows as (
            select
                {columns}, label_at, label_at::date as label_date, meeting_at, is_upper,
                {placement.start} as earlier_start, {placement.later_start} as later_start
            {placement.rows} and {condition}
        ),
        directions as (
            select meter_key, label_date, covar_pop(epoch_us(label_at), row_number) < 0 as runs_backwards
            from placed_rows
            where label_date in (select label_at::date from label_clock where earlier_at != later_at)
            group by all
        ),
        counted as (
            select
                placed_rows.*, coalesce(runs_backwards, false) as runs_backwards,
                row_number() over ({SAME_LABEL} order by row_number) % 2 = 0 as is_second,
                meeting_at is not null and {LOWER_ROWS} > {UPPER_ROWS} as lower_is_used,
                meeting_at is not null and {UPPER_ROWS} > {LOWER_ROWS} as upper_is_used,
                count(*) over ({SAME_LABEL}) as rows_of_label
            from placed_rows
            left join directions using (meter_key, label_date)
        )
        select
            *,
            case
                when lower_is_used and is_upper then later_start
                when upper_is_used and not is_upper then earlier_start
                when rows_of_label > 1 and is_second != runs_backwards then later_start
                else earlier_start
            end as interval_start_at
        from counted
    """


def time_span(
    connection: duckdb.DuckDBPyConnection, survey: Survey, label: str, clock: Clock
) -> tuple[datetime, datetime]:
    """First start and last end of the incoming intervals.

    Raises:
        UnusableInput: No label exists on the local clock.
    """
    longest = connection.execute("select max(interval_minutes) from incoming_meters").fetchone()[0]
    before = "interval_minutes" if label == "end" else "0"
    after = "0" if label == "end" else "interval_minutes"
    if not clock.is_local:
        first, last = connection.execute(f"""
            select min(first_label - to_minutes({before})), max(last_label + to_minutes({after})) from incoming_meters
        """).fetchone()
        offset = timedelta(minutes=clock.offset_minutes)
        return first - offset, last - offset
    first, last = connection.execute("select min(earlier_at), max(later_at) from label_clock").fetchone()
    if first is None:
        raise UnusableInput(f"None of the labels exists on the clock of {clock.name}.")
    # The extreme label of a meter may be one that the clock skips; the file's extremes then bound it.
    exact_first, exact_last, all_exist = connection.execute(f"""
        select
            min(first.earlier_at - to_minutes({before})), max(last.later_at + to_minutes({after})),
            count(first.earlier_at) = count(*) and count(last.later_at) = count(*)
        from incoming_meters
        left join label_clock as first on first.label_at = first_label
        left join label_clock as last on last.label_at = last_label
    """).fetchone()
    if all_exist:
        return exact_first, exact_last
    step = timedelta(minutes=longest)
    return (first - step, last) if label == "end" else (first, last + step)


def span_of_known_readings(
    connection: duckdb.DuckDBPyConnection, span: tuple[datetime, datetime]
) -> tuple[datetime, datetime] | None:
    """First start and last end of what earlier loads hold within the span of this one; None when they hold nothing."""
    first, last = connection.execute(
        """
        select greatest(min(first_interval_start_at), $first), least(max(last_interval_end_at), $last)
        from raw.load_manifest where first_interval_start_at < $last and last_interval_end_at > $first
        """,
        {"first": span[0], "last": span[1]},
    ).fetchone()
    return None if first is None else (first, last)


def mark_meters_that_may_repeat(connection: duckdb.DuckDBPyConnection, clock: Clock) -> bool:
    """Mark the incoming meters that may have a reading twice in this file, and return whether there is one."""
    connection.execute(
        """
        update incoming_meters set may_repeat = $by_clock or sums.may_repeat
        from (
            -- A meter has two rows here where its channel is written in two ways, or named and not named.
            select meter_key, sum(good_rows) > sum(slots) or count(*) > 1 as may_repeat
            from incoming_meters group by meter_key
        ) as sums
        where incoming_meters.meter_key = sums.meter_key
        """,
        {"by_clock": clock.is_local and instants_with_two_labels(connection)},
    )
    return connection.execute("select bool_or(may_repeat) from incoming_meters").fetchone()[0]


def write(
    connection: duckdb.DuckDBPyConnection,
    file: ReadingFile,
    survey: Survey,
    options: ReadingOptions,
    digest: str,
    started: float,
) -> FileResult:
    """Write a surveyed file to the raw schema; the caller holds the transaction."""
    label, clock = label_and_clock(file, options)
    load_id = next_load_id(connection)
    register_service_points(connection, options.channel)
    if options.interval_minutes is None:
        adopt_known_steps(connection)
    placement = place(connection, file, survey, label, clock)
    span = time_span(connection, survey, label, clock)
    known_span = span_of_known_readings(connection, span)
    repeats = mark_meters_that_may_repeat(connection, clock)
    placed = f"meters.meter_key, {placement.start}, meters.interval_minutes"
    values = f"kwh::{ENERGY_TYPE} as kwh, source_flag, version"
    only_uncontested, settled = "", ContestedRows()
    if known_span or repeats:
        contested = find_contested_days(
            connection, placement.start, placement.rows, span, known_span, placement.shifting_days
        )
        if contested.count:
            only_uncontested = f"and not {contested.includes(placement.start)}"
    uncontested = connection.execute(f"""
        insert into raw.readings
        select {placed}, {values}, {load_id} {placement.rows} {only_uncontested}
    """).fetchone()[0]
    if only_uncontested:
        rows = resolved_rows(placement, contested.includes(placement.start))
        settled = settle_contested_rows(
            connection,
            f"select meter_key, interval_start_at, interval_minutes, {values}, row_number from ({rows})",
            load_id,
            has_known=known_span is not None,
        )
    accepted, duplicate, superseded = uncontested + settled.accepted, settled.duplicate, settled.superseded

    rejected = reject_rows(connection, file, survey, placement.skipped, load_id)
    ambiguous = count_ambiguous(connection, placement) if clock.is_local else 0
    rows_in = survey.rows + len(file.unreadable)
    if rows_in != accepted + duplicate + superseded + rejected:
        raise AssertionError(
            f"{file.path.name}: {rows_in} rows in, but {accepted} accepted + {duplicate} duplicate + {superseded} "
            f"superseded + {rejected} rejected"
        )
    seconds = time.perf_counter() - started
    connection.execute(
        """
        insert into raw.load_manifest values (
            $load_id, $file_name, $digest, $file_format, $label, $clock, $rows_in, $accepted, $duplicate, $superseded,
            $rejected, $ambiguous, $span_start, $span_end, timezone('UTC', now()), $seconds
        )
        """,
        {
            "load_id": load_id, "file_name": file.path.name, "digest": digest, "file_format": file.file_format,
            "label": label, "clock": clock.name, "rows_in": rows_in, "accepted": accepted, "duplicate": duplicate,
            "superseded": superseded, "rejected": rejected, "ambiguous": ambiguous, "span_start": span[0],
            "span_end": span[1], "seconds": seconds,
        },
    )  # fmt: skip
    return FileResult(
        path=file.path,
        state="loaded",
        file_format=file.file_format,
        rows_in=rows_in,
        rows_accepted=accepted,
        rows_duplicate=duplicate,
        rows_superseded=superseded,
        rows_rejected=rejected,
        rows_ambiguous=ambiguous,
        seconds=seconds,
        load_id=load_id,
        first_interval_start_at=span[0],
        last_interval_end_at=span[1],
    )


def count_ambiguous(connection: duckdb.DuckDBPyConnection, placement: Placement) -> int:
    """Rows of the repeated hour whose label has no partner at its meter, so that order cannot tell which hour it is."""
    return connection.execute(f"""
        with labels as (
            select meters.meter_key, label_at, version, meeting_at, is_upper, count(*) as label_rows
            {placement.rows} and earlier_at != later_at
            group by all
        ),
        compared as (
            select
                *,
                sum(label_rows) filter (where is_upper) over ({MEETING}) as upper_rows,
                sum(label_rows) filter (where not is_upper) over ({MEETING}) as lower_rows
            from labels
        )
        select count(*) from compared
        where label_rows % 2 = 1
            and not (meeting_at is not null and is_upper and coalesce(lower_rows, 0) > coalesce(upper_rows, 0))
            and not (meeting_at is not null and not is_upper and coalesce(upper_rows, 0) > coalesce(lower_rows, 0))
    """).fetchone()[0]


def reject_rows(
    connection: duckdb.DuckDBPyConnection, file: ReadingFile, survey: Survey, skipped: str, load_id: int
) -> int:
    """Write the rows that cannot be readings, with line and reason, and return how many there are."""
    if file.unreadable:
        lines, reasons, texts = zip(*file.unreadable, strict=True)
        connection.execute(
            "insert into raw.rejected_readings"
            " select ?, ?, unnest(?::bigint[]), unnest(?::varchar[]), null, left(unnest(?::varchar[]), 200), null",
            [load_id, file.path.name, list(lines), list(reasons), list(texts)],
        )
    not_a_reading = f"not coalesce({GOOD}, false) or {skipped}"
    rejected = 0
    if survey.good_rows < survey.rows or skipped != "false":
        rejected = connection.execute(f"select count(*) from ({file.relation}) where {not_a_reading}").fetchone()[0]
    if rejected:
        skipped_lines = file.skipped_lines()
        connection.execute(
            f"""
            insert into raw.rejected_readings
            with rejects as (select * from ({file.relation}) where {not_a_reading}),
            skipped_lines as (
                -- rows of the relation that stand above each skipped line, and lines skipped up to there
                select line - {file.first_line} - row_number() over (order by line) + 1 as rows_above,
                    row_number() over (order by line) as skipped
                from (select unnest(?::bigint[]) as line)
            ),
            skipped_above as (
                select rows_above, max(skipped) as skipped from skipped_lines group by rows_above
            )
            select
                ?, ?, rejects.row_number + {file.first_line} + coalesce(skipped_above.skipped, 0) as line_number,
                coalesce({REASON}, 'the local time does not exist: the clock skips it'),
                service_point_id, coalesce(label_text, label_at::varchar), coalesce(kwh_text, kwh::varchar)
            from rejects
            asof left join skipped_above on rejects.row_number >= skipped_above.rows_above
            order by line_number
            """,
            [skipped_lines, load_id, file.path.name],
        )
    return rejected + len(file.unreadable)
