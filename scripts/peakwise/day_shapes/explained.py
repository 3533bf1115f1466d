"""How much of the differences between days the day shapes explain, added up part by part."""

import numpy as np
from numpy.typing import NDArray


class ExplainedVariance:
    """1 - within / total: squared distances of days to their own centroid, over those to the mean of all days."""

    def __init__(self, hours: int = 24) -> None:
        self._days = 0
        self._sums = np.zeros(hours)
        self._squares = 0.0
        self._within = 0.0

    def add(self, shapes: NDArray[np.float64], distances: NDArray[np.float64]) -> None:
        """Take some days in.

        Args:
            shapes: Shape (days, hours).
            distances: Euclidean distance of each day to its own centroid, shape (days,).
        """
        self._days += len(shapes)
        self._sums += shapes.sum(axis=0)
        self._squares += float(np.square(shapes).sum())
        self._within += float(np.square(distances).sum())

    @property
    def fraction(self) -> float | None:
        """The share explained, 0 to 1; None when there are no days, or all are alike."""
        if not self._days:
            return None
        total = self._squares - float(np.square(self._sums).sum()) / self._days
        # What is left of equal days after rounding is no variance.
        if total <= 1e-12 * self._squares:
            return None
        # Centroids of a sample may explain less than nothing of the other days.
        return max(0.0, 1 - self._within / total)
