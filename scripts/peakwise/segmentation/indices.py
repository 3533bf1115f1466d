"""Cluster indices: silhouette, Davies-Bouldin and Calinski-Harabasz as scikit-learn defines them; MIA, CDI, Toussaint."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

from peakwise.segmentation.threads import one_thread

ROWS_AT_ONCE = 100_000
"""Rows worked on together, so that memory does not grow with the number of customers."""

COMPARED_AT_ONCE = 128
"""Customers whose distances to all others in a silhouette sample are worked on together: few enough for a cache."""

SILHOUETTE_CUSTOMERS = 5_000
"""Above this many customers the silhouette is measured on a random sample of this size: its cost is quadratic."""


def sampled_rows(customers: int, size: int, seed: int) -> NDArray[np.intp]:
    """A seeded random sample of row numbers in rising order; all rows when there are no more than `size`."""
    if customers <= size:
        return np.arange(customers)
    return np.sort(np.random.default_rng(seed).choice(customers, size=size, replace=False))


class SilhouetteSample:
    """Customers among whom silhouettes are measured, for as many partitions as wanted.

    Within the sample, a customer is compared with the sampled members of the own and of the next segment
    (Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7). Distances are computed a few rows at a time and forgotten; a
    product with the members of every segment adds them up for all partitions at once.

    Args:
        shapes: All customers, shape (customers, hours).
        seed: Seed of the sample.
        size: Most customers in the sample.
    """

    def __init__(self, shapes: NDArray[np.float64], seed: int, size: int) -> None:
        self.rows = sampled_rows(len(shapes), size, seed)
        sampled = shapes[self.rows]
        self._centred = sampled - sampled.mean(axis=0)

    def silhouettes(self, labels: NDArray[np.intp]) -> NDArray[np.float64]:
        """Silhouette, -1 to 1, of each sampled customer; NaN where it has no meaning.

        It has none when the sample holds a single segment, or when every sampled customer is a segment.

        Args:
            labels: Segment of every customer, sampled or not. Shape (customers,).

        Returns:
            In the order of `rows`, shape (sampled customers,).
        """
        return self.silhouettes_of_all([labels])[0]

    def silhouettes_of_all(self, partitions: Sequence[NDArray[np.intp]]) -> NDArray[np.float64]:
        """Silhouettes of several partitions, in little more time than those of one.

        Args:
            partitions: For each the segment of every customer, as in `silhouettes`.

        Returns:
            Shape (partitions, sampled customers).
        """
        sampled = [np.unique(labels[self.rows], return_inverse=True)[1] for labels in partitions]
        found = np.full((len(sampled), len(self.rows)), np.nan)
        meant = [number for number, labels in enumerate(sampled) if 1 <= labels.max() < len(labels) - 1]
        sums = self._summed_distances([sampled[number] for number in meant])
        for number, summed in zip(meant, sums, strict=True):
            found[number] = _silhouettes(summed, sampled[number])
        return found

    def mean(self, labels: NDArray[np.intp]) -> float:
        """Mean silhouette of the sampled customers; NaN where it has no meaning."""
        return float(self.silhouettes(labels).mean())

    def _summed_distances(self, partitions: list[NDArray[np.intp]]) -> list[NDArray[np.float64]]:
        """For each partition the sums of distances to all members of each segment, shape (sampled customers, segments)."""
        if not partitions:
            return []
        customers = len(self.rows)
        members = np.concatenate([np.eye(labels.max() + 1)[labels] for labels in partitions], axis=1)
        squares = np.einsum("ij,ij->i", self._centred, self._centred)
        # One product gives |x|^2 - 2xy + |y|^2.
        some = np.column_stack([-2 * self._centred, squares, np.ones(customers)])
        others = np.column_stack([self._centred, np.ones(customers), squares]).T
        sums = np.zeros((customers, members.shape[1]))
        memory = np.empty(min(customers, COMPARED_AT_ONCE) * customers)
        with one_thread():
            for first in range(0, customers, COMPARED_AT_ONCE):
                # Distances have no direction: each pair is measured once, and counts for both.
                after = min(first + COMPARED_AT_ONCE, customers)
                shape = (after - first, customers - first)
                distances = memory[: shape[0] * shape[1]].reshape(shape)
                np.matmul(some[first:after], others[:, first:], out=distances)
                np.maximum(distances, 0.0, out=distances)
                np.sqrt(distances, out=distances)
                # Nobody is at a distance from himself, whatever rounding says.
                np.fill_diagonal(distances, 0.0)
                sums[first:after] += distances @ members[first:]
                sums[after:] += distances[:, shape[0] :].T @ members[first:after]
        return np.split(sums, np.cumsum([labels.max() + 1 for labels in partitions])[:-1], axis=1)


def _silhouettes(sums: NDArray[np.float64], labels: NDArray[np.intp]) -> NDArray[np.float64]:
    """Silhouettes from the sums of distances to all members of each segment; 0 for who is alone in one.

    Args:
        sums: Shape (customers, segments).
        labels: Segment of each customer, shape (customers,).
    """
    every = np.arange(len(labels))
    sizes = np.bincount(labels, minlength=sums.shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        own = sums[every, labels] / (sizes - 1)[labels]
        means = sums / sizes
        means[every, labels] = np.inf
        following = means.min(axis=1)
        return np.nan_to_num((following - own) / np.maximum(own, following))


def separation(shapes: NDArray[np.float64], labels: NDArray[np.intp]) -> tuple[float, float]:
    """Davies-Bouldin index (lower is better) and Calinski-Harabasz index (higher is better); NaN without meaning."""
    if not 2 <= len(np.unique(labels)) < len(labels):
        return math.nan, math.nan
    with one_thread():
        return float(davies_bouldin_score(shapes, labels)), float(calinski_harabasz_score(shapes, labels))


def mean_index_adequacy(shapes: NDArray[np.float64], labels: NDArray[np.intp], centroids: NDArray[np.float64]) -> float:
    """Mean index adequacy (MIA), lower is better: how far customers lie from their centroid.

    The root of the mean over clusters of d^2, d being the root mean square distance of a cluster's members to its
    centroid. Chicco, Napoli and Piglione 2006 (doi:10.1109/TPWRS.2006.873122).

    Args:
        shapes: Shape (customers, hours).
        labels: Cluster of each customer, shape (customers,).
        centroids: Shape (k, hours); each has a member.
    """
    own = np.empty(len(shapes))
    for first in range(0, len(shapes), ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        difference = shapes[part] - centroids[labels[part]]
        own[part] = np.einsum("ij,ij->i", difference, difference)
    members = np.bincount(labels, minlength=len(centroids))
    return float(np.sqrt(np.mean(np.bincount(labels, weights=own, minlength=len(centroids)) / members)))


def clustering_dispersion(adequacy: float, centroids: NDArray[np.float64]) -> float:
    """Clustering dispersion indicator (CDI), lower is better: MIA over the root mean square spread of the centroids.

    Chicco, Napoli and Piglione 2006. A version in circulation leaves out a square root and then no longer is this ratio.

    Args:
        adequacy: The MIA of the partition.
        centroids: Shape (k, hours).

    Returns:
        NaN when the centroids do not differ.
    """
    spread = float(np.sqrt(np.square(centroids - centroids.mean(axis=0)).sum(axis=1).mean()))
    return adequacy / spread if spread > 0 else math.nan


def toussaint_index(davies_bouldin: float, adequacy: float, silhouette: float) -> float:
    """Toussaint's combined index Ix = Davies-Bouldin x MIA / silhouette, lower is better; NaN unless silhouette > 0."""
    return davies_bouldin * adequacy / silhouette if silhouette > 0 else math.nan


def elbow(inertias: Sequence[float]) -> NDArray[np.float64]:
    """How far the fall of inertia bends at each k: the curve's height below the chord from its first to its last point.

    Both axes are scaled to 0 to 1, so the result is, too, in all but freak cases; the greatest is the elbow (the idea of
    Satopaa et al. 2011, doi:10.1109/ICDCSW.2011.20).

    Args:
        inertias: Inertia of rising, evenly spaced k, shape (k,).

    Returns:
        Shape (k,); zeros when the inertia does not fall.
    """
    values = np.asarray(inertias, dtype=np.float64)
    fall = values[0] - values[-1]
    if len(values) < 3 or fall <= 0:
        return np.zeros(len(values))
    return (values[0] - values) / fall - np.linspace(0, 1, len(values))
