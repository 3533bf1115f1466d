"""Algorithms whose cost grows with the square of the customers look at a sample of them."""

import numpy as np
from numpy.typing import NDArray

from peakwise.errors import UnusableInput
from peakwise.segmentation.indices import sampled_rows
from peakwise.segmentation.partitions import different_shapes

SAMPLE_CUSTOMERS = 5_000
"""Above this many customers, a random sample of this size shapes the segments, and all others join the nearest."""


def sampled_shapes(shapes: NDArray[np.float64], k: int, seed: int) -> NDArray[np.float64]:
    """The rows that segments are made from, in their order.

    Args:
        shapes: Shape (customers, hours).
        k: Segments to make.
        seed: Seed of the sample.

    Raises:
        UnusableInput: The sample has too few different shapes.
    """
    sample = np.ascontiguousarray(shapes[sampled_rows(len(shapes), SAMPLE_CUSTOMERS, seed)])
    different = different_shapes(sample, enough=k)
    if different < k:
        raise UnusableInput(
            f"A sample of {len(sample):,} customers has only {different} different shapes, too few for {k} segments. Ask "
            "for fewer segments, or use the algorithm kmeans, which looks at everybody."
        )
    return sample
