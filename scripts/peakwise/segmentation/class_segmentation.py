"""The segments of one customer class: the partition, the null test and the figures for other k."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peakwise.segmentation.clustering import (
    CentroidDistances,
    Segments,
    centroid_distances,
    different_shapes,
    fit_segments,
)
from peakwise.segmentation.diagnostics import SWEEP_CLOUDS, KDiagnostic, diagnose, swept_k
from peakwise.segmentation.indices import SILHOUETTE_CUSTOMERS, SilhouetteSample, separation
from peakwise.segmentation.null_test import CLOUDS, LEAD, CloudMeasures, has_structure, measure_clouds

CUSTOMERS_PER_SEGMENT = 10
"""A class gets no more segments than it has groups of this many customers, and at least one segment."""


@dataclass(frozen=True)
class ClassSegmentation:
    """All that is known about the segments of one class; figures are NaN where they have no meaning."""

    segments: Segments
    distances: CentroidDistances
    silhouettes: NDArray[np.float64]
    """Silhouette of each customer; NaN when k is 1 and outside the measured sample. Shape (customers,)."""
    silhouette: float
    clouds: CloudMeasures
    davies_bouldin: float
    calinski_harabasz: float
    descriptive_only: bool
    verdict: str
    diagnostics: list[KDiagnostic]

    @property
    def k(self) -> int:
        """Segments made."""
        return len(self.segments.centroids)

    @property
    def sizes(self) -> NDArray[np.intp]:
        """Customers in each segment, shape (k,)."""
        return np.bincount(self.segments.labels, minlength=self.k)


def segment_class(shapes: NDArray[np.float64], k: int, seed: int) -> ClassSegmentation:
    """Segment the customers of one class, with fewer than k segments when the class is too small for k.

    Args:
        shapes: Standardised profiles sorted by customer_id, finite, at least one. Shape (customers, hours).
        k: Segments wanted, at least 1.
        seed: Seed of every random choice.

    Raises:
        ValueError: A value is not finite, there is no customer, or k is below 1.
    """
    customers = len(shapes)
    room = max(1, customers // CUSTOMERS_PER_SEGMENT)
    different = different_shapes(shapes, enough=k)
    made = min(k, room, different) if customers else k
    segments = fit_segments(shapes, made, seed)
    sample = SilhouetteSample(shapes, seed, SILHOUETTE_CUSTOMERS)
    silhouettes = np.full(customers, np.nan)
    silhouettes[sample.rows] = sample.silhouettes(segments.labels)
    silhouette = float(np.mean(silhouettes[sample.rows]))
    clouds_by_k = {swept: CLOUDS if swept == made else SWEEP_CLOUDS for swept in swept_k(shapes, made)}
    clouds = measure_clouds(shapes, clouds_by_k, seed)
    davies_bouldin, calinski_harabasz = separation(shapes, segments.labels)
    return ClassSegmentation(
        segments=segments,
        distances=centroid_distances(shapes, segments.centroids),
        silhouettes=silhouettes,
        silhouette=silhouette,
        clouds=clouds[made],
        davies_bouldin=davies_bouldin,
        calinski_harabasz=calinski_harabasz,
        descriptive_only=not has_structure(silhouette, clouds[made]),
        verdict=" ".join(
            [finding(silhouette, clouds[made]), *remarks(np.bincount(segments.labels), k, made, room, different)]
        ),
        diagnostics=diagnose(shapes, segments, sample, clouds, seed),
    )


def finding(silhouette: float, clouds: CloudMeasures) -> str:
    """The null test's result as a sentence."""
    if math.isnan(silhouette):
        return "Not tested: a single segment has no structure to test."
    figures = (
        f"silhouette {silhouette:.3f}, {len(clouds.silhouettes)} clouds {clouds.mean_silhouette:.3f} on average "
        f"and {clouds.highest_silhouette:.3f} at most"
    )
    if has_structure(silhouette, clouds):
        return f"Structure beyond a Gaussian cloud: {figures}."
    return (
        f"No structure beyond a Gaussian cloud: {figures}; the rule asks for more than every cloud and "
        f"{LEAD:.2f} above their average. Use these segments to describe customers, not as natural groups."
    )


def remarks(sizes: NDArray[np.intp], wanted: int, made: int, room: int, different: int) -> list[str]:
    """Sentences on what a reader must know beside the finding: fewer segments than wanted, tiny segments."""
    sentences = []
    if made < wanted and room <= different:
        sentences.append(
            f"k is {made} instead of {wanted}: {int(sizes.sum()):,} customers, "
            f"and {CUSTOMERS_PER_SEGMENT} are asked for each segment."
        )
    elif made < wanted:
        sentences.append(f"k is {made} instead of {wanted}: there are only {different} different shapes.")
    if made > 1 and sizes.min() < CUSTOMERS_PER_SEGMENT:
        sentences.append(f"The smallest segment holds {int(sizes.min())} of {int(sizes.sum()):,} customers.")
    return sentences
