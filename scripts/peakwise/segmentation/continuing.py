"""A refit goes on from the segments in use, unless others describe the customers clearly better.

Real shapes lie in a continuum, where K-means has several solutions of nearly the same worth, and a few other customers are
enough to jump from one to the next. Such a jump tells nothing of the customers and costs every reader the meaning of the
segments, so it has to be worth something. Where the segments in use only describe, no jump is: one cut through a continuum is
as true as another.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from peakwise.segmentation.clustering import Segments, assigned, centroid_order
from peakwise.segmentation.threads import one_thread

TOLERATED_INERTIA = 1.01
"""Segments that go on from those in use may have this many times the inertia of the best that were found anew."""


def continued(
    shapes: NDArray[np.float64], anew: Segments, in_use: NDArray[np.float64], *, only_describe: bool = False
) -> Segments:
    """The partition that K-means reaches from the centroids in use, if it is about as good as one found anew.

    Args:
        shapes: Shape (customers, hours).
        anew: The partition found without a look at those in use.
        in_use: Centroids of the run in use, shape (segments, hours).
        only_describe: Whether the segments in use only describe; they are then gone on from at any price.

    Returns:
        One of the two; `anew` when the numbers of segments differ.
    """
    if in_use.shape != anew.centroids.shape:
        return anew
    with one_thread():
        centroids = KMeans(n_clusters=len(in_use), init=in_use, n_init=1).fit(shapes).cluster_centers_
    from_those_in_use = assigned(shapes, centroids[centroid_order(centroids)])
    is_about_as_good = from_those_in_use.inertia <= TOLERATED_INERTIA * anew.inertia
    return from_those_in_use if only_describe or is_about_as_good else anew
