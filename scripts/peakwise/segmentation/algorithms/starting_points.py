"""The starting points of K-means: greedy k-means++, all restarts at once or one after the other, with the same draws."""

from threading import Lock

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import kmeans_plusplus
from sklearn.utils.extmath import row_norms


def drawn_together(
    shapes: NDArray[np.float64], k: int, restarts: int, seed: int, counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The starting points of all restarts, those that `KMeans.fit` draws one after the other but for rounding.

    Every step draws a few candidates for each restart, likelier the farther they are from the points there are, and
    keeps the best (Arthur and Vassilvitskii 2007; scikit-learn's way of drawing). How many numbers a restart draws does
    not depend on the shapes, so one step of all restarts is one product of matrices.

    Args:
        shapes: Shape (rows, hours). Their mean is best near zero: squares are taken from dot products.
        k: Points of each restart.
        restarts: How many times to draw them.
        seed: Seed of the draws.
        counts: How many customers each row stands for, above zero. Shape (rows,).

    Returns:
        Rows of the shapes, shape (restarts, k, hours).
    """
    rows, trials = len(shapes), 2 + int(np.log(k))
    draws = np.random.RandomState(seed).random_sample((restarts, 1 + (k - 1) * trials))
    squares = row_norms(shapes, squared=True)
    # One product gives |x|^2 - 2xy + |y|^2.
    candidates = np.column_stack([-2 * shapes, squares, np.ones(rows)])
    everybody = np.column_stack([shapes, np.ones(rows), squares]).T

    every = np.arange(restarts)
    chosen = np.empty((restarts, k), dtype=np.intp)
    shares = np.cumsum(counts / counts.sum())
    chosen[:, 0] = np.searchsorted(shares / shares[-1], draws[:, 0], side="right")
    nearest = np.maximum(candidates[chosen[:, 0]] @ everybody, 0.0)
    # Memory that is asked for anew in every step would cost as much as the arithmetic.
    sums, found = np.empty_like(nearest), np.empty((restarts, trials, rows))
    for point in range(1, k):
        np.cumsum(np.multiply(nearest, counts, out=sums), axis=1, out=sums)
        numbers = draws[:, 1 + (point - 1) * trials : 1 + point * trials] * (nearest @ counts)[:, None]
        drawn = np.array([np.searchsorted(*pair) for pair in zip(sums, numbers, strict=True)])
        np.minimum(drawn, rows - 1, out=drawn)
        np.matmul(candidates[drawn.ravel()], everybody, out=found.reshape(-1, rows))
        np.minimum(found, nearest[:, None, :], out=found)
        best = (found.reshape(-1, rows) @ counts).reshape(restarts, trials).argmin(axis=1)
        np.maximum(found[every, best], 0.0, out=nearest)
        chosen[:, point] = drawn[every, best]
    return shapes[chosen]


class DrawnInTurn:
    """The starting points of all restarts, drawn one after the other as `KMeans.fit` draws them, whoever asks first.

    For many rows: the memory of a draw is that of one restart, and while one thread draws, another fits.

    Args:
        k: Points of each restart.
        seed: Seed of the draws.
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
