"""The algorithms that make segments, by name. What each is good for and how it was measured: docs/algorithms.md."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from peakwise.segmentation.algorithms.dtw import fit_dtw
from peakwise.segmentation.algorithms.kmeans import fit_kmeans
from peakwise.segmentation.algorithms.ward import fit_ward
from peakwise.segmentation.partitions import Segments


class Algorithm(Protocol):
    """A way to partition load shapes."""

    def __call__(self, shapes: NDArray[np.float64], k: int, seed: int) -> Segments:
        """Partition the rows.

        Args:
            shapes: Finite and contiguous, shape (customers, hours).
            k: Segments, from 1 to the number of different shapes.
            seed: Seed of all that is drawn; same rows and seed, same segments.

        Raises:
            UnusableInput: The algorithm does not work on such shapes.
        """


ALGORITHMS: dict[str, Algorithm] = {"kmeans": fit_kmeans, "ward": fit_ward, "dtw": fit_dtw}

__all__ = ["ALGORITHMS", "Algorithm"]
