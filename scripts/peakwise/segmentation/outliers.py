"""Customers whose shape has no neighbours: they keep a segment, the nearest, but do not shape any."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import LocalOutlierFactor

from peakwise.segmentation.clustering import DECIMALS, ROWS_AT_ONCE
from peakwise.segmentation.indices import sampled_rows
from peakwise.segmentation.threads import one_thread

NEIGHBOURS = 20
"""Neighbours that a customer's density is compared with, as the method's authors advise for 10 to 20 and more."""

LEAST_FACTOR = 1.5
"""A factor from here on is unusual: the customer's neighbourhood is half as dense again as that of its neighbours."""

MOST_FRACTION = 0.02
"""No more than this share of the customers is ever called unusual; the highest factors come first."""

LEAST_CUSTOMERS = 100
"""Fewer customers than this are not screened: twenty neighbours would be a good part of them."""

REFERENCE_CUSTOMERS = 10_000
"""Above this many customers, densities are those of a random sample of this size."""


@dataclass(frozen=True)
class Outliers:
    """What the screening found.

    Attributes:
        factors: Local outlier factor of each customer, NaN when there was no screening. Shape (customers,).
        is_outlier: Shape (customers,).
    """

    factors: NDArray[np.float64]
    is_outlier: NDArray[np.bool_]


def no_outliers(customers: int) -> Outliers:
    """The result when nobody is screened."""
    return Outliers(np.full(customers, np.nan), np.zeros(customers, bool))


def screen_outliers(shapes: NDArray[np.float64], seed: int) -> Outliers:
    """Find customers of unusual shapes by the Local Outlier Factor.

    Breunig, Kriegel, Ng and Sander 2000 (doi:10.1145/342009.335388), scikit-learn's implementation. Of a customer
    who is in the reference sample, the factor is that among the others.

    Args:
        shapes: Standardised profiles, shape (customers, hours).
        seed: Seed of the reference sample.

    Returns:
        Outliers: at most `MOST_FRACTION` of the customers, each with a factor of at least `LEAST_FACTOR`.
    """
    customers = len(shapes)
    if customers < LEAST_CUSTOMERS:
        return no_outliers(customers)
    rows = sampled_rows(customers, REFERENCE_CUSTOMERS, seed)
    # Equal shapes count once: their distances are zero and would make any density infinite.
    reference, place = np.unique(np.round(shapes[rows], DECIMALS), axis=0, return_inverse=True)
    if len(reference) <= NEIGHBOURS:
        return no_outliers(customers)
    factors = np.empty(customers)
    with one_thread():
        screening = LocalOutlierFactor(n_neighbors=NEIGHBOURS, novelty=len(rows) < customers).fit(reference)
        if len(rows) < customers:
            for first in range(0, customers, ROWS_AT_ONCE):
                part = slice(first, first + ROWS_AT_ONCE)
                factors[part] = -screening.score_samples(shapes[part])
    factors[rows] = -screening.negative_outlier_factor_[place]
    unusual = np.flatnonzero(factors >= LEAST_FACTOR)
    most = int(customers * MOST_FRACTION)
    highest = unusual[np.lexsort((unusual, -factors[unusual]))][:most]
    is_outlier = np.zeros(customers, bool)
    is_outlier[highest] = True
    return Outliers(factors, is_outlier)
