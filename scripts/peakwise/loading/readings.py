"""Loads files of readings. Every row of a file ends up accepted, duplicate, superseded or rejected."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.loading.clock import Clock, create_label_clock
from peakwise.loading.customers import register_service_points
from peakwise.loading.manifest import FileResult, content_hash, known_load, next_load_id
from peakwise.loading.survey import CHANNELS, GOOD, REASON, Survey, take_survey
from peakwise.loading.versions import create_contested_days, settle_contested_days
from peakwise.readers import ReadingFile, open_readings

LABELS = ("start", "end")


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


def expand(source: Sequence[str | Path]) -> list[Path]:
    """All files that the given files, folders and globs stand for, sorted by name.

    Raises:
        UnusableInput: One of them stands for no file.
    """
    files: dict[Path, None] = {}
    for item in source:
        path = Path(item)
        if path.is_dir():
            found = [file for file in path.rglob("*") if file.is_file() and not file.name.startswith((".", "_"))]
        elif path.is_file():
            found = [path]
        else:
            anchor = Path(path.anchor) if path.is_absolute() else Path()
            found = [file for file in anchor.glob(str(path.relative_to(path.anchor))) if file.is_file()]
        if not found:
            raise UnusableInput(f"No file of readings at {item}.")
        files.update(dict.fromkeys(sorted(found)))
    return list(files)


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
    started = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        # Hashing runs beside the survey; both only read.
        digest_later = pool.submit(content_hash, path)
        file = open_readings(connection, path, options.columns)
        try:
            survey = take_survey(connection, file, options.interval_minutes)
            digest = digest_later.result()
            if known_load(connection, digest) is not None:
                return FileResult(
                    path, "known", file_format=file.file_format, rows_in=survey.rows + len(file.unreadable)
                )
            connection.execute("begin transaction")
            try:
                result = write(connection, file, survey, options, digest, started)
                connection.execute("commit")
            except BaseException:
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
        later_start: The other possible start in the repeated hour of a local clock; equal to `start` elsewhere.
        skipped: Condition of rows whose local time does not exist.
    """

    rows: str
    start: str
    later_start: str
    skipped: str


def place(connection: duckdb.DuckDBPyConnection, file: ReadingFile, label: str, clock: Clock) -> Placement:
    """Decide how the labels of a file become UTC starts; creates `temp.label_clock` for a local clock."""
    backwards = " - to_minutes(meters.interval_minutes)" if label == "end" else ""
    if clock.is_local:
        create_label_clock(connection, file.relation, clock, label)
        start, later_start = f"earlier_at{backwards}", f"later_at{backwards}"
        from_clock, exists = "inner join label_clock using (label_at)", "and earlier_at is not null"
        skipped = "label_at in (select label_at from label_clock where earlier_at is null)"
    else:
        offset = f" - to_minutes({clock.offset_minutes})" if clock.offset_minutes else ""
        start = later_start = f"label_at{offset}{backwards}"
        from_clock, exists, skipped = "", "", "false"
    rows = f"""
        from (select * from ({file.relation}) where {GOOD}) as incoming
        inner join incoming_meters as meters
            on incoming.service_point_id = meters.service_point_id
            and incoming.channel is not distinct from meters.file_channel
        {from_clock}
        where true {exists}
    """
    return Placement(rows, start, later_start, skipped)


def time_span(
    connection: duckdb.DuckDBPyConnection, survey: Survey, label: str, clock: Clock
) -> tuple[datetime, datetime]:
    """First start and last end of the incoming intervals, taking the longest of the file's steps."""
    first, last = survey.first_label, survey.last_label
    if clock.is_local:
        first, last = connection.execute("select min(earlier_at), max(later_at) from label_clock").fetchone()
        if first is None:
            raise UnusableInput(f"None of the labels exists on the clock of {clock.name}.")
    else:
        offset = timedelta(minutes=clock.offset_minutes)
        first, last = first - offset, last - offset
    longest = connection.execute("select max(interval_minutes) from incoming_meters").fetchone()[0]
    step = timedelta(minutes=longest)
    return (first - step, last) if label == "end" else (first, last + step)


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
    placement = place(connection, file, label, clock)
    span = time_span(connection, survey, label, clock)

    reaches_into_known = connection.execute(
        "select count(*) > 0 from raw.load_manifest where first_interval_start_at < ? and last_interval_end_at > ?",
        [span[1], span[0]],
    ).fetchone()[0]
    repeats = connection.execute("select count(*) > 0 from incoming_meters where good_rows > slots").fetchone()[0]
    contested_days = 0
    if reaches_into_known or repeats:
        keys = f"select meters.meter_key, {placement.start} as interval_start_at {placement.rows}"
        contested_days = create_contested_days(connection, keys, span if reaches_into_known else None)

    in_contested_days = f"""exists (
        select 1 from contested_days as days
        where days.meter_key = meters.meter_key and days.utc_date = cast({placement.start} as date)
    )"""
    values = "kwh::decimal(18, 9) as kwh, source_flag, version"
    accepted = connection.execute(f"""
        insert into raw.readings
        select meters.meter_key, {placement.start}, meters.interval_minutes, {values}, {load_id}
        {placement.rows} {f"and not {in_contested_days}" if contested_days else ""}
    """).fetchone()[0]
    duplicate = superseded = 0
    if contested_days:
        # In the repeated hour of a clock change a label stands twice: its first occurrence in the file is the earlier
        # instant, its second the later one.
        contested = f"""
            select
                meters.meter_key,
                case
                    when row_number() over (partition by meters.meter_key, label_at order by row_number) % 2 = 0
                        then {placement.later_start}
                    else {placement.start}
                end as interval_start_at,
                meters.interval_minutes, {values}, row_number
            {placement.rows} and {in_contested_days}
        """
        settled = settle_contested_days(connection, contested, load_id)
        accepted, duplicate, superseded = accepted + settled.accepted, settled.duplicate, settled.superseded

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
        file.path,
        "loaded",
        "",
        file.file_format,
        rows_in,
        accepted,
        duplicate,
        superseded,
        rejected,
        ambiguous,
        seconds,
    )


def count_ambiguous(connection: duckdb.DuckDBPyConnection, placement: Placement) -> int:
    """Rows of the repeated hour whose label stands only once at its meter, so that order cannot tell which hour it is."""
    return connection.execute(f"""
        select count(*) from (
            select meters.meter_key, label_at {placement.rows} and earlier_at != later_at
            group by all having count(*) = 1
        )
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
