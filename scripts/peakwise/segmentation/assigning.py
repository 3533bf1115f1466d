"""Gives customers whom the run in use has not seen, or who changed class, the nearest segment, without fitting anew."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from peakwise.segmentation.profiles import HOUR_COLUMNS
from peakwise.warehouse import connect, one_transaction


@dataclass(frozen=True)
class Assigned:
    """What an assignment did.

    Attributes:
        run_id: The run whose segments were given.
        customers: Customers of today who have a segment of the run now.
        new_customers: Those of them whom the run had not seen before.
        changed_class: Those of them who had a segment of another class before.
        without_segments: Customers with a shape whose class has no segments in the run.
    """

    run_id: str
    customers: int
    new_customers: int
    changed_class: int
    without_segments: int


def assign_new_customers(warehouse: Path) -> Assigned | None:
    """Assign new customers to the segments in use; who has a segment of her class keeps it.

    Segments are made within a class, so who has changed class leaves her segment. She is then as good as new: she gets the
    nearest segment of her class, or none without a shape or without segments of that class. Who is no customer any more
    keeps her segment, for her days shaped it.

    Args:
        warehouse: The DuckDB file, with the models dim_customer and int_profiles_standardized built.

    Returns:
        What was done; None when no run is in use, or profiles are standardised in another way than the run's.
    """
    with connect(warehouse) as connection:
        in_use = connection.execute("""
            select distinct run_id from ml.segment_runs
            where status = 'accepted' and purpose = 'targeting'
                and standardisation in (select standardisation from intermediate.int_profiles_standardized)
        """).fetchone()
        if in_use is None:
            return None
        (run_id,) = in_use
        connection.execute("set variable run_id = ?", [run_id])
        with one_transaction(connection):
            _take_out_of_other_classes(connection)
            assigned = _assign_nearest(connection)
        changed_class = connection.execute("""
            select count(*) from ml.segment_assignments
            where run_id = getvariable('run_id') and customer_key in (select customer_key from changed_class)
        """).fetchone()[0]
        without_segments = connection.execute("select count(distinct customer_key) from new_profiles").fetchone()[0]
        customers = connection.execute("""
            select count(*) from ml.segment_assignments
            where run_id = getvariable('run_id') and customer_key in (select customer_key from marts.dim_customer)
        """).fetchone()[0]
    return Assigned(run_id, customers, assigned - changed_class, changed_class, without_segments)


def _take_out_of_other_classes(connection: duckdb.DuckDBPyConnection) -> None:
    """Delete assignments to segments of a class that is no longer the customer's; `temp.changed_class` keeps whose."""
    connection.execute("""
        create or replace temp table changed_class as
        with segments as (
            select distinct segment_id, customer_class from ml.segment_centroids where run_id = getvariable('run_id')
        )
        select assignments.customer_key from ml.segment_assignments as assignments
        inner join segments on assignments.segment_id = segments.segment_id
        inner join marts.dim_customer as customers on assignments.customer_key = customers.customer_key
        where assignments.run_id = getvariable('run_id') and customers.customer_class != segments.customer_class
    """)
    connection.execute("""
        delete from ml.segment_assignments
        where run_id = getvariable('run_id') and customer_key in (select customer_key from changed_class)
    """)


def _assign_nearest(connection: duckdb.DuckDBPyConnection) -> int:
    """Assign whoever has a shape and no segment; `temp.new_profiles` shows whom this leaves. How many were assigned."""
    squares = " + ".join(f"power(profiles.{hour} - centroids.{hour}, 2)" for hour in HOUR_COLUMNS)
    # A customer needs a shape for every profile that the run put together.
    connection.execute("""
        create or replace temp view new_profiles as
        with parts as (
            select distinct season, day_type from ml.segment_centroids where run_id = getvariable('run_id')
        )
        select profiles.* from intermediate.int_profiles_standardized as profiles
        inner join parts on profiles.season = parts.season and profiles.day_type = parts.day_type
        where not exists (
            from ml.segment_assignments as known
            where known.run_id = getvariable('run_id') and known.customer_key = profiles.customer_key
        )
        qualify count(*) over (partition by profiles.customer_key) = (select count(*) from parts)
    """)
    return connection.execute(f"""
        insert into ml.segment_assignments by name
        with squares as (
            select
                profiles.customer_key, centroids.segment_id, profiles.season, profiles.day_type,
                {squares} as square
            from new_profiles as profiles
            inner join ml.segment_centroids as centroids
                on centroids.run_id = getvariable('run_id')
                and centroids.customer_class = coalesce(profiles.customer_class, 'unclassified')
                and centroids.season = profiles.season
                and centroids.day_type = profiles.day_type
        ),
        distances as (
            select customer_key, segment_id, sqrt(sum(square order by season, day_type)) as distance
            from squares group by customer_key, segment_id
        )
        select
            getvariable('run_id') as run_id, customer_key, segment_id, distance,
            false as was_fitted, false as is_outlier,
            lead(distance) over (partition by customer_key order by distance, segment_id) as next_distance
        from distances
        qualify row_number() over (partition by customer_key order by distance, segment_id) = 1
    """).fetchone()[0]
