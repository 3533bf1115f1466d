"""Standardised profiles of a source of readings, by the pipeline's own load and models."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from side_by_side.pipeline_stages import WITHOUT_TESTS
from side_by_side.places import Places

if TYPE_CHECKING:
    from peakwise.loading import ReadingOptions, UtilitySettings
    from peakwise.segmentation.profiles import StandardisedProfiles

MODELS = ("+int_profiles_standardized", "+fct_customer_daily_usage")


def build_profiles(
    places: Places, readings: Path, options: "ReadingOptions", settings: "UtilitySettings"
) -> "StandardisedProfiles":
    """Load readings into a new warehouse, build its profiles and read those of all days; the warehouse stays."""
    from peakwise.dbt import Dbt
    from peakwise.loading import load_readings, set_holidays, set_utility
    from peakwise.warehouse import connect

    shutil.rmtree(places.home, ignore_errors=True)
    with connect(places.warehouse) as connection:
        set_utility(connection, settings)
        load_readings(connection, [readings], options)
        set_holidays(connection)
    Dbt(places.warehouse, places.dbt_folder).run("build", "--select", *MODELS, *WITHOUT_TESTS)
    return read_all_days(places.warehouse)


def read_all_days(warehouse: Path) -> "StandardisedProfiles":
    """The profiles of season `all` and day type `all`."""
    from peakwise.segmentation import profile_choice
    from peakwise.segmentation.profiles import read_profiles
    from peakwise.warehouse import connect

    with connect(warehouse, read_only=True) as connection:
        [profiles] = read_profiles(connection, profile_choice("all-days"))
    return profiles


def true_kinds(warehouse: Path, truth: Path, profiles: "StandardisedProfiles") -> list[str]:
    """The true kind of each customer of a synthetic utility, in the order of the profiles."""
    from peakwise.warehouse import connect

    with connect(warehouse, read_only=True) as connection:
        kinds = dict(
            connection.execute(f"""
                select customers.customer_key, truth.archetype
                from raw.customers as customers
                inner join '{truth}' as truth on customers.customer_id = truth.service_point_id
            """).fetchall()
        )
    return [kinds[key] for key in profiles.customer_keys.tolist()]
