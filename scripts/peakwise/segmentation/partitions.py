"""Partitions of load shapes: what they are, in which order segments stand, and who is nearest to which centroid."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ROWS_AT_ONCE = 20_000
"""Rows whose distances are computed together: memory does not grow with the customers, and their differences fit a cache."""

DECIMALS = 9
"""Shapes and centroids that agree to this many decimals are the same; closer differences are rounding."""


class Segments(NamedTuple):
    """A partition of customers into k segments, numbered 0 to k - 1 by the rule of `centroid_order`."""

    labels: NDArray[np.intp]
    """Segment of each customer, shape (customers,)."""
    centroids: NDArray[np.float64]
    """Final centroids in the unit of the shapes, shape (k, hours)."""
    inertia: float
    """Sum of squared Euclidean distances of all customers to their own centroid, whatever the algorithm measures by."""


class CentroidDistances(NamedTuple):
    """Where customers lie between the centroids."""

    labels: NDArray[np.intp]
    """Index of the nearest centroid; of equally near ones, the lowest. Shape (customers,)."""
    own: NDArray[np.float64]
    """Euclidean distance to the nearest centroid, shape (customers,)."""
    following: NDArray[np.float64]
    """Euclidean distance to the second nearest centroid, NaN when there is only one. Shape (customers,)."""


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
