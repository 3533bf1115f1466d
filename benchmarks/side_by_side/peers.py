"""Bare DuckDB: the limit, and the least that loading and aggregating can cost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from side_by_side.places import Places
from side_by_side.settings import MEMORY_LIMIT, THREADS, TIME_ZONE
from side_by_side.stopwatch import Stopwatch


@contextmanager
def open_database(file: Path | str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB file with the pipeline's settings."""
    connection = duckdb.connect(str(file))
    try:
        connection.execute(f"set threads = {THREADS}")
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("set TimeZone = 'UTC'")
        # Helps the aggregations below as much as it helps the pipeline: five times.
        connection.execute("set disabled_optimizers = 'partial_aggregate_pushdown'")
        yield connection
    finally:
        connection.close()


def scan(stopwatch: Stopwatch, places: Places) -> None:
    """Read every value of the file once; sums keep the answer from coming out of Parquet's statistics."""
    with stopwatch.phase("scan"), open_database(":memory:") as connection:
        connection.execute(f"""
            select sum(strlen(service_point_id)), sum(epoch_us(interval_start_at)), sum(kwh), sum(strlen(channel)), sum(version)
            from read_parquet('{places.readings}')
        """).fetchone()


def bare_load(stopwatch: Stopwatch, places: Places) -> None:
    """DuckDB's own way into a file."""
    places.bare_database.unlink(missing_ok=True)
    with stopwatch.phase("bare load"), open_database(places.bare_database) as connection:
        connection.execute(f"create table readings as select * from read_parquet('{places.readings}')")


def bare_aggregations(stopwatch: Stopwatch, places: Places) -> None:
    """The two aggregations behind the profiles, first on the bare table, then on the pipeline's `raw.readings`."""
    aggregate(stopwatch, places, "on the bare table", places.bare_database, "readings", "service_point_id")
    aggregate(stopwatch, places, "on raw.readings", places.warehouse, "raw.readings", "meter_key")


def aggregate(stopwatch: Stopwatch, places: Places, where: str, file: Path, table: str, customer: str) -> None:
    """Partial sums by customer, month, weekend and hour, and daily totals, written to a DuckDB file.

    Instants are converted once each, and one small number stands for month, weekend and hour, as in the pipeline.
    """
    result = places.folder / "aggregated.duckdb"
    result.unlink(missing_ok=True)
    with stopwatch.phase(f"bare aggregations {where}"), open_database(result) as connection:
        connection.execute(f"attach '{file}' as source (read_only)")
        connection.execute(f"""
            create temp table calendar as
            with span as (select min(interval_start_at) as first, max(interval_start_at) as last from source.{table}),
            instants as (
                select unnest(range(first, last + interval 1 hour, interval 1 hour)) as interval_start_at from span
            ),
            localized as (
                select interval_start_at, timezone('{TIME_ZONE}', timezone('UTC', interval_start_at)) as local_at
                from instants
            )
            select
                interval_start_at,
                cast(local_at as date) as local_date,
                cast(
                    (year(local_at) * 12 + month(local_at)) * 48
                    + case when isodow(local_at) >= 6 then 24 else 0 end + hour(local_at) as integer
                ) as slot
            from localized
        """)
        connection.execute(f"""
            create table partial_sums as
            select {customer} as customer, slot, sum(kwh) as kwh, count(*) as hours
            from source.{table} inner join calendar using (interval_start_at)
            group by all
        """)
        connection.execute(f"""
            create table daily_totals as
            select {customer} as customer, local_date, sum(kwh) as kwh, max(kwh) as peak_kw, count(*) as hours
            from source.{table} inner join calendar using (interval_start_at)
            group by all
        """)
    if customer == "service_point_id":
        with open_database(result) as connection:
            connection.execute(f"""
                copy (
                    select customer as customer_id, slot % 24 as local_hour, sum(kwh) / sum(hours) as kw
                    from partial_sums group by all
                ) to '{places.profiles("duckdb")}'
            """)
    result.unlink()
