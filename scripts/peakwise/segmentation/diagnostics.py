"""What other numbers of segments would give: figures for k = 1 to 12, beside those of clouds without groups."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from peakwise.segmentation.algorithms.kmeans import ROWS_WORTH_TWO_THREADS
from peakwise.segmentation.clustering import Segments, assigned, different_shapes, fit_segments
from peakwise.segmentation.indices import (
    SilhouetteSample,
    clustering_dispersion,
    elbow,
    mean_index_adequacy,
    sampled_rows,
    separation,
    toussaint_index,
)
from peakwise.segmentation.null_test import CloudMeasures
from peakwise.segmentation.stability import measure_stability
from peakwise.segmentation.threads import side_by_side

GREATEST_SWEPT_K = 12
"""The sweep ends here, or at the number of different shapes."""

SWEEP_CUSTOMERS = 20_000
"""Above this many customers the centroids of the sweep are fitted on a random sample of this size.

Every customer is then given to the nearest of them: inertia, indices and sizes are those of all customers.
"""

SWEEP_CLOUDS = 3
"""Gaussian clouds for each k that is not the chosen one."""


@dataclass(frozen=True)
class KDiagnostic:
    """Figures of one number of clusters; NaN where a figure has no meaning. The last two are the rule's, `choosing.py`."""

    k: int
    inertia: float
    elbow: float
    silhouette: float
    davies_bouldin: float
    calinski_harabasz: float
    mean_index_adequacy: float
    clustering_dispersion: float
    toussaint_index: float
    stability: float
    null_inertia: float
    null_silhouette: float
    smallest_segment_fraction: float
    is_admissible: bool = False
    mean_rank: float = np.nan


def swept_k(shapes: NDArray[np.float64], wanted_k: int) -> list[int]:
    """The numbers of clusters to try: 1 to 12 and the one wanted, no more than there are different shapes."""
    most = different_shapes(shapes, enough=max(GREATEST_SWEPT_K, wanted_k))
    return sorted({*range(1, min(most, GREATEST_SWEPT_K) + 1), min(most, wanted_k)})


def fit_sweep(shapes: NDArray[np.float64], numbers: list[int], seed: int) -> dict[int, Segments]:
    """The K-means partition at each number of clusters.

    Args:
        shapes: Shape (customers, hours).
        numbers: Numbers of clusters, rising.
        seed: Seed of K-means and of the sample that it is fitted on.
    """
    rows = sampled_rows(len(shapes), SWEEP_CUSTOMERS, seed)
    if len(rows) < ROWS_WORTH_TWO_THREADS:
        longest_first = numbers[::-1]
        found = side_by_side(lambda k: fit_segments(shapes, k, seed), longest_first)
        return dict(zip(numbers, found[::-1], strict=True))
    if len(rows) == len(shapes):
        return {k: fit_segments(shapes, k, seed) for k in numbers}
    sample = shapes[rows]
    return {k: assigned(shapes, fit_segments(sample, k, seed).centroids) for k in numbers}


def diagnose(
    shapes: NDArray[np.float64],
    partitions: Mapping[int, Segments],
    sample: SilhouetteSample,
    clouds: Mapping[int, CloudMeasures],
    seed: int,
) -> list[KDiagnostic]:
    """Figures of each partition.

    Args:
        shapes: Shape (customers, hours).
        partitions: For each k its partition.
        sample: Customers among whom silhouettes are measured.
        clouds: Measures of Gaussian clouds for every k.
        seed: Seed of the bootstrap resamples.
    """
    stability = measure_stability(shapes, {k: found.centroids for k, found in partitions.items()}, seed)
    evenly = [k for k in partitions if k <= GREATEST_SWEPT_K]
    bends = dict(zip(evenly, elbow([partitions[k].inertia for k in evenly]).tolist(), strict=True))
    silhouettes = sample.silhouettes_of_all([found.labels for found in partitions.values()]).mean(axis=1).tolist()
    return [
        KDiagnostic(
            k=k,
            elbow=bends.get(k, np.nan),
            stability=stability[k],
            null_inertia=clouds[k].mean_inertia,
            null_silhouette=clouds[k].mean_silhouette,
            **_figures(shapes, found, silhouette),
        )
        for (k, found), silhouette in zip(partitions.items(), silhouettes, strict=True)
    ]


def diagnosed_anew(
    diagnostic: KDiagnostic,
    shapes: NDArray[np.float64],
    found: Segments,
    silhouette: float,
    clouds: CloudMeasures,
) -> KDiagnostic:
    """The diagnostic with the figures of the partition that a run ends in, and of the clouds that it is tested with."""
    return replace(
        diagnostic,
        null_inertia=clouds.mean_inertia,
        null_silhouette=clouds.mean_silhouette,
        **_figures(shapes, found, silhouette),
    )


def _figures(shapes: NDArray[np.float64], found: Segments, silhouette: float) -> dict[str, float]:
    """What a partition tells by itself."""
    k = len(found.centroids)
    davies_bouldin, calinski_harabasz = separation(shapes, found.labels)
    sizes = np.bincount(found.labels, minlength=k)
    adequacy = mean_index_adequacy(shapes, found.labels, found.centroids) if sizes.min() else np.nan
    return {
        "inertia": found.inertia,
        "silhouette": silhouette,
        "davies_bouldin": davies_bouldin,
        "calinski_harabasz": calinski_harabasz,
        "mean_index_adequacy": adequacy,
        "clustering_dispersion": clustering_dispersion(adequacy, found.centroids) if k > 1 else np.nan,
        "toussaint_index": toussaint_index(davies_bouldin, adequacy, silhouette),
        "smallest_segment_fraction": float(sizes.min() / len(shapes)),
    }
