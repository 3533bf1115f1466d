"""Would other customers of the same kind have given the same segments? Fits on bootstrap resamples tell."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from peakwise.segmentation.algorithms.kmeans import fit_counted
from peakwise.segmentation.clustering import centroid_distances
from peakwise.segmentation.indices import sampled_rows
from peakwise.segmentation.threads import side_by_side

RESAMPLES = 10
"""Bootstrap resamples for each k."""

RESAMPLED_CUSTOMERS = 2_000
"""Above this many customers, a random sample of this size stands for them."""


def adjusted_rand_index(some: NDArray[np.integer], others: NDArray[np.integer]) -> float:
    """Agreement of two partitions of the same customers: 1 when equal up to names, about 0 when by chance.

    Hubert and Arabie 1985 (doi:10.1007/BF01908075), from counts of pairs, in whole numbers as scikit-learn computes it
    and without its checks, which take longer than a fit.

    Args:
        some: Cluster of each customer, from 0. Shape (customers,).
        others: The same of the other partition.
    """
    clusters = int(others.max()) + 1
    together = np.bincount(some * clusters + others, minlength=(int(some.max()) + 1) * clusters).reshape(-1, clusters)
    pairs = int(np.square(together).sum())
    of_some = int(np.square(together.sum(axis=1)).sum()) - pairs
    of_others = int(np.square(together.sum(axis=0)).sum()) - pairs
    in_both, in_neither = pairs - len(some), len(some) ** 2 - of_some - of_others - pairs
    if not of_some and not of_others:
        return 1.0
    return (
        2.0
        * (in_both * in_neither - of_some * of_others)
        / ((in_both + of_some) * (of_some + in_neither) + (in_both + of_others) * (of_others + in_neither))
    )


def measure_stability(
    shapes: NDArray[np.float64], centroids_by_k: Mapping[int, NDArray[np.float64]], seed: int
) -> dict[int, float]:
    """Mean adjusted Rand index between a partition and those that resampled customers give.

    For each resample, drawn with replacement, K-means fits anew, and its centroids partition the same customers as the
    centroids to be judged do. A customer drawn several times is a row that counts several times.

    Args:
        shapes: Shape (customers, hours).
        centroids_by_k: The centroids to judge, for each k of shape (k, hours).
        seed: Seed of the resamples and of K-means.

    Returns:
        For each k from -0.5 to 1; NaN where k is 1, or a resample holds too few different customers.
    """
    shapes = shapes[sampled_rows(len(shapes), RESAMPLED_CUSTOMERS, seed)]
    judged = {k: centroid_distances(shapes, centroids).labels for k, centroids in centroids_by_k.items() if k > 1}
    resamples = [
        np.bincount(np.random.default_rng([seed, number]).integers(0, len(shapes), len(shapes)), minlength=len(shapes))
        for number in range(RESAMPLES)
    ]

    def agreement(task: tuple[int, int]) -> float:
        k, number = task
        drawn = np.flatnonzero(resamples[number])
        if len(drawn) < k:
            return np.nan
        refitted = fit_counted(shapes[drawn], resamples[number][drawn], k, seed)
        return adjusted_rand_index(judged[k], centroid_distances(shapes, refitted).labels)

    tasks = [(k, number) for k in sorted(judged, reverse=True) for number in range(RESAMPLES)]
    agreements = dict(zip(tasks, side_by_side(agreement, tasks), strict=True))
    stability = {k: float(np.mean([agreements[k, number] for number in range(RESAMPLES)])) for k in judged}
    return {k: stability.get(k, np.nan) for k in centroids_by_k}
