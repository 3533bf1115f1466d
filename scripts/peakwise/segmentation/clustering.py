"""Fits segments to load shapes: the same rows give the same segments, on any number of threads."""

import numpy as np
from numpy.typing import NDArray

from peakwise.errors import UnusableInput
from peakwise.segmentation.algorithms import ALGORITHMS
from peakwise.segmentation.partitions import (
    DECIMALS,
    ROWS_AT_ONCE,
    CentroidDistances,
    Segments,
    assigned,
    centroid_distances,
    centroid_order,
    different_shapes,
)

__all__ = [
    "DECIMALS",
    "ROWS_AT_ONCE",
    "CentroidDistances",
    "Segments",
    "assigned",
    "centroid_distances",
    "centroid_order",
    "different_shapes",
    "fit_segments",
]


def fit_segments(shapes: NDArray[np.float64], k: int, seed: int, algorithm: str = "kmeans") -> Segments:
    """Partition load shapes into k segments.

    Every algorithm works in float64 and adds up in a fixed order. A fit depends on the order of the rows, so callers sort
    them (Peakwise: by customer_id).

    Args:
        shapes: One row per customer, one column per hour, finite. Shape (customers, hours).
        k: Number of segments, from 1 to the number of different shapes.
        seed: Seed of all that is drawn, 0 to 2**32 - 1.
        algorithm: `kmeans`, `ward` or `dtw` (docs/algorithms.md).

    Raises:
        ValueError: A value is not finite, or there are fewer customers than k.
        UnusableInput: There is no such algorithm, or it does not work on such shapes.
    """
    if algorithm not in ALGORITHMS:
        raise UnusableInput(f"The algorithm must be one of {', '.join(ALGORITHMS)}, not '{algorithm}'.")
    shapes = np.ascontiguousarray(shapes, dtype=np.float64)
    if shapes.ndim != 2 or not np.isfinite(shapes).all():
        raise ValueError("Shapes must be finite numbers, one row per customer and one column per hour.")
    if not 1 <= k <= len(shapes):
        raise ValueError(f"{len(shapes)} customers cannot make {k} segments.")
    return ALGORITHMS[algorithm](shapes, k, seed)
