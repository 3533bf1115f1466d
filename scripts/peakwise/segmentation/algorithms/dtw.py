"""K-means by dynamic time warping: the same day an hour or two earlier is the same shape."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peakwise.errors import UnusableInput
from peakwise.segmentation.algorithms.sampling import sampled_shapes
from peakwise.segmentation.partitions import ROWS_AT_ONCE, Segments, centroid_order

HOURS = 24
WINDOW_HOURS = 2
"""An hour is compared with hours up to this far away (Sakoe and Chiba 1978, doi:10.1109/TASSP.1978.1163055)."""

RESTARTS = 10
"""K-means runs from this many starting points and keeps the one with the lowest sum of squared distances."""

CANDIDATES = 10
"""Customers drawn for each starting point, of whom the best is taken."""

MOST_ROUNDS = 100
"""A restart ends after this many rounds, converged or not."""

TOLERANCE = 1e-4
"""A restart has converged when a round lowers the sum of squared distances by no more than this part of it."""


class _Fit(NamedTuple):
    """Where a restart ended: barycentres, and the sum of squared distances of the sample to the nearest of them."""

    barycentres: NDArray[np.float64]
    squares: float


def fit_dtw(shapes: NDArray[np.float64], k: int, seed: int) -> Segments:
    """K-means with distances by dynamic time warping and barycentres in place of means, by the library dtaidistance.

    A sample shapes the barycentres; everybody joins the nearest by the same distance. Each round gives customers to the
    nearest barycentre and moves each barycentre by one step of DTW barycentre averaging (Petitjean, Ketterlin and
    Gançarski 2011, doi:10.1016/j.patcog.2010.09.013); neither raises the sum of squared distances. The library's own
    K-means is not used: it averages without the window that its distances have, and draws from generators that the
    whole process shares.

    Args:
        shapes: One day each, shape (customers, 24).
        k: Segments.
        seed: Seed of the sample and of the starting points.

    Raises:
        UnusableInput: Shapes are not one day, or the sample has too few different ones.
    """
    if shapes.shape[1] != HOURS:
        raise UnusableInput(
            f"The algorithm dtw compares single days of {HOURS} hours, and these shapes have {shapes.shape[1]} values: warping "
            "would run from one day into the next. Segment a single profile, or use the algorithm kmeans or ward."
        )
    sample = sampled_shapes(shapes, k, seed)
    random = np.random.default_rng(seed)
    barycentres = min((_fit_once(sample, k, random) for _ in range(RESTARTS)), key=lambda fit: fit.squares).barycentres
    barycentres = barycentres[centroid_order(barycentres)]
    labels = warped_distances(shapes, barycentres).argmin(axis=1)
    inertia = sum(float(np.square(shapes[labels == label] - barycentres[label]).sum()) for label in range(k))
    return Segments(labels, barycentres, inertia)


def warped_distances(shapes: NDArray[np.float64], barycentres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances by dynamic time warping: the root of the least sum of squared differences along a path in the window.

    Args:
        shapes: Shape (customers, 24).
        barycentres: Shape (k, 24).

    Returns:
        Shape (customers, k).
    """
    from dtaidistance import dtw

    k = len(barycentres)
    distances = np.empty((len(shapes), k))
    for first in range(0, len(shapes), ROWS_AT_ONCE):
        part = shapes[first : first + ROWS_AT_ONCE]
        block = ((0, k), (k, k + len(part)))
        # The library counts the hour itself as part of the window.
        found = dtw.distance_matrix_fast(
            np.concatenate([barycentres, part]), block=block, window=WINDOW_HOURS + 1, compact=True, parallel=False
        )
        distances[first : first + len(part)] = np.asarray(found).reshape(k, len(part)).T
    return distances


def barycentre_step(members: NDArray[np.float64], barycentre: NDArray[np.float64]) -> NDArray[np.float64]:
    """One step of barycentre averaging: each hour becomes the mean of all values that are warped onto it.

    Args:
        members: At least one, shape (members, 24).
        barycentre: Where the step begins, shape (24,).

    Returns:
        Shape (24,).
    """
    from dtaidistance import dtw_cc

    everybody = np.packbits(np.ones(len(members), bool), bitorder="little")
    moved = barycentre.copy()
    dtw_cc.dba(members, moved, mask=everybody, nb_prob_samples=0, window=WINDOW_HOURS + 1)
    return moved


def _fit_once(sample: NDArray[np.float64], k: int, random: np.random.Generator) -> _Fit:
    """One restart."""
    barycentres = _starting_points(sample, k, random)
    distances = warped_distances(sample, barycentres)
    squares = float(np.square(distances.min(axis=1)).sum())
    for _ in range(MOST_ROUNDS):
        labels = _without_empty(distances)
        barycentres = np.stack(
            [barycentre_step(sample[labels == label], barycentre) for label, barycentre in enumerate(barycentres)]
        )
        distances = warped_distances(sample, barycentres)
        before, squares = squares, float(np.square(distances.min(axis=1)).sum())
        if before - squares <= TOLERANCE * before:
            break
    return _Fit(barycentres, squares)


def _starting_points(sample: NDArray[np.float64], k: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Members of the sample, each likelier the farther it is from those before it: greedy k-means++.

    Each is the best of several that are drawn (Arthur and Vassilvitskii 2007): a barycentre moves little along the clock,
    so it matters that it begins in the middle of the shifts that it has to see through.
    """
    rows: list[int] = []
    nearest = np.full(len(sample), np.inf)
    while len(rows) < k:
        weights = nearest if rows and nearest.any() else np.ones(len(sample))
        drawn = random.choice(len(sample), size=CANDIDATES, p=weights / weights.sum())
        squares = np.minimum(nearest, np.square(warped_distances(sample, sample[drawn])).T)
        best = int(squares.sum(axis=1).argmin())
        rows.append(int(drawn[best]))
        nearest = squares[best]
    return sample[rows]


def _without_empty(distances: NDArray[np.float64]) -> NDArray[np.intp]:
    """The nearest barycentre of each customer; one that nobody is nearest to gets the customer farthest from the own."""
    labels = distances.argmin(axis=1)
    sizes = np.bincount(labels, minlength=distances.shape[1])
    own = distances.min(axis=1)
    for label in np.flatnonzero(sizes == 0):
        row = int(np.where(sizes[labels] > 1, own, -1.0).argmax())
        sizes[labels[row]] -= 1
        labels[row] = label
        sizes[label] = 1
    return labels
