"""Do segments keep their numbers? Refits on bootstrap resamples of the customers, matched to the run in use."""

import shutil
from pathlib import Path
from typing import Any

from side_by_side.markdown import table
from side_by_side.pipeline_stages import WITHOUT_TESTS
from side_by_side.places import Places
from side_by_side.settings import SEED
from side_by_side.stopwatch import Stopwatch

REFITS = 30


def measure(
    stopwatch: Stopwatch, places: Places, customers: int, months: int, london: str | None, refits: int = REFITS
) -> list[dict[str, Any]]:
    """Refit on resamples: the synthetic utility with all its faults, and London's households where their file is given.

    Args:
        stopwatch: Takes the time.
        places: Where to work.
        customers, months: Size of the synthetic utility.
        london: The file of London's readings, or None.
        refits: Bootstrap resamples.

    Returns:
        One entry for each source, class and k: how many of all customers keep their number.
    """
    from peakwise.loading import Clock, ReadingOptions, UtilitySettings
    from peakwise.synthetic import SyntheticOptions, generate

    options = SyntheticOptions(customers=customers, months=months)
    found = []
    with stopwatch.phase("identities"):
        utility = places.folder / "identities_utility"
        generate(options, utility)
        found += _refit(
            places,
            "synthetic utility",
            utility / "readings",
            utility / "customers.parquet",
            ReadingOptions(label="start", label_clock=Clock.parse("UTC")),
            UtilitySettings(time_zone=options.time_zone, holiday_calendar=options.holiday_calendar),
            refits,
        )
        shutil.rmtree(utility)
        if london is not None:
            found += _refit(
                places,
                "London 2013",
                Path(london),
                None,
                ReadingOptions(label="end", label_clock=Clock.parse("UTC")),
                UtilitySettings(time_zone="Europe/London", holiday_calendar="GB"),
                refits,
            )
    return found


def _refit(
    places: Places, source: str, readings: Path, customers: Path | None, options: Any, settings: Any, refits: int
) -> list[dict[str, Any]]:
    """Load a source, build its profiles, segment it and refit."""
    from peakwise.dbt import Dbt
    from peakwise.loading import BesideReadings, load_beside_readings, load_readings, set_holidays, set_utility
    from peakwise.segmentation import profile_choice
    from peakwise.segmentation.profiles import read_profiles
    from peakwise.warehouse import connect

    shutil.rmtree(places.home, ignore_errors=True)
    with connect(places.warehouse) as connection:
        set_utility(connection, settings)
        load_beside_readings(connection, BesideReadings(customers=customers), options)
        load_readings(connection, [readings], options)
        set_holidays(connection)
    models = ["+int_profiles_standardized", "+fct_customer_daily_usage"]
    Dbt(places.warehouse, places.dbt_folder).run("build", "--select", *models, *WITHOUT_TESTS)
    with connect(places.warehouse, read_only=True) as connection:
        [profiles] = read_profiles(connection, profile_choice("all-days"))
    shutil.rmtree(places.home)
    return [
        {"source": source, "customer_class": customer_class, **_kept(profiles.shapes[rows], k, refits)}
        for customer_class, rows in profiles.rows_of_class.items()
        for k in (3, 6)
    ]


def _kept(shapes: Any, k: int, refits: int) -> dict[str, float]:
    """Shares of customers who keep their number over refits that go on from the segments in use, and that begin anew."""
    import numpy as np

    from peakwise.segmentation import SegmentationSettings, fit_segments, segment_class
    from peakwise.segmentation.clustering import centroid_distances
    from peakwise.segmentation.continuing import continued
    from peakwise.segmentation.identities import KnownSegments, identify
    from peakwise.segmentation.outliers import screen_outliers

    in_use = segment_class(shapes, SegmentationSettings(k=k, seed=SEED))
    centroids = in_use.segments.centroids
    usual = ~in_use.outliers.is_outlier
    radii = np.array([in_use.distances.own[usual & (in_use.labels == label)].mean() for label in range(in_use.k)])
    known = KnownSegments(np.arange(in_use.k), centroids, radii)
    kept, kept_anew = [], []
    for number in range(refits):
        drawn = np.sort(np.random.default_rng([SEED, number]).integers(0, len(shapes), len(shapes)))
        resample = shapes[drawn]
        resample = resample[~screen_outliers(resample, SEED).is_outlier]
        anew = fit_segments(resample, in_use.k, SEED)
        goes_on = continued(resample, anew, centroids, only_describe=in_use.descriptive_only)
        for shares, refit in ((kept, goes_on), (kept_anew, anew)):
            numbers = identify(refit.centroids, known, next_id=in_use.k).segment_ids
            labels = centroid_distances(shapes, refit.centroids).labels
            shares.append(float((numbers[labels] == in_use.labels).mean()))
    return {
        "customers": len(shapes),
        "k": in_use.k,
        "descriptive_only": in_use.descriptive_only,
        "mean": float(np.mean(kept)),
        "median": float(np.median(kept)),
        "least": min(kept),
        "mean_anew": float(np.mean(kept_anew)),
    }


def render(found: list[dict[str, Any]]) -> str:
    """The section of the page."""
    rows = [
        [
            entry["source"],
            entry["customer_class"] + (" (descriptive only)" if entry["descriptive_only"] else ""),
            f"{entry['customers']:,}",
            str(entry["k"]),
            f"{entry['mean']:.1%}",
            f"{entry['median']:.1%}",
            f"{entry['least']:.1%}",
            f"{entry['mean_anew']:.1%}",
        ]
        for entry in found
    ]
    header = ["source", "class", "customers", "k", "keep their number", "median", "least", "without going on"]
    return "\n".join(
        [
            "## Do segments keep their numbers?",
            "",
            "Share of customers who keep their segment number when the segments are fitted again on a bootstrap resample of "
            "the customers: the mean, the median and the least of the refits. The last column is the mean when a refit does "
            "not go on from the segments in use (docs/segmentation.md).",
            "",
            table(header, rows, left=2),
            "",
        ]
    )
