"""The textbook recipe in pandas, and the profiles alone in Polars."""

from typing import Any

from side_by_side.places import Places
from side_by_side.settings import SEED, SEGMENTS, THREADS, TIME_ZONE
from side_by_side.stopwatch import Stopwatch


def pandas_recipe(stopwatch: Stopwatch, places: Places, how: str) -> None:
    """Read, take the local hour, average by customer and hour, scale every hour across customers, three clusters.

    Args:
        stopwatch: Times the recipe.
        places: Where the readings lie.
        how: `daily pivot` makes the table of customer-days by hours first, as the textbook does, and averages its days;
            `groupby` and `pivot_table` average in one step, without a look at any day.
    """
    import pandas
    import pyarrow
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    pyarrow.set_cpu_count(THREADS)
    with stopwatch.phase("profiles and clusters"):
        with stopwatch.phase("profiles"):
            readings = pandas.read_parquet(places.readings)
            local = readings["interval_start_at"].dt.tz_localize("UTC").dt.tz_convert(TIME_ZONE)
            readings["local_hour"] = local.dt.hour
            if how == "daily pivot":
                readings["local_date"] = local.dt.normalize()
                days = readings.pivot_table(
                    index=["service_point_id", "local_date"], columns="local_hour", values="kwh", aggfunc="mean"
                )
                profiles = days.groupby(level="service_point_id").mean()
            elif how == "groupby":
                profiles = readings.groupby(["service_point_id", "local_hour"])["kwh"].mean().unstack()
            else:
                profiles = readings.pivot_table(
                    index="service_point_id", columns="local_hour", values="kwh", aggfunc="mean"
                )
        scaled = StandardScaler().fit_transform(profiles)
        KMeans(n_clusters=SEGMENTS, n_init=10, random_state=SEED).fit(scaled)
    keep_profiles(profiles, places, f"pandas_{how.replace(' ', '_')}")


def keep_profiles(profiles: Any, places: Places, maker: str) -> None:
    """Write a wide pandas table of profiles in the long form that is compared."""
    long = profiles.stack().rename("kw").reset_index()
    long.columns = ["customer_id", "local_hour", "kw"]
    long.to_parquet(places.profiles(maker))


def polars_profiles(stopwatch: Stopwatch, places: Places) -> None:
    """The same means by Polars' lazy engine."""
    import polars

    with stopwatch.phase("profiles"):
        local = polars.col("interval_start_at").dt.replace_time_zone("UTC").dt.convert_time_zone(TIME_ZONE)
        profiles = (
            polars.scan_parquet(places.readings)
            .group_by("service_point_id", local.dt.hour().alias("local_hour"))
            .agg(polars.col("kwh").mean().alias("kw"))
            .collect()
        )
    profiles.rename({"service_point_id": "customer_id"}).write_parquet(places.profiles("polars"))
