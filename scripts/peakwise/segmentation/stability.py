"""Would other customers of the same kind have given the same segments? Fits on bootstrap resamples tell."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from peakwise.segmentation.clustering import centroid_distances, fit_segments
from peakwise.segmentation.indices import sampled_rows
from peakwise.segmentation.threads import one_thread

RESAMPLES = 10
"""Bootstrap resamples for each k."""

RESAMPLED_CUSTOMERS = 2_000
"""Above this many customers, a random sample of this size stands for them."""


def adjusted_rand_index(some: NDArray[np.integer], others: NDArray[np.integer]) -> float:
    """Agreement of two partitions of the same customers: 1 when equal up to names, about 0 when by chance.

    Hubert and Arabie 1985 (doi:10.1007/BF01908075), as scikit-learn computes it.
    """
    return float(adjusted_rand_score(some, others))


def measure_stability(
    shapes: NDArray[np.float64], centroids_by_k: Mapping[int, NDArray[np.float64]], seed: int
) -> dict[int, float]:
    """Mean adjusted Rand index between a partition and those that resampled customers give.

    For each resample, drawn with replacement, K-means fits anew, and its centroids partition the same customers as the
    centroids to be judged do.

    Args:
        shapes: Shape (customers, hours).
        centroids_by_k: The centroids to judge, for each k of shape (k, hours).
        seed: Seed of the resamples and of K-means.

    Returns:
        For each k from -0.5 to 1; NaN where k is 1, or a resample holds too few different customers.
    """
    shapes = shapes[sampled_rows(len(shapes), RESAMPLED_CUSTOMERS, seed)]
    judged = {k: centroid_distances(shapes, centroids).labels for k, centroids in centroids_by_k.items() if k > 1}

    def agreement(task: tuple[int, int]) -> float:
        k, number = task
        drawn = np.sort(np.random.default_rng([seed, number]).integers(0, len(shapes), len(shapes)))
        if len(np.unique(drawn)) < k:
            return np.nan
        refitted = fit_segments(shapes[drawn], k, seed).centroids
        return adjusted_rand_index(judged[k], centroid_distances(shapes, refitted).labels)

    tasks = [(k, number) for k in judged for number in range(RESAMPLES)]
    # Resamples do not know of each other, so they can share the cores; each adds up its own numbers in one thread.
    with one_thread(), ThreadPoolExecutor(os.cpu_count()) as pool:
        agreements = dict(zip(tasks, pool.map(agreement, tasks), strict=True))
    stability = {k: float(np.mean([agreements[k, number] for number in range(RESAMPLES)])) for k in judged}
    return {k: stability.get(k, np.nan) for k in centroids_by_k}
