"""Decides between versions of the same reading: which one counts, which are repeats, which are superseded.

The newest counts: the greatest version stamp of the source, and among equal or absent stamps the one that arrived last.
A value that was seen before with the same stamp is a repeat and changes nothing (A, A', A again stays A').

Comparing every reading would cost more than the rest of the load. Only meter-days on which a reading may stand more than
once are looked at reading by reading; they are kept as one bit string a meter, because testing a bit costs nothing where
a join of all rows with the days doubles the time of a load.
"""

from dataclasses import dataclass
from datetime import date, datetime

import duckdb

# Contested rows settled at once, so that memory does not follow the size of the file.
MOST_ROWS_AT_ONCE = 4_000_000
# From here on it pays to leave out what merely repeats known readings before versions are compared.
MANY_ROWS = 200_000


@dataclass(frozen=True)
class ContestedDays:
    """The meter-days (UTC) on which a reading may stand more than once, as bits in `incoming_meters.contested_days`.

    Attributes:
        first_date: Date of bit 0.
        count: How many there are.
    """

    first_date: date
    count: int

    def includes(self, start: str) -> str:
        """Condition that a reading of `meters` starting at this expression lies on one of the days."""
        return f"coalesce(get_bit(meters.contested_days, {day_number(start, self.first_date)}), 0) = 1"


@dataclass(frozen=True)
class ContestedRows:
    """Fates of the incoming rows of contested meter-days."""

    accepted: int = 0
    duplicate: int = 0
    superseded: int = 0


def day_number(start: str, first_date: date) -> str:
    """Expression of the number of a start's UTC date, from 0."""
    return f"cast(epoch_us({start}) // 86400000000 - {(first_date - date(1970, 1, 1)).days} as integer)"


def find_contested_days(
    connection: duckdb.DuckDBPyConnection,
    start: str,
    rows: str,
    span: tuple[datetime, datetime],
    known_span: tuple[datetime, datetime] | None,
    shifting_days: str | None,
) -> ContestedDays:
    """Find the contested meter-days of a file and set their bits in `temp.incoming_meters`.

    Args:
        connection: The warehouse, inside the load's transaction.
        start: Expression of a reading's UTC start.
        rows: `from … where …` of all good incoming rows, with `incoming_meters` as `meters`.
        span: First start and last end of the incoming readings.
        known_span: First start and last end of the readings of earlier loads that reach into the span.
        shifting_days: Select statement of the UTC dates on which a repeated reading may in truth lie an hour later.
    """
    first_date = span[0].date()
    days = (span[1].date() - first_date).days + 1
    day = day_number(start, first_date)
    connection.execute(f"""
        create or replace temp table contested_days as
        select meters.meter_key, {day} as day
        {rows} and meters.may_repeat
        group by all
        having count(*) > bit_count(bitstring_agg(cast(epoch_us({start}) % 86400000000 // 300000000 as integer), 0, 287))
    """)
    if known_span:
        known_from, known_to = (
            f"date_trunc('day', timestamp '{known_span[0]}')",
            f"timestamp '{known_span[1]}'",
        )
        connection.execute(f"""
            insert into contested_days
            with days as (
                select distinct meters.meter_key, {day} as day
                {rows} and not meters.is_new and {start} >= {known_from} and {start} < {known_to}
            )
            select distinct days.meter_key, days.day
            from raw.readings as readings
            inner join days
                on readings.meter_key = days.meter_key and {day_number("readings.interval_start_at", first_date)} = days.day
            where readings.interval_start_at >= {known_from} and readings.interval_start_at < {known_to}
        """)
    if shifting_days:
        connection.execute(f"""
            insert into contested_days
            select meter_key, day + 1 from contested_days
            where day in (select {day_number("utc_date", first_date)} from ({shifting_days}))
        """)
    connection.execute(f"""
        update incoming_meters set contested_days = days.bits
        from (select meter_key, bitstring_agg(day, 0, {days}) as bits from contested_days group by meter_key) as days
        where incoming_meters.meter_key = days.meter_key
    """)
    count = connection.execute("select count(*) from contested_days").fetchone()[0]
    return ContestedDays(first_date, count)


