"""How well shapes come back: K-means against the true kinds of a synthetic utility, with each standardisation."""

import shutil
from dataclasses import replace
from pathlib import Path

from side_by_side.pipeline_stages import WITHOUT_TESTS
from side_by_side.places import Places
from side_by_side.settings import SEED
from side_by_side.standardised import MODELS, read_all_days, true_kinds
from side_by_side.stopwatch import Stopwatch

SIZE_SPREADS = (0.2, 0.5, 0.7)
NOISES = (0.1, 0.3, 0.5)
METHODS = ("daily_share", "hourly_z_score")


def recover(
    stopwatch: Stopwatch, places: Places, customers: int, months: int, size_spread: float, noise: float
) -> dict[str, float]:
    """Adjusted Rand index of each method's segments against the true kinds, by the pipeline's own load and models.

    Households only, perfect metering, one customer per service point for the whole time; k is the number of kinds.
    """
    from peakwise.dbt import Dbt
    from peakwise.loading import Clock, ReadingOptions, UtilitySettings, load_readings, set_holidays, set_utility
    from peakwise.synthetic import SyntheticOptions, generate
    from peakwise.warehouse import connect

    utility = places.folder / "recovery_utility"
    shutil.rmtree(places.home, ignore_errors=True)
    options = SyntheticOptions(
        customers=customers, months=months, size_spread=size_spread, noise=noise,
        small_business_fraction=0.0, mover_fraction=0.0, second_point_fraction=0.0,
    ).without_faults()  # fmt: skip
    settings = UtilitySettings(time_zone=options.time_zone, holiday_calendar=options.holiday_calendar)
    found = {}
    with stopwatch.phase("recovery"):
        generate(options, utility)
        dbt = Dbt(places.warehouse, places.dbt_folder)
        for method in METHODS:
            with connect(places.warehouse) as connection:
                set_utility(connection, replace(settings, standardisation=method))
                if method == METHODS[0]:
                    clock = ReadingOptions(label="start", label_clock=Clock.parse("UTC"))
                    load_readings(connection, [utility / "readings"], clock)
                    set_holidays(connection)
            models = MODELS if method == METHODS[0] else ["int_profiles_standardized"]
            dbt.run("build", "--select", *models, *WITHOUT_TESTS)
            found[method] = adjusted_rand_index(places.warehouse, utility / "truth" / "customers.parquet", method)
    shutil.rmtree(places.home)
    shutil.rmtree(utility)
    return found


def adjusted_rand_index(warehouse: Path, truth: Path, method: str) -> float:
    """Agreement of segments and true kinds: 1 is perfect, 0 is chance.

    Raises:
        AssertionError: The profiles were made by another method.
    """
    from sklearn.metrics import adjusted_rand_score

    from peakwise.segmentation import fit_segments

    profiles = read_all_days(warehouse)
    if profiles.standardisation != method:
        raise AssertionError(f"The profiles are {profiles.standardisation}, not {method}.")
    kinds = true_kinds(warehouse, truth, profiles)
    segments = fit_segments(profiles.shapes, k=len(set(kinds)), seed=SEED)
    return float(adjusted_rand_score(kinds, segments.labels))
