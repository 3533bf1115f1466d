"""Standardised profiles of a source of readings, by the pipeline's own load and models."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from side_by_side.pipeline_stages import WITHOUT_TESTS
from side_by_side.places import Places

if TYPE_CHECKING:
    from peakwise.loading import ReadingOptions, UtilitySettings
    from peakwise.segmentation.profiles import StandardisedProfiles

MODELS = ("+int_profiles_standardized", "+fct_customer_daily_usage")


@dataclass(frozen=True)
class Households:
    """Households to segment.

    Attributes:
        name: As the page calls them.
        readings, options, settings: Their readings, and what the loader takes with them.
        truth: The file of their true kinds; None where nobody knows them.
    """

    name: str
    readings: Path
    options: "ReadingOptions"
    settings: "UtilitySettings"
    truth: Path | None


def households(places: Places, customers: int, months: int, london: str | None) -> Iterator[Households]:
    """Synthetic households of default noise and size spread without faults, then London's where their file is given.

    Args:
        places: Where to work; the synthetic files are there until the next households are asked for.
        customers, months: Size of the synthetic utility.
        london: The file of London's readings, or None.
    """
    from peakwise.loading import Clock, ReadingOptions, UtilitySettings
    from peakwise.synthetic import SyntheticOptions, generate

    options = SyntheticOptions(
        customers=customers, months=months, small_business_fraction=0.0, mover_fraction=0.0, second_point_fraction=0.0
    ).without_faults()
    utility = places.folder / "synthetic_households"
    generate(options, utility)
    yield Households(
        "synthetic households",
        utility / "readings",
        ReadingOptions(label="start", label_clock=Clock.parse("UTC")),
        UtilitySettings(time_zone=options.time_zone, holiday_calendar=options.holiday_calendar),
        utility / "truth" / "customers.parquet",
    )
    shutil.rmtree(utility)
    if london is not None:
        yield Households(
            "London 2013",
            Path(london),
            ReadingOptions(label="end", label_clock=Clock.parse("UTC")),
            UtilitySettings(time_zone="Europe/London", holiday_calendar="GB"),
            None,
        )


def build_profiles(places: Places, source: Households) -> "StandardisedProfiles":
    """Load readings into a new warehouse, build its profiles and read those of all days; the warehouse stays."""
    from peakwise.dbt import Dbt
    from peakwise.loading import load_readings, set_holidays, set_utility
    from peakwise.warehouse import connect

    shutil.rmtree(places.home, ignore_errors=True)
    with connect(places.warehouse) as connection:
        set_utility(connection, source.settings)
        load_readings(connection, [source.readings], source.options)
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
