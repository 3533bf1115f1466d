"""K-means on load shapes: the same rows give the same segments, on any number of threads."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from peakwise.segmentation.threads import one_thread

RESTARTS = 10
"""K-means runs from this many starting points and keeps the one with the lowest inertia."""

ROWS_AT_ONCE = 100_000
"""Rows whose distances are computed together, so that memory does not grow with the number of customers."""

DECIMALS = 9
"""Shapes and centroids that agree to this many decimals are the same; closer differences are rounding."""


class Segments(NamedTuple):
    """A partition of customers into k segments, numbered 0 to k - 1 by the rule of `centroid_order`."""

    labels: NDArray[np.intp]
    """Segment of each customer, shape (customers,)."""
    centroids: NDArray[np.float64]
    """Final K-means centroids in the unit of the shapes, shape (k, hours)."""
    inertia: float
    """Sum of squared distances of all customers to their own centroid."""


class CentroidDistances(NamedTuple):
    """Where customers lie between the centroids."""

    labels: NDArray[np.intp]
    """Index of the nearest centroid; of equally near ones, the lowest. Shape (customers,)."""
    own: NDArray[np.float64]
    """Euclidean distance to the nearest centroid, shape (customers,)."""
    following: NDArray[np.float64]
    """Euclidean distance to the second nearest centroid, NaN when there is only one. Shape (customers,)."""


def fit_segments(shapes: NDArray[np.float64], k: int, seed: int) -> Segments:
    """Partition load shapes into k segments.

    scikit-learn's K-means (Lloyd's algorithm, `n_init=10`) in float64 on one thread: with several threads the partial
    sums of a centroid are added in the order in which threads finish, and the last digits vary from run to run. The
    fit depends on the order of the rows, so callers sort them (Peakwise: by customer_id).

    Args:
        shapes: One row per customer, one column per hour, finite. Shape (customers, hours).
        k: Number of segments, from 1 to the number of different shapes.
        seed: Seed of the starting points, 0 to 2**32 - 1.

    Raises:
        ValueError: A value is not finite, or there are fewer customers than k.
    """
    shapes = np.ascontiguousarray(shapes, dtype=np.float64)
    if shapes.ndim != 2 or not np.isfinite(shapes).all():
        raise ValueError("Shapes must be finite numbers, one row per customer and one column per hour.")
    if not 1 <= k <= len(shapes):
        raise ValueError(f"{len(shapes)} customers cannot make {k} segments.")
    with one_thread():
        fit = KMeans(n_clusters=k, n_init=RESTARTS, random_state=seed, algorithm="lloyd").fit(shapes)
    centroids = fit.cluster_centers_[centroid_order(fit.cluster_centers_)]
    return assigned(shapes, centroids)


def assigned(shapes: NDArray[np.float64], centroids: NDArray[np.float64]) -> Segments:
    """The partition that gives every customer to the nearest of these centroids."""
    distances = centroid_distances(shapes, centroids)
    return Segments(distances.labels, centroids, float(np.square(distances.own).sum()))


def centroid_order(centroids: NDArray[np.float64]) -> NDArray[np.intp]:
    """Order of segments: by the hour of the centroid's maximum, then by its values from hour 0 on.

    K-means numbers its clusters by chance. The hour of the maximum says something to a reader, does not depend on how
    many customers a segment has, and on resampled London households it kept the numbers more often than the order by
    size or by mean hour did (docs/segmentation.md). Values are rounded first: rounding errors decide nothing.

    Returns:
        Indices that sort the centroids, shape (k,).
    """
    rounded = np.round(centroids, DECIMALS)
    keys = [rounded[:, hour] for hour in reversed(range(rounded.shape[1]))]
    return np.lexsort([*keys, rounded.argmax(axis=1)])


def centroid_distances(shapes: NDArray[np.float64], centroids: NDArray[np.float64]) -> CentroidDistances:
    """Distances to the nearest and second nearest centroid, from differences in float64, not from dot products."""
    customers, k = len(shapes), len(centroids)
    labels = np.empty(customers, dtype=np.intp)
    own = np.empty(customers)
    following = np.full(customers, np.nan)
    for first in range(0, customers, ROWS_AT_ONCE):
        part = slice(first, min(first + ROWS_AT_ONCE, customers))
        squared = np.empty((part.stop - part.start, k))
        for index, centroid in enumerate(centroids):
            difference = shapes[part] - centroid
            squared[:, index] = np.einsum("ij,ij->i", difference, difference)
        labels[part] = squared.argmin(axis=1)
        if k > 1:
            squared.partition(1, axis=1)
            following[part] = np.sqrt(squared[:, 1])
        own[part] = np.sqrt(squared[:, 0])
    return CentroidDistances(labels, own, following)


def different_shapes(shapes: NDArray[np.float64], *, enough: int) -> int:
    """How many different shapes there are, counted no further than `enough`."""
    first_rows = np.unique(np.round(shapes[:1_000], DECIMALS), axis=0)
    if len(first_rows) >= enough or len(shapes) <= 1_000:
        return min(len(first_rows), enough)
    return min(len(np.unique(np.round(shapes, DECIMALS), axis=0)), enough)
