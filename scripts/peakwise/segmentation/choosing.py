"""The rule of `--k auto`: which number of segments, out of 2 to 12.

A number of segments is *admissible* when all of this holds:

1. structure: its silhouette is at least `LEAD` above the mean of Gaussian clouds without groups (null_test.py);
2. stability: fits on bootstrap resamples agree with it, mean adjusted Rand index of at least `LEAST_STABILITY`;
3. size: its smallest segment holds at least `LEAST_FRACTION` of the customers, and ten of them.

Among the admissible, five indices each rank the candidates: silhouette, Davies-Bouldin, Calinski-Harabasz, the clustering
dispersion indicator (CDI), and the elbow of the inertia. The lowest mean rank is chosen; of equal ones, the smaller k.
Where none is admissible, the number that the business asked for is used. Mean index adequacy is shown and has no vote: it
tends to fall with every further segment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import rankdata

from peakwise.segmentation.diagnostics import KDiagnostic
from peakwise.segmentation.null_test import LEAD

SMALLEST_K, GREATEST_K = 2, 12
LEAST_STABILITY = 0.75
LEAST_FRACTION = 0.02
LEAST_CUSTOMERS = 10

_VOTES: dict[str, int] = {
    "silhouette": -1,
    "davies_bouldin": 1,
    "calinski_harabasz": -1,
    "clustering_dispersion": 1,
    "elbow": -1,
}
"""Indices that vote; 1 where lower is better, -1 where higher is."""


@dataclass(frozen=True)
class KChoice:
    """The number of segments with its reason, and the diagnostics with what the rule says of each k."""

    k: int
    reason: str
    diagnostics: list[KDiagnostic]
    is_structured: bool
    """Whether any k is admissible."""


def choose_k(diagnostics: Sequence[KDiagnostic], customers: int, business_k: int) -> KChoice:
    """Apply the rule.

    Args:
        diagnostics: Figures of each k.
        customers: Customers behind them.
        business_k: The number of segments where none is admissible.
    """
    admissible = [row for row in diagnostics if _is_admissible(row, customers)]
    ranks = _mean_ranks(admissible)
    judged = [replace(row, is_admissible=row.k in ranks, mean_rank=ranks.get(row.k, np.nan)) for row in diagnostics]
    if not ranks:
        reason = (
            f"k is {business_k}, as the business asked: no k from {SMALLEST_K} to {GREATEST_K} has structure, stability "
            "and no tiny segment at once."
        )
        return KChoice(business_k, reason, judged, is_structured=False)
    chosen = min(ranks, key=lambda k: (ranks[k], k))
    reason = (
        f"k is {chosen}: lowest mean rank ({ranks[chosen]:.1f}) over silhouette, Davies-Bouldin, Calinski-Harabasz, CDI and "
        f"elbow among the admissible k ({', '.join(str(k) for k in sorted(ranks))})."
    )
    return KChoice(chosen, reason, judged, is_structured=True)


def _is_admissible(row: KDiagnostic, customers: int) -> bool:
    return bool(
        SMALLEST_K <= row.k <= GREATEST_K
        and row.silhouette >= row.null_silhouette + LEAD
        and row.stability >= LEAST_STABILITY
        and row.smallest_segment_fraction >= max(LEAST_FRACTION, LEAST_CUSTOMERS / customers)
    )


def _mean_ranks(rows: Sequence[KDiagnostic]) -> dict[int, float]:
    """Mean rank of each k over the voting indices, 1 for the best; equal values share their ranks."""
    if not rows:
        return {}
    votes = np.array([[sign * getattr(row, name) for row in rows] for name, sign in _VOTES.items()])
    # Rounding errors decide nothing.
    ranks = rankdata(np.round(votes, 9), axis=1).mean(axis=0)
    return {row.k: float(rank) for row, rank in zip(rows, ranks, strict=True)}
