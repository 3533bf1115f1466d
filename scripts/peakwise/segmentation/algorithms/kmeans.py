"""K-means: small fits run all restarts at once, large ones share them between two threads that do not see each other's sums."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from peakwise.segmentation.algorithms.lloyd import best_centroids
from peakwise.segmentation.algorithms.starting_points import DrawnInTurn, drawn_together
from peakwise.segmentation.partitions import Segments, assigned, centroid_order
from peakwise.segmentation.threads import one_thread

RESTARTS = 10
"""K-means runs from this many starting points and keeps the one with the lowest inertia."""

TOLERANCE = 1e-4
"""A restart has converged when its centroids' squared moves sum to no more than this part of the shapes' mean variance."""

SIDE_BY_SIDE = 2
"""Groups of restarts that run at the same time. Fixed, so that no result depends on how many cores there are."""

ROWS_WORTH_TWO_THREADS = 10_000
"""Fewer rows are fitted before a second thread has helped; callers of small fits have threads of their own."""


def fit_kmeans(shapes: NDArray[np.float64], k: int, seed: int) -> Segments:
    """K-means as scikit-learn defines it (Lloyd's algorithm from k-means++ starts), the best of `RESTARTS`.

    Args:
        shapes: Shape (customers, hours).
        k: Segments.
        seed: Seed of the starting points.
    """
    if len(shapes) < ROWS_WORTH_TWO_THREADS:
        return assigned(shapes, fit_counted(shapes, np.ones(len(shapes), dtype=np.intp), k, seed))
    with one_thread():
        centroids = _fit_side_by_side(shapes, k, seed).cluster_centers_
    return assigned(shapes, centroids[centroid_order(centroids)])


def fit_counted(shapes: NDArray[np.float64], counts: NDArray[np.integer], k: int, seed: int) -> NDArray[np.float64]:
    """Centroids of K-means where a row stands for several customers of one shape, as it does in a bootstrap resample.

    They are those that scikit-learn finds among the rows written out as often as they count, but for rounding.

    Args:
        shapes: Shape (rows, hours).
        counts: Customers of each row, at least 1. Shape (rows,).
        k: Centroids.
        seed: Seed of the starting points.

    Returns:
        In the order of `centroid_order`, shape (k, hours).
    """
    with one_thread():
        mean = shapes.mean(axis=0)
        centred, weights = shapes - mean, counts.astype(np.float64)
        # A single centroid is the mean, wherever it starts.
        starts = drawn_together(centred, k, RESTARTS if k > 1 else 1, seed, weights)
        squares = np.average(np.square(centred), axis=0, weights=weights)
        variances = squares - np.square(np.average(centred, axis=0, weights=weights))
        found = best_centroids(centred, weights, starts, TOLERANCE * float(variances.mean()))
        if found is not None:
            centroids = found + mean
        else:
            # A cluster ran empty, and scikit-learn knows which customers to give it.
            written_out = np.repeat(shapes, counts, axis=0)
            fit = KMeans(n_clusters=k, n_init=RESTARTS, random_state=seed, tol=TOLERANCE).fit(written_out)
            centroids = fit.cluster_centers_
    return centroids[centroid_order(centroids)]


def _fit_side_by_side(shapes: NDArray[np.float64], k: int, seed: int) -> KMeans:
    """The best fit of all groups; of equally good ones, the first. Each group copies the shapes once.

    With several threads in one restart, the partial sums of a centroid are added in the order in which threads finish,
    and the last digits vary from run to run. Whole restarts on a thread each need no such sums.
    """
    starting_points = DrawnInTurn(k, seed)

    def fit_group(group: int) -> KMeans:
        restarts = iter(range(group, RESTARTS, SIDE_BY_SIDE))

        def start(centred: NDArray[np.float64], k: int, random_state: object) -> NDArray[np.float64]:
            return starting_points.take(next(restarts), centred)

        # The limit holds for the thread that sets it, as far as OpenMP goes.
        with one_thread():
            return KMeans(n_clusters=k, init=start, n_init=len(range(group, RESTARTS, SIDE_BY_SIDE))).fit(shapes)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return min(pool.map(fit_group, range(SIDE_BY_SIDE)), key=lambda fit: fit.inertia_)
