"""Cluster indices: silhouette, Davies-Bouldin and Calinski-Harabasz, as scikit-learn computes them."""

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_samples
from sklearn.metrics.pairwise import euclidean_distances

from peakwise.segmentation.threads import one_thread

SILHOUETTE_CUSTOMERS = 5_000
"""Above this many customers the silhouette is measured on a random sample of this size: its cost is quadratic."""


def sampled_rows(customers: int, size: int, seed: int) -> NDArray[np.intp]:
    """A seeded random sample of row numbers in rising order; all rows when there are no more than `size`."""
    if customers <= size:
        return np.arange(customers)
    return np.sort(np.random.default_rng(seed).choice(customers, size=size, replace=False))


class SilhouetteSample:
    """Customers among whom silhouettes are measured, with their distances, for as many partitions as wanted.

    Within the sample, a customer is compared with the sampled members of the own and of the next segment
    (Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7).

    Args:
        shapes: All customers, shape (customers, hours).
        seed: Seed of the sample.
        size: Most customers in the sample.
    """

    def __init__(self, shapes: NDArray[np.float64], seed: int, size: int) -> None:
        self.rows = sampled_rows(len(shapes), size, seed)
        with one_thread():
            self._distances = euclidean_distances(shapes[self.rows])
        np.fill_diagonal(self._distances, 0.0)

    def silhouettes(self, labels: NDArray[np.intp]) -> NDArray[np.float64]:
        """Silhouette, -1 to 1, of each sampled customer; NaN where it has no meaning.

        It has none when the sample holds a single segment, or when every sampled customer is a segment.

        Args:
            labels: Segment of every customer, sampled or not. Shape (customers,).

        Returns:
            In the order of `rows`, shape (sampled customers,).
        """
        sampled = labels[self.rows]
        if not 2 <= len(np.unique(sampled)) < len(sampled):
            return np.full(len(sampled), np.nan)
        return silhouette_samples(self._distances, sampled, metric="precomputed")

    def mean(self, labels: NDArray[np.intp]) -> float:
        """Mean silhouette of the sampled customers; NaN where it has no meaning."""
        return float(self.silhouettes(labels).mean())


def separation(shapes: NDArray[np.float64], labels: NDArray[np.intp]) -> tuple[float, float]:
    """Davies-Bouldin index (lower is better) and Calinski-Harabasz index (higher is better); NaN without meaning."""
    if not 2 <= len(np.unique(labels)) < len(labels):
        return math.nan, math.nan
    with one_thread():
        return float(davies_bouldin_score(shapes, labels)), float(calinski_harabasz_score(shapes, labels))
