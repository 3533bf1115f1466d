"""Makes the readings that everybody reads: a synthetic utility without faults, one Parquet file, a row a reading."""

import shutil

from peakwise.synthetic import SyntheticOptions, generate
from side_by_side.peers import open_database
from side_by_side.places import NARROW, PLAIN, RESENT, Places
from side_by_side.stopwatch import Stopwatch

# One block in fifty is sent again: 2% of the readings.
BLOCKS_PER_RESENT_BLOCK = 50


def make_readings(stopwatch: Stopwatch, places: Places, customers: int, months: int) -> dict[str, int]:
    """Write all variants, sorted by customer and time, and return how many rows each has.

    The columns are those the synthetic utility writes: id, channel, time, energy and version; `narrow` has id, time and
    energy alone.

    Every service point is a customer of its own from the first to the last day, so that grouping by the file's id is
    grouping by customer, for everybody. Re-sent blocks, a customer's 24 hours of a UTC day with identical values,
    stand at the end of the file.
    """
    plain, resent, narrow = (places.of_variant(variant) for variant in (PLAIN, RESENT, NARROW))
    utility = places.folder / "utility"
    options = SyntheticOptions(customers=customers, months=months, mover_fraction=0.0, second_point_fraction=0.0)
    with stopwatch.phase("make readings"):
        generate(options.without_faults(), utility)
        with open_database(":memory:") as connection:
            connection.execute(f"""
                create view readings as
                select * from read_parquet('{utility}/readings/*.parquet')
                where channel = 'delivered'
            """)
            connection.execute(f"""
                copy (from readings order by service_point_id, interval_start_at)
                to '{plain.readings}' (format parquet, compression zstd)
            """)
            connection.execute(f"""
                copy (
                    select * exclude (copy) from (
                        select *, 1 as copy from readings
                        union all
                        select *, 2 as copy from readings
                        where hash(service_point_id, cast(interval_start_at as date)) % {BLOCKS_PER_RESENT_BLOCK} = 0
                    ) order by copy, service_point_id, interval_start_at
                ) to '{resent.readings}' (format parquet, compression zstd)
            """)
            connection.execute(f"""
                copy (select service_point_id, interval_start_at, kwh from '{plain.readings}')
                to '{narrow.readings}' (format parquet, compression zstd)
            """)
            rows = {
                made.variant: connection.execute(f"select count(*) from '{made.readings}'").fetchone()[0]
                for made in (plain, resent, narrow)
            }
    shutil.rmtree(utility)
    return rows
