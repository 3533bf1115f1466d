"""Decides between versions of the same reading: which one counts, which are repeats, which are superseded.

The newest counts: the greatest version stamp of the source, and among equal or absent stamps the one that arrived last.
A value that was seen before with the same stamp is a repeat and changes nothing (A, A', A again stays A').
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb


@dataclass(frozen=True)
class ContestedRows:
    """Fates of the incoming rows of contested meter-days."""

    accepted: int
    duplicate: int
    superseded: int


def create_contested_days(
    connection: duckdb.DuckDBPyConnection, incoming: str, known_between: tuple[datetime, datetime] | None
) -> int:
    """Create `temp.contested_days`: the meter-days (UTC) on which a reading may stand more than once.

    Args:
        connection: The warehouse, inside the load's transaction.
        incoming: Select statement with `meter_key` and `interval_start_at` of all good incoming rows.
        known_between: First start and last end of the incoming readings when earlier loads reach into that time.

    Returns:
        The number of contested meter-days.
    """
    connection.execute("drop table if exists temp.contested_days")
    connection.execute(f"""
        create temp table contested_days as
        select meter_key, cast(interval_start_at as date) as utc_date
        from ({incoming}) as incoming
        where meter_key in (select meter_key from incoming_meters where good_rows > slots)
        group by all
        having count(*)
            > bit_count(bitstring_agg(cast(epoch_us(interval_start_at) % 86400000000 // 300000000 as integer), 0, 287))
    """)
    if known_between:
        connection.execute(
            f"""
            insert into contested_days
            with days as (
                select distinct meter_key, cast(interval_start_at as date) as utc_date from ({incoming}) as incoming
            ),
            known_days as (
                select distinct meter_key, cast(interval_start_at as date) as utc_date from raw.readings
                where interval_start_at >= date_trunc('day', ?::timestamp) and interval_start_at < ?
            )
            select meter_key, utc_date from days semi join known_days using (meter_key, utc_date)
                anti join contested_days using (meter_key, utc_date)
        """,
            list(known_between),
        )
    return connection.execute("select count(*) from contested_days").fetchone()[0]


def settle_contested_days(connection: duckdb.DuckDBPyConnection, contested: str, load_id: int) -> ContestedRows:
    """Settle every reading of the contested days and write the outcome to the raw schema.

    Args:
        connection: The warehouse, inside the load's transaction.
        contested: Select statement of the incoming rows of contested days: the columns of `raw.readings` without
            `load_id`, and `row_number`.
        load_id: This load.

    Returns:
        Where the incoming rows went.
    """
    connection.execute("drop table if exists temp.contested_versions")
    connection.execute(
        f"""
        create temp table contested_versions as
        with incoming as (
            select meter_key, interval_start_at, interval_minutes, kwh, source_flag, version, {load_id} as load_id,
                2 as arrival, row_number
            from ({contested}) as contested
        ),
        known as (
            select readings.*, 1 as arrival, 0 as row_number
            from raw.readings as readings
            where (meter_key, interval_start_at) in (select (meter_key, interval_start_at) from incoming)
        ),
        superseded as (
            select * exclude (superseded_by_load_id), 0 as arrival, 0 as row_number
            from raw.superseded_readings
            where (meter_key, interval_start_at) in (select (meter_key, interval_start_at) from incoming)
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
    """
    )
    columns = "meter_key, interval_start_at, interval_minutes, kwh, source_flag, version, load_id"
    replaced = "arrival = 1 and not counts"
    connection.execute(f"""
        update raw.load_manifest
        set rows_accepted = rows_accepted - replaced.readings, rows_superseded = rows_superseded + replaced.readings
        from (select load_id, count(*) as readings from contested_versions where {replaced} group by load_id) as replaced
        where load_manifest.load_id = replaced.load_id
    """)
    connection.execute(f"""
        insert into raw.superseded_readings
        select {columns}, {load_id} from contested_versions
        where ({replaced}) or (arrival = 2 and not counts and copy_number = 1)
    """)
    connection.execute(f"""
        delete from raw.readings using contested_versions as versions
        where readings.meter_key = versions.meter_key and readings.interval_start_at = versions.interval_start_at
            and {replaced}
    """)
    connection.execute(f"""
        insert into raw.readings
        select {columns} from contested_versions where arrival = 2 and counts order by row_number
    """)
    accepted, duplicate, superseded = connection.execute("""
        select count_if(counts), count_if(copy_number > 1), count_if(not counts and copy_number = 1)
        from contested_versions where arrival = 2
    """).fetchone()
    return ContestedRows(accepted, duplicate, superseded)
