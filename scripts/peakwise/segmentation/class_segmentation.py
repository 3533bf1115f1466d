"""The segments of one customer class: the partition, the null test and the figures for other k."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peakwise.segmentation.choosing import choose_k
from peakwise.segmentation.clustering import (
    CentroidDistances,
    Segments,
    centroid_distances,
    different_shapes,
    fit_segments,
)
from peakwise.segmentation.continuing import continued
from peakwise.segmentation.diagnostics import (
    SWEEP_CLOUDS,
    SWEEP_CUSTOMERS,
    KDiagnostic,
    diagnose,
    diagnosed_anew,
    fit_sweep,
    swept_k,
)
from peakwise.segmentation.identities import KnownSegments
from peakwise.segmentation.indices import SILHOUETTE_CUSTOMERS, SilhouetteSample
from peakwise.segmentation.null_test import CLOUDS, LEAD, CloudMeasures, has_structure, measure_clouds
from peakwise.segmentation.outliers import Outliers, no_outliers, screen_outliers
from peakwise.segmentation.settings import SegmentationSettings

CUSTOMERS_PER_SEGMENT = 10
"""A class gets no more segments than it has groups of this many customers, and at least one segment."""


@dataclass(frozen=True)
class ClassSegmentation:
    """All that is known about the segments of one class; figures are NaN where they have no meaning."""

    segments: Segments
    """The partition of the customers who are no outliers."""
    labels: NDArray[np.intp]
    """Segment of each customer, 0 to k - 1; of an outlier, the nearest. Shape (customers,)."""
    distances: CentroidDistances
    """Of all customers."""
    silhouettes: NDArray[np.float64]
    """Silhouette of each customer; NaN when k is 1, for outliers and outside the measured sample. Shape (customers,)."""
    silhouette: float
    outliers: Outliers
    clouds: CloudMeasures
    descriptive_only: bool
    k_reason: str
    verdict: str
    diagnostics: list[KDiagnostic]

    @property
    def k(self) -> int:
        """Segments made."""
        return len(self.segments.centroids)

    @property
    def sizes(self) -> NDArray[np.intp]:
        """Customers in each segment, outliers among them. Shape (k,)."""
        return np.bincount(self.labels, minlength=self.k)


def segment_class(
    shapes: NDArray[np.float64], settings: SegmentationSettings, in_use: KnownSegments | None = None
) -> ClassSegmentation:
    """Segment the customers of one class, with fewer segments than wanted when the class is too small for them.

    Args:
        shapes: Standardised profiles sorted by customer_id, finite, at least one. Shape (customers, hours).
        settings: What is wanted.
        in_use: The segments in use, to go on from; None where there are none.

    Raises:
        ValueError: A value is not finite, or there is no customer.
        UnusableInput: The algorithm does not work on such shapes.
    """
    if not len(shapes) or not np.isfinite(shapes).all():
        raise ValueError("Shapes must be finite numbers of at least one customer, one row per customer.")
    outliers = screen_outliers(shapes, settings.seed) if settings.screens_outliers else no_outliers(len(shapes))
    usual = np.flatnonzero(~outliers.is_outlier)
    fitted = shapes[usual] if len(usual) < len(shapes) else shapes
    sample = SilhouetteSample(fitted, settings.seed, SILHOUETTE_CUSTOMERS)
    room = max(1, len(fitted) // CUSTOMERS_PER_SEGMENT)
    given = settings.business_k if settings.k == "auto" else settings.k
    sweep = fit_sweep(fitted, swept_k(fitted, min(given, room)), settings.seed)
    sweep_clouds = measure_clouds(fitted, dict.fromkeys(sweep, SWEEP_CLOUDS), settings.seed)
    choice = choose_k(diagnose(fitted, sweep, sample, sweep_clouds, settings.seed), len(fitted), settings.business_k)

    wanted = choice.k if settings.k == "auto" else settings.k
    different = different_shapes(fitted, enough=wanted)
    made = min(wanted, room, different)
    segments = _partition(fitted, made, sweep, settings)
    if in_use is not None and settings.algorithm == "kmeans":
        segments = continued(fitted, segments, in_use.centroids, only_describe=in_use.only_describe)
    clouds = measure_clouds(fitted, {made: CLOUDS}, settings.seed, known=sweep_clouds)[made]
    measured = sample.silhouettes(segments.labels)
    silhouettes = np.full(len(shapes), np.nan)
    silhouettes[usual[sample.rows]] = measured
    silhouette = float(measured.mean())
    structured = has_structure(silhouette, clouds) and (settings.k != "auto" or choice.is_structured)
    labels, distances = _placed(shapes, usual, segments)
    return ClassSegmentation(
        segments=segments,
        labels=labels,
        distances=distances,
        silhouettes=silhouettes,
        silhouette=silhouette,
        outliers=outliers,
        clouds=clouds,
        descriptive_only=not structured,
        k_reason=" ".join(
            [
                choice.reason if settings.k == "auto" else f"k is {settings.k}, as given.",
                *_shortfall(len(fitted), wanted, made, room, different),
            ]
        ),
        verdict=" ".join(
            [
                finding(silhouette, clouds),
                *([] if settings.k != "auto" or choice.is_structured else ["No k was admissible either."]),
                *_remarks(np.bincount(segments.labels, minlength=made), int(outliers.is_outlier.sum())),
            ]
        ),
        diagnostics=[
            diagnosed_anew(row, fitted, segments, silhouette, clouds) if row.k == made else row
            for row in choice.diagnostics
        ],
    )


def _placed(
    shapes: NDArray[np.float64], usual: NDArray[np.intp], segments: Segments
) -> tuple[NDArray[np.intp], CentroidDistances]:
    """Segments of all customers, and their distances to the own centroid and to the nearest other one."""
    nearest = centroid_distances(shapes, segments.centroids)
    labels = nearest.labels.copy()
    labels[usual] = segments.labels
    # Only an algorithm with a measure of its own puts customers elsewhere than at the nearest centroid.
    elsewhere = np.flatnonzero(labels != nearest.labels)
    own, following = nearest.own.copy(), nearest.following.copy()
    own[elsewhere] = np.linalg.norm(shapes[elsewhere] - segments.centroids[labels[elsewhere]], axis=1)
    following[elsewhere] = nearest.own[elsewhere]
    return labels, CentroidDistances(labels, own, following)


def _partition(
    fitted: NDArray[np.float64], made: int, sweep: dict[int, Segments], settings: SegmentationSettings
) -> Segments:
    """The partition of the run; that of the sweep where it was fitted in the same way, on everybody."""
    if settings.algorithm == "kmeans" and len(fitted) <= SWEEP_CUSTOMERS and made in sweep:
        return sweep[made]
    return fit_segments(fitted, made, settings.seed, settings.algorithm)


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


def _shortfall(customers: int, wanted: int, made: int, room: int, different: int) -> list[str]:
    """Why there are fewer segments than wanted, if so."""
    if made == wanted:
        return []
    if room <= different:
        return [
            f"It is {made} instead of {wanted}: {customers:,} customers, and {CUSTOMERS_PER_SEGMENT} are asked for each "
            "segment."
        ]
    return [f"It is {made} instead of {wanted}: there are only {different} different shapes."]


def _remarks(sizes: NDArray[np.intp], outliers: int) -> list[str]:
    """Sentences on what a reader must know beside the finding: tiny segments, outliers."""
    sentences = []
    if len(sizes) > 1 and sizes.min() < CUSTOMERS_PER_SEGMENT:
        sentences.append(f"The smallest segment holds {int(sizes.min())} of {int(sizes.sum()):,} customers.")
    if outliers:
        sentences.append(
            f"{outliers:,} customers of unusual shape lie in the nearest segment without having shaped any."
        )
    return sentences
