"""Makes the readings that everybody reads: a synthetic utility without faults, one Parquet file, a row a reading."""

import shutil

from peakwise.synthetic import SyntheticOptions, generate
from side_by_side.peers import open_database
from side_by_side.places import PLAIN, RESENT, Places
from side_by_side.stopwatch import Stopwatch

# One block in fifty is sent again: 2% of the readings.
BLOCKS_PER_RESENT_BLOCK = 50


def make_readings(stopwatch: Stopwatch, places: Places, customers: int, months: int) -> dict[str, int]:
    """Write both variants, sorted by customer and time, and return how many rows each has.

    Every service point is a customer of its own from the first to the last day, so that grouping by the file's id is
    grouping by customer, for everybody. Re-sent blocks, a customer's 24 hours of a UTC day with identical values,
    stand at the end of the file.
    """
    plain, resent = places.of_variant(PLAIN), places.of_variant(RESENT)
    utility = places.folder / "utility"
    options = SyntheticOptions(customers=customers, months=months, mover_fraction=0.0, second_point_fraction=0.0)
    with stopwatch.phase("make readings"):
        generate(options.without_faults(), utility)
        with open_database(":memory:") as connection:
            connection.execute(f"""
                create view readings as
                select service_point_id, interval_start_at, kwh from read_parquet('{utility}/readings/*.parquet')
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
            rows = {
                made.variant: connection.execute(f"select count(*) from '{made.readings}'").fetchone()[0]
                for made in (plain, resent)
            }
    shutil.rmtree(utility)
    return rows