def settle_contested_rows(
    connection: duckdb.DuckDBPyConnection, contested: str, load_id: int, *, has_known: bool
) -> ContestedRows:
    """Settle every reading of the contested days and write the outcome to the raw schema.

    Args:
        connection: The warehouse, inside the load's transaction.
        contested: Select statement of the incoming rows of contested days: the columns of `raw.readings`, those of their
            batch, and `row_number`.
        load_id: This load.
        has_known: Whether earlier loads reach into the time of this one.

    Returns:
        Where the incoming rows went.
    """
    connection.execute(f"create or replace temp table contested_rows as {contested}")
    rows = connection.execute("select count(*) from contested_rows").fetchone()[0]
    repeats = leave_out_repeats(connection, rows) if has_known and rows >= MANY_ROWS else 0
    parts = max(1, -(-(rows - repeats) // MOST_ROWS_AT_ONCE))
    settled = [settle_part(connection, f"meter_key % {parts} = {part}", load_id) for part in range(parts)]
    connection.execute("drop table contested_rows")
    return ContestedRows(
        sum(part.accepted for part in settled),
        sum(part.duplicate for part in settled) + repeats,
        sum(part.superseded for part in settled),
    )


def leave_out_repeats(connection: duckdb.DuckDBPyConnection, rows: int) -> int:
    """Take out of the `rows` rows of `temp.contested_rows` what repeats a reading that counts, and return how many rows that were.

    Such a row is a duplicate whatever else the file holds. Exports that grow by a day and repeat the rest are mostly this.
    """
    first, last = connection.execute(
        "select min(interval_start_at), max(interval_start_at) from contested_rows"
    ).fetchone()
    left = connection.execute(f"""
        create or replace temp table news as
        select contested_rows.*
        from contested_rows
        anti join (
            select * from raw.readings inner join raw.reading_batches using (batch_key)
            where interval_start_at between timestamp '{first}' and timestamp '{last}'
        ) as known
            on contested_rows.meter_key = known.meter_key
            and contested_rows.interval_start_at = known.interval_start_at
            and contested_rows.kwh = known.kwh
            and contested_rows.version is not distinct from known.version
            and contested_rows.source_flag is not distinct from known.source_flag
    """).fetchone()[0]
    connection.execute("drop table contested_rows")
    connection.execute("alter table news rename to contested_rows")
    return rows - left


def settle_part(connection: duckdb.DuckDBPyConnection, part: str, load_id: int) -> ContestedRows:
    """Settle those rows of `temp.contested_rows` whose meters belong to the part."""
    first, last = connection.execute(
        f"select min(interval_start_at), max(interval_start_at) from contested_rows where {part}"
    ).fetchone()
    if first is None:
        return ContestedRows()
    in_reach = f"{part} and interval_start_at between timestamp '{first}' and timestamp '{last}'"
    columns = "meter_key, interval_start_at, kwh, source_flag, version, batch_key"
    written = "meter_key, interval_start_at, kwh, batch_key"
    connection.execute(f"""
        create or replace temp table contested_versions as
        with incoming as (
            select {columns}, 2 as arrival, row_number from contested_rows where {part}
        ),
        known as (
            select {columns}, 1 as arrival, 0 as row_number
            from (select * from raw.readings inner join raw.reading_batches using (batch_key) where {in_reach}) as readings
            semi join incoming using (meter_key, interval_start_at)
        ),
        superseded as (
            select {columns}, 0 as arrival, 0 as row_number
            from (
                select * from raw.superseded_readings inner join raw.reading_batches using (batch_key) where {in_reach}
            ) as readings
            semi join incoming using (meter_key, interval_start_at)
        ),
        versions as (
            select * from incoming union all select * from known union all select * from superseded
        ),
        copies as (
            select
                *,
                row_number() over (
                    partition by meter_key, interval_start_at, version, kwh, source_flag
                    order by arrival, row_number
                ) as copy_number
            from versions
        )
        select
            *,
            copy_number = 1 and row_number() over (
                partition by meter_key, interval_start_at, copy_number = 1
                order by version desc nulls last, arrival desc, row_number desc
            ) = 1 as counts
        from copies
    """)
    replaced = "arrival = 1 and not counts"
    any_replaced = connection.execute(f"select count(*) > 0 from contested_versions where {replaced}").fetchone()[0]
    connection.execute(f"""
        insert into raw.superseded_readings
        select {written}, {load_id} from contested_versions
        where ({replaced}) or (arrival = 2 and not counts and copy_number = 1)
    """)
    if any_replaced:
        connection.execute(f"""
            update raw.load_manifest
            set rows_accepted = rows_accepted - replaced.readings, rows_superseded = rows_superseded + replaced.readings
            from (
                select load_id, count(*) as readings
                from contested_versions inner join raw.reading_batches using (batch_key)
                where {replaced} group by load_id
            ) as replaced
            where load_manifest.load_id = replaced.load_id
        """)
        connection.execute(f"""
            delete from raw.readings using (select * from contested_versions where {replaced}) as versions
            where readings.meter_key = versions.meter_key and readings.interval_start_at = versions.interval_start_at
        """)
    connection.execute(f"""
        insert into raw.readings
        select {written} from contested_versions where arrival = 2 and counts order by row_number
    """)
    return ContestedRows(
        *connection.execute("""
            select count_if(counts), count_if(copy_number > 1), count_if(not counts and copy_number = 1)
            from contested_versions where arrival = 2
        """).fetchone()
    )
