"""Lloyd's algorithm from many starting points at once, for the many small fits of the sweep, the clouds and the resamples.

What scikit-learn's K-means does restart by restart, a round of all restarts does here in one product of matrices, and
only customers who change sides move the sums behind the centroids. Both rules of convergence, and the choice of the best
restart, are scikit-learn's, so the centroids are the same but for rounding. The tests compare them.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

MOST_ROUNDS = 300
"""A restart ends after this many rounds, converged or not."""


def best_centroids(
    shapes: NDArray[np.float64], counts: NDArray[np.float64], starts: NDArray[np.float64], tolerance: float
) -> NDArray[np.float64] | None:
    """The centroids of the restart with the lowest inertia.

    Args:
        shapes: Their mean is best near zero: distances are taken from dot products. Shape (rows, hours).
        counts: How many customers each row stands for, above zero. Shape (rows,).
        starts: Starting points of each restart, shape (restarts, k, hours).
        tolerance: A restart has converged when nobody changes sides, or when the squared moves of its centroids sum to
            no more than this.

    Returns:
        Shape (k, hours); None when a cluster of some restart ran empty: what to do then is the caller's to say.
    """
    columns = np.vstack([shapes.T, np.ones(len(shapes))])
    converged = _converged(columns, counts, starts, tolerance)
    if converged is None:
        return None
    scores = _scores(converged, columns, np.empty((*starts.shape[:2], len(shapes))))
    inertias = (scores.min(axis=1) + np.square(shapes).sum(axis=1)) @ counts
    labels = scores.argmin(axis=1)
    best = 0
    for restart in range(1, len(starts)):
        # A lower inertia of the same partition is a matter of rounding, or of when the restart ended.
        if inertias[restart] < inertias[best] and not _are_same(labels[restart], labels[best]):
            best = restart
    return converged[best]


def _converged(
    columns: NDArray[np.float64], counts: NDArray[np.float64], starts: NDArray[np.float64], tolerance: float
) -> NDArray[np.float64] | None:
    """Where each restart ends, shape (restarts, k, hours); None when a cluster ran empty.

    Args:
        columns: The shapes as columns, and a row of ones. Shape (hours + 1, rows).
        counts: Shape (rows,).
        starts: Shape (restarts, k, hours).
        tolerance: As in `best_centroids`.
    """
    restarts, k, hours = starts.shape
    rows = columns.shape[1]
    counted = np.ascontiguousarray((columns * counts).T)
    ended = starts.copy()
    running, centroids = np.arange(restarts), starts
    sums = np.zeros((restarts, k, hours + 1))  # of the shapes in each cluster, and how many they are
    belongs = np.zeros((restarts, k, rows), dtype=bool)
    # Memory that is asked for anew in every round would cost as much as the arithmetic.
    scores, nearest = np.empty((restarts, k, rows)), np.empty((restarts, k, rows), dtype=bool)
    bounds = np.arange(restarts * k + 1) * rows
    for _ in range(MOST_ROUNDS):
        here = len(running)
        _find_nearest(_scores(centroids, columns, scores[:here]), nearest[:here])
        changes = np.flatnonzero(nearest[:here] != belongs)
        belongs[:] = nearest[:here]
        ends = np.searchsorted(changes, bounds[: here * k + 1])
        joins_or_leaves = np.where(belongs.ravel()[changes], 1.0, -1.0)
        moves = csr_array((joins_or_leaves, changes % rows, ends), shape=(here * k, rows))
        sums += (moves @ counted).reshape(sums.shape)
        # Whole numbers, so that adding and taking away leaves them exact.
        if not sums[..., hours].all():
            return None
        before, centroids = centroids, sums[..., :hours] / sums[..., hours:]
        ended[running] = centroids
        nobody_changes = ends[k::k] == ends[:-k:k]
        goes_on = ~nobody_changes & (np.square(centroids - before).sum(axis=(1, 2)) > tolerance)
        if not goes_on.all():
            running, centroids = running[goes_on], centroids[goes_on]
            sums, belongs = sums[goes_on], belongs[goes_on]
            if not len(running):
                break
    return ended


def _scores(
    centroids: NDArray[np.float64], columns: NDArray[np.float64], scores: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Squared distances to centroids less the square of the shape itself, |c|^2 - 2cx, written to `scores`.

    Args:
        centroids: Shape (restarts, k, hours).
        columns: Shape (hours + 1, rows).
        scores: Shape (restarts, k, rows).
    """
    restarts, k, hours = centroids.shape
    squares = np.square(centroids).sum(axis=2, keepdims=True)
    factors = np.concatenate([-2 * centroids, squares], axis=2).reshape(restarts * k, hours + 1)
    np.matmul(factors, columns, out=scores.reshape(restarts * k, -1))
    return scores


def _find_nearest(scores: NDArray[np.float64], nearest: NDArray[np.bool_]) -> None:
    """Mark the lowest score of each row in each restart; of equal ones, the first. Both of shape (restarts, k, rows)."""
    np.equal(scores, scores.min(axis=1, keepdims=True), out=nearest)
    restarts, k, rows = scores.shape
    if np.count_nonzero(nearest) != restarts * rows:
        np.equal(nearest.argmax(axis=1)[:, None, :], np.arange(k)[:, None], out=nearest)


def _are_same(some: NDArray[np.intp], others: NDArray[np.intp]) -> bool:
    """Whether two partitions of the same rows differ in nothing but the numbers of their clusters."""
    pairs = np.unique(some * (others.max() + 1) + others)
    return len(pairs) == len(np.unique(some)) == len(np.unique(others))
