"""Gives customers whom the latest run has not seen the segment whose centroid is nearest, without fitting anew."""

from dataclasses import dataclass
from pathlib import Path

from peakwise.segmentation.profiles import HOUR_COLUMNS
from peakwise.warehouse import connect


@dataclass(frozen=True)
class Assigned:
    """What an assignment did.

    Attributes:
        run_id: The run whose segments were given.
        customers: Customers who have a segment of the run now.
        new_customers: Those of them whom the run had not seen before.
        without_segments: Customers with a shape whose class has no segments in the run.
    """

    run_id: str
    customers: int
    new_customers: int
    without_segments: int


def assign_new_customers(warehouse: Path) -> Assigned | None:
    """Assign new customers to the segments of the latest run; who has a segment keeps it.

    Args:
        warehouse: The DuckDB file, with the model int_profiles_standardized built.

    Returns:
        What was done; None when there is no run, or profiles are standardised in another way than the run's.
    """
    squares = " + ".join(f"power(profiles.{hour} - centroids.{hour}, 2)" for hour in HOUR_COLUMNS)
    with connect(warehouse) as connection:
        latest = connection.execute("""
            select distinct run_id, season, day_type from ml.segment_runs
            where created_at = (select max(created_at) from ml.segment_runs)
                and standardisation in (select standardisation from intermediate.int_profiles_standardized)
        """).fetchone()
        if latest is None:
            return None
        run_id, season, day_type = latest
        connection.execute(
            """
            create or replace temp view new_profiles as
            select * from intermediate.int_profiles_standardized as profiles
            where not exists (
                from ml.segment_assignments as known
                where known.run_id = getvariable('run_id') and known.customer_key = profiles.customer_key
            ) and season = getvariable('season') and day_type = getvariable('day_type')
            """
        )
        for name, value in (("run_id", run_id), ("season", season), ("day_type", day_type)):
            connection.execute(f"set variable {name} = ?", [value])
        new_customers = connection.execute(f"""
            insert into ml.segment_assignments by name
            with distances as (
                select
                    centroids.run_id, profiles.customer_key, centroids.segment_id, sqrt({squares}) as distance
                from new_profiles as profiles
                inner join ml.segment_centroids as centroids
                    on centroids.run_id = getvariable('run_id')
                    and centroids.customer_class = coalesce(profiles.customer_class, 'unclassified')
            )
            select
                run_id, customer_key, segment_id, distance, false as was_fitted,
                lead(distance) over (partition by customer_key order by distance, segment_id) as next_distance
            from distances
            qualify row_number() over (partition by customer_key order by distance, segment_id) = 1
        """).fetchone()[0]
        without_segments = connection.execute("select count(*) from new_profiles").fetchone()[0]
        customers = connection.execute(
            "select count(*) from ml.segment_assignments where run_id = ?", [run_id]
        ).fetchone()[0]
    return Assigned(run_id, customers, new_customers, without_segments)
