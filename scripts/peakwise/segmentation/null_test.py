"""The null test: are the segments more than a cut through one round cloud of customers?

K-means cuts any cloud into k parts and the silhouette of the parts is above zero, whether or not there are groups.
So the same K-means is run on Gaussian clouds that have the mean and the covariance of the shapes, and no groups.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from peakwise.segmentation.clustering import Segments, fit_segments
from peakwise.segmentation.indices import SilhouetteSample
from peakwise.segmentation.threads import one_thread, side_by_side

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


class GaussianClouds:
    """Random rows from the Gaussian distribution with the mean and covariance of shapes, and no groups.

    The covariance may be singular, as that of shapes with a fixed sum is.

    Args:
        shapes: At least two rows, shape (rows, hours).
    """

    def __init__(self, shapes: NDArray[np.float64]) -> None:
        self._mean = shapes.mean(axis=0)
        variances, self._directions = np.linalg.eigh(np.cov(shapes, rowvar=False))
        self._scales = np.sqrt(np.clip(variances, 0.0, None))

    def draw(self, customers: int, seed: list[int]) -> NDArray[np.float64]:
        """One cloud, shape (customers, hours).

        Args:
            customers: Rows to draw.
            seed: Numbers that seed the draw.
        """
        draw = np.random.default_rng(seed).standard_normal((customers, len(self._mean)))
        return self._mean + (draw * self._scales) @ self._directions.T


def measure_clouds(
    shapes: NDArray[np.float64],
    clouds_by_k: Mapping[int, int],
    seed: int,
    known: Mapping[int, CloudMeasures] | None = None,
) -> dict[int, CloudMeasures]:
    """Run K-means on Gaussian clouds.

    Args:
        shapes: The data to imitate, shape (customers, hours).
        clouds_by_k: For each k, the number of clouds; the first clouds serve every k.
        seed: Seed of the clouds and of K-means.
        known: Measures of the first clouds by an earlier call on the same data; only what they lack is measured.

    Returns:
        For each k its measures; empty ones when there are fewer than two customers.
    """
    known = {k: (known or {}).get(k, CloudMeasures()) for k in clouds_by_k}
    measures = {k: CloudMeasures([*found.silhouettes], [*found.inertias]) for k, found in known.items()}
    if len(shapes) < 2:
        return measures
    size = min(len(shapes), CLOUD_CUSTOMERS)
    numbers_by_k = {k: range(len(known[k].inertias), clouds) for k, clouds in clouds_by_k.items()}
    numbers = sorted({number for numbers in numbers_by_k.values() for number in numbers})
    with one_thread():
        gaussian = GaussianClouds(shapes)
        clouds = {number: gaussian.draw(size, [seed, number]) for number in numbers}

    def fit(task: tuple[int, int]) -> Segments:
        k, number = task
        return fit_segments(clouds[number], k, seed)

    def silhouettes(number: int) -> dict[int, float]:
        of_cloud = [k for k, numbers in numbers_by_k.items() if number in numbers]
        sample = SilhouetteSample(clouds[number], seed, CLOUD_SILHOUETTE_CUSTOMERS)
        found = sample.silhouettes_of_all([fits[k, number].labels for k in of_cloud])
        return dict(zip(of_cloud, found.mean(axis=1).tolist(), strict=True))

    tasks = [(k, number) for k in sorted(numbers_by_k, reverse=True) for number in numbers_by_k[k]]
    fits = dict(zip(tasks, side_by_side(fit, tasks), strict=True))
    for number, found in zip(numbers, side_by_side(silhouettes, numbers), strict=True):
        for k, silhouette in found.items():
            measures[k].silhouettes.append(silhouette)
            measures[k].inertias.append(fits[k, number].inertia * len(shapes) / size)
    return measures


def has_structure(silhouette: float, clouds: CloudMeasures) -> bool:
    """The rule: above every cloud, and at least `LEAD` above their mean. False where there is no silhouette."""
    return silhouette > clouds.highest_silhouette and silhouette >= clouds.mean_silhouette + LEAD
