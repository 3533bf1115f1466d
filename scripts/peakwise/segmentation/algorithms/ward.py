"""Hierarchical clustering by Ward's method: joins, step by step, the two groups that raise the inertia least."""

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import AgglomerativeClustering

from peakwise.segmentation.algorithms.sampling import sampled_shapes
from peakwise.segmentation.partitions import Segments, assigned, centroid_order
from peakwise.segmentation.threads import one_thread


def fit_ward(shapes: NDArray[np.float64], k: int, seed: int) -> Segments:
    """Ward's method (Ward 1963, doi:10.1080/01621459.1963.10500845; scikit-learn), then the nearest centroid for all.

    All pairs of customers are compared, so a sample makes the groups. The centroids are the means of the groups; a
    customer whom Ward's method left in another group than that of the nearest centroid goes to the nearest.

    Args:
        shapes: Shape (customers, hours).
        k: Segments.
        seed: Seed of the sample; among fewer customers nothing is drawn.

    Raises:
        UnusableInput: The sample has too few different shapes.
    """
    sample = sampled_shapes(shapes, k, seed)
    groups = np.zeros(len(sample), dtype=np.intp)
    if k > 1:
        with one_thread():
            groups = AgglomerativeClustering(n_clusters=k, linkage="ward").fit_predict(sample)
    centroids = np.stack([sample[groups == group].mean(axis=0) for group in range(k)])
    return assigned(shapes, centroids[centroid_order(centroids)])
