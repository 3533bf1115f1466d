"""Known outages: when a service point had no supply, as the utility recorded it."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.loading.clock import Clock, create_label_clock
from peakwise.loading.tables import (
    Table,
    clock_of,
    first_candidates,
    labels_tell_offset,
    open_table,
    read_texts,
    temporary_tables,
    why_no_time,
)
from peakwise.readers.columns import READING_NAMES
from peakwise.readers.csv_text import label_of
from peakwise.readers.file_text import shown_text
from peakwise.warehouse import one_transaction

KNOWN_NAMES = {
    "outage_id": ("outage_id", "event_id", "outage_event_id", "outage_number", "outage"),
    # An `id` alone is that of the outage as likely as that of the service point.
    "service_point_id": tuple(name for name in READING_NAMES["service_point_id"] if name != "id"),
    "started_at": ("started_at", "start", "outage_start", "outage_start_time", "start_time", "start_at"),
    "restored_at": (
        "restored_at", "restored", "restoration", "restoration_time", "end", "outage_end", "outage_end_time", "end_time",
        "end_at", "ended_at",
    ),
    "cause": ("cause", "outage_cause", "cause_code"),
}  # fmt: skip
REQUIRED = ("service_point_id", "started_at", "restored_at")


@dataclass(frozen=True)
class OutagesResult:
    """What a file of outages brought.

    Attributes:
        outages: Outages, whatever number of service points each of them hit.
        interruptions: Service points that they hit, one row of the file each.
        missing: Fields the file does not have; what needs them stays empty.
    """

    outages: int
    interruptions: int
    missing: list[str]


def load_outages(connection: duckdb.DuckDBPyConnection, path: Path, clock: Clock | None) -> OutagesResult:
    """Load a file of outages (Parquet or CSV, plain or gzip), one row an outage and service point.

    It replaces what an earlier one said. Without a column of outage ids, the start of an outage stands for its id. A time
    that a local clock shows twice is read so that the outage is the longer one. Without a restoration it still lasts.

    Args:
        connection: The warehouse.
        path: The file.
        clock: Clock of its times; None when they carry an offset.

    Returns:
        What the file brought; a file with a header and no rows says that there were no outages.

    Raises:
        UnusableInput: The file cannot be used, a row cannot be read, supply came back before it went, or an outage and
            service point stand twice. Nothing is changed then.
    """
    table = open_table(connection, path, "outages")
    columns = first_candidates(table, KNOWN_NAMES)
    for name in REQUIRED:
        if name not in columns:
            raise UnusableInput(
                f"{table.name} has no {name} column; its columns are: {table.columns_told}. Rename the one that holds it."
            )
    try:
        with temporary_tables(connection, "outage_texts", "outage_rows", "outages_placed", "label_clock"):
            clocks = _read_rows(connection, table, columns, clock)
            _place_rows(connection, table, clocks, "outage_id" in columns)
            _check_outages(connection, table)
            with one_transaction(connection):
                outages, interruptions = _replace_outages(connection)
    except (duckdb.DataError, duckdb.OperationalError, duckdb.InvalidInputException) as error:
        raise UnusableInput(f"{table.name} cannot be loaded: {str(error).splitlines()[0]}") from error
    return OutagesResult(outages, interruptions, [name for name in KNOWN_NAMES if name not in columns])


def _read_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, columns: dict[str, str], given_clock: Clock | None
) -> dict[str, Clock]:
    """Create `temp.outage_rows`: the file's rows with `started_label` and `restored_label` by the file's clock.

    Returns:
        The clock of `started` and of `restored`.

    Raises:
        UnusableInput: A row cannot be read, or nothing tells the clock.
    """
    read_texts(connection, table, "outage_texts", {name: columns.get(name) for name in KNOWN_NAMES})
    tells_offset = {
        name: labels_tell_offset(connection, "outage_texts", f"{name}_at_text") for name in ("started", "restored")
    }
    connection.execute(f"""
        create or replace temp table outage_rows as
        select
            rowid as row_number, outage_id_text as outage_id, service_point_id_text as service_point_id,
            cause_text as cause, started_at_text, restored_at_text,
            {label_of("started_at_text", bool(tells_offset["started"]))} as started_label,
            {label_of("restored_at_text", bool(tells_offset["restored"]))} as restored_label
        from outage_texts
    """)
    connection.execute("drop table temp.outage_texts")
    nameless = "when outage_id is null then 'no outage id'" if "outage_id" in columns else ""
    _refuse_first(
        connection,
        table,
        f"""
        select row_number, reason,
            case when contains(reason, 'start') then started_at_text when contains(reason, 'restoration') then restored_at_text end
        from (
            select *,
                case
                    {nameless}
                    when service_point_id is null then 'no service point id'
                    when started_at_text is null then 'no start'
                    {why_no_time("started_at_text", "started_label", "the start")}
                    when restored_at_text is null then null
                    {why_no_time("restored_at_text", "restored_label", "the restoration")}
                end as reason
            from outage_rows
        )
        where reason is not null
        """,
    )
    return {name: clock_of(table, told, given_clock) for name, told in tells_offset.items()}


def _refuse_first(connection: duckdb.DuckDBPyConnection, table: Table, bad_rows: str) -> None:
    """See that no row is bad.

    Args:
        connection: The warehouse.
        table: The file.
        bad_rows: Select statement of `row_number`, what is wrong, and the text that is (null where there is none).

    Raises:
        UnusableInput: One is; the first is named.
    """
    bad = connection.execute(f"{bad_rows} order by row_number limit 1").fetchone()
    if bad:
        row_number, reason, text = bad
        text = f" ('{shown_text(text)}')" if text else ""
        raise UnusableInput(f"{table.name}, {table.place(row_number)}: {reason}{text}. Repair that row.")


def _place_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, clocks: dict[str, Clock], has_outage_id: bool
) -> None:
    """Create `temp.outages_placed`: the rows of `temp.outage_rows` with their UTC times.

    Raises:
        UnusableInput: A time does not exist on the local clock.
    """
    local = {name: clock for name, clock in clocks.items() if clock.is_local}
    if local:
        _read_local_clock(connection, table, local)
    # Of two moments that a local clock shows alike, those that make the longer outage.
    instant = {"started": "earlier_at", "restored": "later_at"}
    instants, joins = {}, ""
    for name, clock in clocks.items():
        if name in local:
            instants[name] = f"{name}_clock.{instant[name]}"
            joins += f" left join label_clock as {name}_clock on {name}_label = {name}_clock.label_at"
        else:
            instants[name] = f"{name}_label - to_minutes({clock.offset_minutes})"
    outage_id = "outage_id" if has_outage_id else f"strftime({instants['started']}, '%Y-%m-%dT%H:%M:%SZ')"
    connection.execute(f"""
        create or replace temp table outages_placed as
        select
            row_number, {outage_id} as outage_id, service_point_id, {instants["started"]} as started_at,
            {instants["restored"]} as restored_at, cause
        from outage_rows {joins}
    """)


def _read_local_clock(connection: duckdb.DuckDBPyConnection, table: Table, local: dict[str, Clock]) -> None:
    """Create `temp.label_clock` of the times that follow a local clock, and see that each of them exists.

    Raises:
        UnusableInput: One does not.
    """
    clock = next(iter(local.values()))
    labels = " union all ".join(f"select {name}_label as label_at from outage_rows" for name in local)
    create_label_clock(connection, labels, clock, "start")
    skipped = " union all ".join(
        f"""
        select row_number, 'the clock of {clock.name} skips this time' as reason, {name}_at_text as text
        from outage_rows inner join label_clock on {name}_label = label_at where earlier_at is null
        """
        for name in local
    )
    _refuse_first(connection, table, f"select * from ({skipped})")


def _check_outages(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Check the rows of `temp.outages_placed`.

    Raises:
        UnusableInput: Supply came back before it went, or an outage and service point stand twice.
    """
    _refuse_first(
        connection,
        table,
        """
        select row_number, 'supply was restored at ' || restored_at || ' UTC, before the outage started at ' || started_at || ' UTC',
            null
        from outages_placed where restored_at < started_at
        """,
    )
    repeated = connection.execute("""
        select outage_id, service_point_id, min(row_number), max(row_number) from outages_placed
        group by outage_id, service_point_id having count(*) > 1
        order by min(row_number) limit 1
    """).fetchone()
    if repeated:
        outage_id, service_point_id, first, last = repeated
        raise UnusableInput(
            f"{table.name}: outage '{shown_text(outage_id)}' of service point '{shown_text(service_point_id)}' stands in "
            f"{table.place(first)} and again in {table.place(last)}. Keep one of them, or give each an outage_id of its own."
        )


def _replace_outages(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Put `temp.outages_placed` in place of the former outages; the caller holds the transaction.

    Returns:
        Outages, and rows written.
    """
    connection.execute("delete from raw.outages")
    interruptions = connection.execute("""
        insert into raw.outages
        select outage_id, service_point_id, started_at, restored_at, cause from outages_placed
        order by service_point_id, started_at, outage_id
    """).fetchone()[0]
    outages = connection.execute("select count(distinct outage_id) from raw.outages").fetchone()[0]
    return outages, interruptions
