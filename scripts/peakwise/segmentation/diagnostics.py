"""What other numbers of segments would give: figures for k = 1 to 8, beside those of clouds without groups."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peakwise.segmentation.clustering import Segments, assigned, different_shapes, fit_segments
from peakwise.segmentation.indices import SilhouetteSample, sampled_rows
from peakwise.segmentation.null_test import CloudMeasures

HIGHEST_K = 8
"""The sweep ends here, or at the number of different shapes."""

SWEEP_CUSTOMERS = 20_000
"""Above this many customers the centroids of the sweep are fitted on a random sample of this size.

Every customer is then given to the nearest of them: inertia and sizes are those of all customers.
"""

SWEEP_CLOUDS = 3
"""Gaussian clouds for each k that is not the chosen one."""


@dataclass(frozen=True)
class KDiagnostic:
    """Figures of one number of clusters; NaN where a figure has no meaning."""

    k: int
    inertia: float
    silhouette: float
    null_inertia: float
    null_silhouette: float
    smallest_segment_fraction: float


def swept_k(shapes: NDArray[np.float64], chosen_k: int) -> list[int]:
    """The numbers of clusters to report: 1 to 8, no more than there are different shapes, and the chosen one."""
    return sorted({*range(1, different_shapes(shapes, enough=HIGHEST_K) + 1), chosen_k})


def diagnose(
    shapes: NDArray[np.float64],
    chosen: Segments,
    sample: SilhouetteSample,
    clouds: Mapping[int, CloudMeasures],
    seed: int,
) -> list[KDiagnostic]:
    """Figures for every k in `clouds`.

    Args:
        shapes: Shape (customers, hours).
        chosen: The partition at the chosen k; its row describes exactly this partition.
        sample: Customers among whom silhouettes are measured.
        clouds: Measures of Gaussian clouds for every k to report.
        seed: Seed of K-means and of the sample of the sweep.
    """
    rows = sampled_rows(len(shapes), SWEEP_CUSTOMERS, seed)
    diagnostics = []
    for k, measures in clouds.items():
        if k == len(chosen.centroids):
            segments = chosen
        elif len(rows) == len(shapes):
            segments = fit_segments(shapes, k, seed)
        else:
            segments = assigned(shapes, fit_segments(shapes[rows], k, seed).centroids)
        sizes = np.bincount(segments.labels, minlength=k)
        diagnostics.append(
            KDiagnostic(
                k=k,
                inertia=segments.inertia,
                silhouette=sample.mean(segments.labels),
                null_inertia=measures.mean_inertia,
                null_silhouette=measures.mean_silhouette,
                smallest_segment_fraction=float(sizes.min() / len(shapes)),
            )
        )
    return diagnostics
