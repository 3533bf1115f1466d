"""K-means, with the restarts shared between two threads that do not see each other's sums."""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.utils.extmath import row_norms

from peakwise.segmentation.partitions import Segments, assigned, centroid_order
from peakwise.segmentation.threads import one_thread

RESTARTS = 10
"""K-means runs from this many starting points and keeps the one with the lowest inertia."""

SIDE_BY_SIDE = 2
"""Groups of restarts that run at the same time. Fixed, so that no result depends on how many cores there are."""

ROWS_WORTH_TWO_THREADS = 10_000
"""Fewer rows are fitted before a second thread has helped; callers of small fits have threads of their own."""


class StartingPoints:
    """The starting points of all restarts, drawn one after the other as `KMeans.fit` draws them, whoever asks first.

    Args:
        k: Centroids of each.
        seed: Seed of the draw.
    """

    def __init__(self, k: int, seed: int) -> None:
        self._k = k
        self._random = np.random.RandomState(seed)
        self._lock = Lock()
        self._squares: NDArray[np.float64] | None = None
        self._drawn: list[NDArray[np.float64]] = []

    def take(self, restart: int, centred: NDArray[np.float64]) -> NDArray[np.float64]:
        """The starting points of one restart, shape (k, hours).

        Args:
            restart: Its number, from 0.
            centred: The shapes minus their mean, the same for every restart. Shape (customers, hours).
        """
        with self._lock:
            if self._squares is None:
                self._squares = row_norms(centred, squared=True)
            while len(self._drawn) <= restart:
                starts, _ = kmeans_plusplus(centred, self._k, x_squared_norms=self._squares, random_state=self._random)
                self._drawn.append(starts)
            return self._drawn[restart]


def fit_kmeans(shapes: NDArray[np.float64], k: int, seed: int) -> Segments:
    """scikit-learn's K-means (Lloyd's algorithm from k-means++ starts), the best of `RESTARTS`.

    With several threads in one restart, the partial sums of a centroid are added in the order in which threads finish,
    and the last digits vary from run to run. Whole restarts on a thread each need no such sums.

    Args:
        shapes: Shape (customers, hours).
        k: Segments.
        seed: Seed of the starting points.
    """
    with one_thread():
        if len(shapes) < ROWS_WORTH_TWO_THREADS:
            fit = KMeans(n_clusters=k, n_init=RESTARTS, random_state=seed).fit(shapes)
        else:
            fit = _fit_side_by_side(shapes, k, seed)
    return assigned(shapes, fit.cluster_centers_[centroid_order(fit.cluster_centers_)])


def _fit_side_by_side(shapes: NDArray[np.float64], k: int, seed: int) -> KMeans:
    """The best fit of all groups; of equally good ones, the first. Each group copies the shapes once."""
    starting_points = StartingPoints(k, seed)

    def fit_group(group: int) -> KMeans:
        restarts = iter(range(group, RESTARTS, SIDE_BY_SIDE))

        def start(centred: NDArray[np.float64], k: int, random_state: object) -> NDArray[np.float64]:
            return starting_points.take(next(restarts), centred)

        # The limit holds for the thread that sets it, as far as OpenMP goes.
        with one_thread():
            return KMeans(n_clusters=k, init=start, n_init=len(range(group, RESTARTS, SIDE_BY_SIDE))).fit(shapes)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return min(pool.map(fit_group, range(SIDE_BY_SIDE)), key=lambda fit: fit.inertia_)
