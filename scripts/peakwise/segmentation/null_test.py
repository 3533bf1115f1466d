"""The null test: are the segments more than a cut through one round cloud of customers?

K-means cuts any cloud into k parts and the silhouette of the parts is above zero, whether or not there are groups.
So the same K-means is run on Gaussian clouds that have the mean and the covariance of the shapes, and no groups.
"""

import math
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from peakwise.segmentation.clustering import fit_segments
from peakwise.segmentation.indices import SilhouetteSample
from peakwise.segmentation.threads import one_thread

CLOUDS = 20
"""Clouds at the chosen k: a silhouette above all of them happens by chance in about one case of 21."""

LEAD = 0.05
"""Silhouette that structure must have above the clouds' mean. Why this much: docs/segmentation.md."""

CLOUD_CUSTOMERS = 5_000
"""Most customers in a cloud; larger classes are compared with clouds of this size."""

CLOUD_SILHOUETTE_CUSTOMERS = 2_000
"""Most customers of a cloud among whom its silhouette is measured."""


@dataclass
class CloudMeasures:
    """What K-means found at one k in clouds without groups."""

    silhouettes: list[float] = field(default_factory=list)
    """Mean silhouette of each cloud."""
    inertias: list[float] = field(default_factory=list)
    """Inertia of each cloud, scaled to the number of customers of the data."""

    @property
    def mean_silhouette(self) -> float:
        """Mean over the clouds; NaN where the silhouette has no meaning."""
        return float(np.mean(self.silhouettes)) if self.silhouettes else math.nan

    @property
    def highest_silhouette(self) -> float:
        """Greatest of the clouds; NaN where the silhouette has no meaning."""
        return float(np.max(self.silhouettes)) if self.silhouettes else math.nan

    @property
    def mean_inertia(self) -> float:
        """Mean over the clouds; NaN without clouds."""
        return float(np.mean(self.inertias)) if self.inertias else math.nan


def gaussian_cloud(shapes: NDArray[np.float64], customers: int, seed: list[int]) -> NDArray[np.float64]:
    """Random rows from the Gaussian distribution with the mean and covariance of the shapes.

    The covariance may be singular, as that of shapes with a fixed sum is.

    Args:
        shapes: At least two rows, shape (rows, hours).
        customers: Rows to draw.
        seed: Numbers that seed the draw.

    Returns:
        Shape (customers, hours).
    """
    variances, directions = np.linalg.eigh(np.cov(shapes, rowvar=False))
    scales = np.sqrt(np.clip(variances, 0.0, None))
    draw = np.random.default_rng(seed).standard_normal((customers, shapes.shape[1]))
    return shapes.mean(axis=0) + (draw * scales) @ directions.T


def measure_clouds(shapes: NDArray[np.float64], clouds_by_k: Mapping[int, int], seed: int) -> dict[int, CloudMeasures]:
    """Run K-means on Gaussian clouds.

    Args:
        shapes: The data to imitate, shape (customers, hours).
        clouds_by_k: For each k, the number of clouds; the first clouds serve every k.
        seed: Seed of the clouds and of K-means.

    Returns:
        For each k its measures; empty ones when there are fewer than two customers.
    """
    measures = {k: CloudMeasures() for k in clouds_by_k}
    if len(shapes) < 2:
        return measures
    size = min(len(shapes), CLOUD_CUSTOMERS)

    def measure_cloud(number: int) -> dict[int, tuple[float, float]]:
        cloud = gaussian_cloud(shapes, size, [seed, number])
        sample = SilhouetteSample(cloud, seed, CLOUD_SILHOUETTE_CUSTOMERS)
        fits = {k: fit_segments(cloud, k, seed) for k, clouds in clouds_by_k.items() if number < clouds}
        return {k: (sample.mean(fit.labels), fit.inertia * len(shapes) / size) for k, fit in fits.items()}

    # Clouds do not know of each other, so they can share the cores; each adds up its own numbers in one thread.
    with one_thread(), ThreadPoolExecutor(os.cpu_count()) as pool:
        for measured in pool.map(measure_cloud, range(max(clouds_by_k.values(), default=0))):
            for k, (silhouette, inertia) in measured.items():
                measures[k].silhouettes.append(silhouette)
                measures[k].inertias.append(inertia)
    return measures


def has_structure(silhouette: float, clouds: CloudMeasures) -> bool:
    """The rule: above every cloud, and at least `LEAD` above their mean. False where there is no silhouette."""
    return silhouette > clouds.highest_silhouette and silhouette >= clouds.mean_silhouette + LEAD
