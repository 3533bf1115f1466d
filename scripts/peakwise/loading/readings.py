"""Loads files of readings. Every row of a file ends up accepted, duplicate, superseded or rejected."""

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb

from peakwise.errors import BelongsToAnotherFile, UnusableInput
from peakwise.loading.batches import register_batches
from peakwise.loading.clock import Clock, instants_with_two_labels
from peakwise.loading.files import expand
from peakwise.loading.manifest import FileResult, content_hash, joint_hash, known_load, next_load_id
from peakwise.loading.options import ReadingOptions, understand
from peakwise.loading.placing import count_ambiguous, grid_minutes, place, resolved_rows, time_span
from peakwise.loading.registers import register_meters
from peakwise.loading.rejects import reject_rows
from peakwise.loading.survey import Survey, take_survey
from peakwise.loading.versions import ContestedRows, find_contested_days, settle_contested_rows
from peakwise.readers import ReadingFile, drop_incoming, open_readings
from peakwise.readers.file_text import shown_name
from peakwise.readers.packing import Member, UnusableMember, members
from peakwise.warehouse import one_transaction

ENERGY_TYPE = "decimal(18, 9)"


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
            with members(path) as found:
                loaded = [load_member(connection, member, options, files) for member in found]
                results += [result for result in loaded if result is not None]
        except UnusableInput as error:
            results.append(FileResult(shown_name(path), "unusable", str(error)))
    return results


def load_member(
    connection: duckdb.DuckDBPyConnection,
    member: Member | UnusableMember,
    options: ReadingOptions,
    files: Collection[Path],
) -> FileResult | None:
    """Load a plain file, or one member of an archive from where it was unpacked, under the name that people know.

    Args:
        connection: The warehouse.
        member: What to load.
        options: How to understand the rows.
        files: All files of the call.

    Returns:
        What became of it; None where it is read together with another one of the files.
    """
    if isinstance(member, UnusableMember):
        return FileResult(member.name, "unusable", member.fault)
    try:
        return load_file(connection, member.path, member.name, options)
    except UnusableInput as error:
        if isinstance(error, BelongsToAnotherFile) and error.owner in files:
            return None
        return FileResult(member.name, "unusable", str(error).replace(member.path.name, member.name))


def load_file(connection: duckdb.DuckDBPyConnection, path: Path, name: str, options: ReadingOptions) -> FileResult:
    """Load one file in one transaction.

    Raises:
        UnusableInput: The file cannot be used; nothing of it is left in the warehouse.
    """
    try:
        return load_file_or_fail(connection, path, name, options)
    except (duckdb.DataError, duckdb.OperationalError, duckdb.InvalidInputException) as error:
        # A damaged page deep inside the file, a full disk, too little memory.
        raise UnusableInput(f"{shown_name(path)} cannot be loaded: {str(error).splitlines()[0]}") from error
    except OSError as error:
        raise UnusableInput(f"{shown_name(path)} cannot be read: {error.strerror or error}.") from error


def load_file_or_fail(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, options: ReadingOptions
) -> FileResult:
    """Load one file in one transaction, with the errors of DuckDB and of the system as they come."""
    started = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        # Hashing runs beside the survey; both only read.
        digest_later = pool.submit(content_hash, path)
        try:
            file = open_readings(connection, path, options.columns, file_format=options.file_format)
            if options.kwh_per_unit != 1 and not file.unit_is_certain:
                scaled = f"select * replace (kwh * {options.kwh_per_unit!r} as kwh) from ({file.relation})"
                file = replace(file, relation=scaled)
            survey = take_survey(connection, file, options.interval_minutes)
            digest = digest_later.result()
            if file.companion is not None:
                digest = joint_hash(digest, content_hash(file.companion))
            load_id = known_load(connection, digest)
            if load_id is not None:
                rows_in = survey.rows + len(file.unreadable)
                return FileResult(name, "known", file_format=file.file_format, rows_in=rows_in, load_id=load_id)
            with one_transaction(connection):
                return write(connection, file, name, survey, options, digest, started)
        finally:
            drop_incoming(connection)


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
    name: str,
    survey: Survey,
    options: ReadingOptions,
    digest: str,
    started: float,
) -> FileResult:
    """Write a surveyed file to the raw schema; the caller holds the transaction."""
    understood = understand(connection, file, options, as_loaded=True)
    label, clock = understood.label, understood.clock
    load_id = next_load_id(connection)
    register_meters(connection, options.channel, step_is_fixed=options.interval_minutes is not None)
    batches = register_batches(connection, file, load_id)
    placement = place(connection, file, survey, label, clock, batches)
    span = time_span(connection, survey, label, clock)
    known_span = span_of_known_readings(connection, span)
    repeats = mark_meters_that_may_repeat(connection, clock)
    energy = f"kwh::{ENERGY_TYPE} as kwh"
    only_uncontested, settled = "", ContestedRows()
    if known_span or repeats:
        contested = find_contested_days(
            connection, placement.start, placement.rows, span, known_span, placement.shifting_days
        )
        if contested.count:
            only_uncontested = f"and not {contested.includes(placement.start)}"
    uncontested = connection.execute(f"""
        insert into raw.readings
        select meters.meter_key, {placement.start}, incoming.{energy}, {batches.key} {placement.rows} {only_uncontested}
    """).fetchone()[0]
    if only_uncontested:
        rows = resolved_rows(placement, contested.includes(placement.start))
        settled = settle_contested_rows(
            connection,
            f"select meter_key, interval_start_at, {energy}, source_flag, version, batch_key, row_number from ({rows})",
            load_id,
            has_known=known_span is not None,
        )
    accepted, duplicate, superseded = uncontested + settled.accepted, settled.duplicate, settled.superseded

    rejected = reject_rows(connection, file, name, survey, placement.skipped, load_id)
    ambiguous = count_ambiguous(connection, placement) if clock.is_local else 0
    rows_in = survey.rows + len(file.unreadable)
    if rows_in != accepted + duplicate + superseded + rejected:
        raise AssertionError(
            f"{name}: {rows_in} rows in, but {accepted} accepted + {duplicate} duplicate + {superseded} "
            f"superseded + {rejected} rejected"
        )
    grid = grid_minutes(connection, clock)
    seconds = time.perf_counter() - started
    connection.execute(
        """
        insert into raw.load_manifest values (
            $load_id, $file_name, $digest, $file_format, $label, $clock, $grid_minutes, $rows_in, $accepted, $duplicate,
            $superseded, $rejected, $ambiguous, $span_start, $span_end, timezone('UTC', now()), $seconds
        )
        """,
        {
            "load_id": load_id, "file_name": name, "digest": digest, "file_format": file.file_format, "label": label,
            "clock": clock.name, "grid_minutes": grid, "rows_in": rows_in, "accepted": accepted, "duplicate": duplicate,
            "superseded": superseded, "rejected": rejected, "ambiguous": ambiguous, "span_start": span[0],
            "span_end": span[1], "seconds": seconds,
        },
    )  # fmt: skip
    return FileResult(
        name=name,
        understood=understood.why,
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
