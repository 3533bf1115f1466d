"""The standardisations beside each other: true kinds of synthetic households, and what segments tell of London's load."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from side_by_side.markdown import table
from side_by_side.pipeline_stages import WITHOUT_TESTS
from side_by_side.places import Places
from side_by_side.settings import SEED, SEGMENTS
from side_by_side.standardised import Households, build_profiles, households, read_all_days, true_kinds
from side_by_side.stopwatch import Stopwatch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from peakwise.segmentation.profiles import StandardisedProfiles

HOURS_OF_WINDOW = 4


def measure(
    stopwatch: Stopwatch, places: Places, customers: int, months: int, london: str | None
) -> list[dict[str, Any]]:
    """Segment the same profiles under every standardisation.

    Args:
        stopwatch: Takes the time.
        places: Where to work.
        customers, months: Size of the synthetic utility: households only, of default noise and size spread, no faults.
        london: The file of London's readings, or None.

    Returns:
        One entry for each source and standardisation.
    """
    found = []
    with stopwatch.phase("standardisations"):
        for source in households(places, customers, months, london):
            found += _compare(places, source)
        shutil.rmtree(places.home)
    return found


def _compare(places: Places, source: Households) -> list[dict[str, Any]]:
    from sklearn.metrics import adjusted_rand_score

    from peakwise.dbt import Dbt
    from peakwise.loading import set_utility
    from peakwise.loading.utility import STANDARDISATIONS
    from peakwise.warehouse import connect

    build_profiles(places, source)
    dbt = Dbt(places.warehouse, places.dbt_folder)
    dbt.run("build", "--select", "+mart_system_peak", *WITHOUT_TESTS)
    found = []
    for method in STANDARDISATIONS:
        with connect(places.warehouse) as connection:
            set_utility(connection, replace(source.settings, standardisation=method))
        dbt.run("build", "--select", "int_profiles_standardized", *WITHOUT_TESTS)
        profiles = read_all_days(places.warehouse)
        kinds = None if source.truth is None else true_kinds(places.warehouse, source.truth, profiles)
        k = SEGMENTS if kinds is None else len(set(kinds))
        labels = _segments(profiles, k)
        mean_kw, window_share = loads(places.warehouse, profiles.customer_keys.tolist())
        found.append(
            {
                "source": source.name,
                "method": method,
                "customers": len(labels),
                "k": k,
                "against_truth": None if kinds is None else float(adjusted_rand_score(kinds, labels)),
                "load_explained": variance_explained(mean_kw, labels),
                "window_explained": variance_explained(window_share, labels),
            }
        )
    return found


def _segments(profiles: "StandardisedProfiles", k: int) -> "NDArray[np.intp]":
    """The segment of each customer, as the pipeline gives it: unusual customers shape none (hourly_z_score: all do)."""
    from peakwise.segmentation import SegmentationSettings
    from peakwise.segmentation.class_segmentation import segment_class

    screens = profiles.standardisation != "hourly_z_score"
    settings = SegmentationSettings(k=k, seed=SEED, screens_outliers=screens)
    return segment_class(profiles.shapes, settings).labels


def loads(warehouse: Path, customer_keys: Sequence[int]) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Mean load of each customer in kW, and load in the peak window over the mean of the day, on peak days.

    The latter is NaN where the customer has no profile of peak days.
    """
    import numpy as np

    from peakwise.warehouse import connect

    hours = [f"hour_{hour:02d}_kw" for hour in range(24)]
    with connect(warehouse, read_only=True) as connection:
        [(season, first_hour)] = connection.execute(
            "select season, peak_window_start_hour from marts.mart_system_peak where is_peak_season"
        ).fetchall()
        window = [hours[(first_hour + hour) % 24] for hour in range(HOURS_OF_WINDOW)]
        rows = connection.execute(
            f"""
            select
                customer_key,
                max(({" + ".join(hours)}) / 24) filter (where season = 'all' and day_type = 'all') as mean_kw,
                max(6 * ({" + ".join(window)}) / ({" + ".join(hours)}))
                    filter (where season = $season and day_type = 'peak_day' and shape_reason is null) as window_share
            from marts.fct_customer_load_profile
            group by customer_key
            """,
            {"season": season},
        ).fetchall()
    of_customer = {key: (mean_kw, window_share) for key, mean_kw, window_share in rows}
    mean_kw, window_share = np.array([of_customer[key] for key in customer_keys], dtype=np.float64).T
    return mean_kw, window_share


def variance_explained(values: "NDArray[np.float64]", labels: "NDArray[np.intp]") -> float:
    """Share of the variance of values that lies between segments, 0 to 1; values that are NaN are left out."""
    import numpy as np

    known = ~np.isnan(values)
    values, labels = values[known], labels[known]
    within = sum(((values[labels == label] - values[labels == label].mean()) ** 2).sum() for label in np.unique(labels))
    return float(1 - within / ((values - values.mean()) ** 2).sum())


def render(found: list[dict[str, Any]]) -> str:
    """The section of the page."""
    rows = [
        [
            entry["source"],
            f"`{entry['method']}`",
            f"{entry['customers']:,}",
            str(entry["k"]),
            "" if entry["against_truth"] is None else f"{entry['against_truth']:.3f}",
            f"{entry['load_explained']:.1%}",
            f"{entry['window_explained']:.1%}",
        ]
        for entry in found
    ]
    header = ["Source", "Method", "Customers", "k", "ARI, true kinds", "Mean load", "Share in the peak window"]
    return f"""## Standardisations

The same profiles (season `all`, day type `all`) under every standardisation, segmented as the pipeline does it. The
synthetic households have the noise and the size spread that `make run` takes, no faults, and k is the number of kinds
present. The last two columns tell how much of the variance among customers lies between segments: of mean load, which
segments by shape should not tell, and of the load in the peak window over the mean of the day on peak days, which
demand response asks for. [What each method does](profiles.md#standardisation).

{table(header, rows, left=2)}
"""
