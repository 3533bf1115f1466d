"""The algorithms beside each other: against the true kinds of a synthetic utility, and on London's households."""

import shutil
import time
from typing import Any

from side_by_side.markdown import table
from side_by_side.places import Places
from side_by_side.settings import SEED, SEGMENTS
from side_by_side.standardised import build_profiles, households, true_kinds
from side_by_side.stopwatch import Stopwatch


def measure(
    stopwatch: Stopwatch, places: Places, customers: int, months: int, london: str | None
) -> list[dict[str, Any]]:
    """Fit every algorithm to the same profiles.

    Args:
        stopwatch: Takes the time.
        places: Where to work.
        customers, months: Size of the synthetic utility: households only, of default noise and size spread, no faults.
        london: The file of London's readings, or None.

    Returns:
        One entry for each source and algorithm.
    """
    found = []
    with stopwatch.phase("algorithms"):
        for source in households(places, customers, months, london):
            profiles = build_profiles(places, source)
            kinds = None if source.truth is None else true_kinds(places.warehouse, source.truth, profiles)
            found += compare_usual(source.name, profiles.shapes, len(set(kinds)) if kinds else SEGMENTS, kinds)
        shutil.rmtree(places.home)
    return found


def compare_usual(source: str, shapes: Any, k: int, kinds: list[str] | None) -> list[dict[str, Any]]:
    """The comparison without the customers of unusual shape, whom the pipeline's fits do not see either."""
    import numpy as np

    from peakwise.segmentation.outliers import screen_outliers

    rows = np.flatnonzero(~screen_outliers(shapes, SEED).is_outlier)
    return compare_algorithms(source, shapes[rows], k, None if kinds is None else [kinds[row] for row in rows])


def compare_algorithms(source: str, shapes: Any, k: int, kinds: list[str] | None) -> list[dict[str, Any]]:
    """Figures of each algorithm's segments on the same shapes.

    Args:
        source: What the shapes are.
        shapes: Standardised profiles, shape (customers, 24).
        k: Segments.
        kinds: True kind of each customer, where known.
    """
    import numpy as np
    from sklearn.metrics import adjusted_rand_score

    from peakwise.segmentation import fit_segments
    from peakwise.segmentation.algorithms import ALGORITHMS
    from peakwise.segmentation.indices import SILHOUETTE_CUSTOMERS, SilhouetteSample, separation

    sample = SilhouetteSample(shapes, SEED, SILHOUETTE_CUSTOMERS)
    by_kmeans = fit_segments(shapes, k, SEED)
    found = []
    for algorithm in ALGORITHMS:
        started = time.perf_counter()
        segments = fit_segments(shapes, k, SEED, algorithm=algorithm)
        seconds = time.perf_counter() - started
        found.append(
            {
                "source": source,
                "customers": len(shapes),
                "k": k,
                "algorithm": algorithm,
                "against_truth": None if kinds is None else float(adjusted_rand_score(kinds, segments.labels)),
                "against_kmeans": float(adjusted_rand_score(by_kmeans.labels, segments.labels)),
                "silhouette": sample.mean(segments.labels),
                "davies_bouldin": separation(shapes, segments.labels)[0],
                "smallest": float(np.bincount(segments.labels, minlength=k).min() / len(shapes)),
                "seconds": seconds,
            }
        )
    return found


def render(found: list[dict[str, Any]]) -> str:
    """The section of the page."""
    rows = [
        [
            entry["source"],
            f"`{entry['algorithm']}`",
            f"{entry['customers']:,}",
            str(entry["k"]),
            "" if entry["against_truth"] is None else f"{entry['against_truth']:.3f}",
            f"{entry['against_kmeans']:.3f}",
            f"{entry['silhouette']:.3f}",
            f"{entry['davies_bouldin']:.2f}",
            f"{entry['smallest']:.1%}",
            f"{entry['seconds']:.2f}",
        ]
        for entry in found
    ]
    header = [
        "Source", "Algorithm", "Customers", "k", "ARI, true kinds", "ARI, `kmeans`", "Silhouette", "Davies-Bouldin",
        "Smallest", "Seconds",
    ]  # fmt: skip
    return f"""## Algorithms

The same profiles (season `all`, day type `all`, as parts of the day's energy) segmented by every algorithm,
without the customers whose shape is unusual (docs/segmentation.md). The synthetic
households have the noise and the size spread that `make run` takes, no faults, and k is the number of kinds present; a
charging vehicle is a kind of its own. Silhouette and Davies-Bouldin index are of Euclidean distances, which `dtw` does not
aim at. *Smallest* is the smallest segment's share of the customers. [What each is for](algorithms.md).

{table(header, rows, left=2)}
"""
