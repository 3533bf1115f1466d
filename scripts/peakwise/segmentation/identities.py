"""Segments keep their numbers from run to run: new centroids are matched to those of the run in use."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist


@dataclass(frozen=True)
class KnownSegments:
    """Segments of the run in use, of one class.

    Attributes:
        segment_ids: Shape (segments,).
        centroids: Shape (segments, hours).
        radii: Mean distance of the segment's customers to its centroid, in units of the standardisation. Shape (segments,).
        only_describe: Whether the null test found no structure in them.
    """

    segment_ids: NDArray[np.int64]
    centroids: NDArray[np.float64]
    radii: NDArray[np.float64]
    only_describe: bool = False


@dataclass(frozen=True)
class Identities:
    """Numbers of new segments.

    Attributes:
        segment_ids: Shape (k,).
        matched_distances: Distance to the known centroid of the same number; NaN where the number is new. Shape (k,).
    """

    segment_ids: NDArray[np.int64]
    matched_distances: NDArray[np.float64]


def identify(centroids: NDArray[np.float64], known: KnownSegments | None, next_id: int) -> Identities:
    """Give each new segment the number of the known one that it continues, or a number never used before.

    One to one, so that the sum of distances between centroids is least (the Hungarian method, Kuhn 1955,
    doi:10.1002/nav.3800020109). A pair counts only when the new centroid lies within the known segment's radius: a
    segment that has moved further than its own customers spread is another one.

    Args:
        centroids: Centroids of the new segments in their order, shape (k, hours).
        known: Segments of the run in use; None when there are none to compare with.
        next_id: First number that was never used.
    """
    matched = np.full(len(centroids), np.nan)
    segment_ids = np.zeros(len(centroids), np.int64)
    if known is not None and len(known.segment_ids):
        distances = cdist(centroids, known.centroids)
        for new, old in zip(*linear_sum_assignment(distances), strict=True):
            if distances[new, old] <= known.radii[old]:
                segment_ids[new] = known.segment_ids[old]
                matched[new] = distances[new, old]
    unmatched = np.flatnonzero(np.isnan(matched))
    segment_ids[unmatched] = next_id + np.arange(len(unmatched))
    return Identities(segment_ids, matched)
