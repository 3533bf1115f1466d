"""The rule of `--k auto`, on figures made up for it and on groups that are there."""

import numpy as np
import pytest
from test_segmentation_null_test import homes_of_five_shapes, homes_of_one_kind

from peakwise.segmentation import SegmentationSettings, segment_class
from peakwise.segmentation.choosing import LEAST_FRACTION, LEAST_STABILITY, choose_k
from peakwise.segmentation.diagnostics import KDiagnostic
from peakwise.segmentation.null_test import LEAD


def figures(k, **others):
    """A number of segments that is admissible, with some figures of its own."""
    return KDiagnostic(
        **{
            "k": k,
            "inertia": 10 / k,
            "elbow": 0.2,
            "silhouette": 0.4,
            "davies_bouldin": 1.0,
            "calinski_harabasz": 100.0,
            "mean_index_adequacy": 1 / k,
            "clustering_dispersion": 0.5,
            "toussaint_index": 1.0,
            "stability": 0.9,
            "null_inertia": 10 / k,
            "null_silhouette": 0.1,
            "smallest_segment_fraction": 0.1,
        }
        | others
    )


def test_the_lowest_mean_rank_wins():
    rows = [figures(2), figures(3, silhouette=0.5, davies_bouldin=0.8), figures(4, elbow=0.3)]
    choice = choose_k(rows, customers=1_000, business_k=6)
    assert choice.k == 3
    assert [row.mean_rank for row in choice.diagnostics] == pytest.approx([2.3, 1.7, 2.0])
    assert "lowest mean rank (1.7)" in choice.reason


def test_of_equal_ranks_the_smaller_k_wins():
    assert choose_k([figures(4), figures(2), figures(3)], customers=1_000, business_k=6).k == 2


@pytest.mark.parametrize(
    "flaw",
    [
        {"silhouette": 0.1 + LEAD - 0.001},
        {"stability": LEAST_STABILITY - 0.001},
        {"stability": np.nan},
        {"smallest_segment_fraction": LEAST_FRACTION - 0.001},
    ],
)
def test_a_k_with_a_flaw_is_not_admissible(flaw):
    best = {"davies_bouldin": 0.1, "calinski_harabasz": 900.0, "clustering_dispersion": 0.1, "elbow": 0.9}
    choice = choose_k([figures(2), figures(3, **best, **flaw)], customers=1_000, business_k=6)
    assert choice.k == 2
    assert [row.is_admissible for row in choice.diagnostics] == [True, False]
    assert np.isnan(choice.diagnostics[1].mean_rank)


def test_a_segment_of_fewer_than_ten_customers_is_not_admissible():
    rows = [figures(2, smallest_segment_fraction=0.09)]
    assert not choose_k(rows, customers=100, business_k=3).is_structured
    assert choose_k(rows, customers=200, business_k=3).is_structured


def test_one_segment_and_more_than_twelve_are_no_candidates():
    assert not choose_k([figures(1), figures(13)], customers=1_000, business_k=3).is_structured


def test_without_an_admissible_k_the_business_decides():
    choice = choose_k([figures(2, stability=0.1)], customers=1_000, business_k=4)
    assert (choice.k, choice.is_structured) == (4, False)
    assert choice.reason.startswith("k is 4, as the business asked")


def test_auto_finds_five_kinds_of_customers():
    shapes, kinds = homes_of_five_shapes(500)
    found = segment_class(shapes, SegmentationSettings(k="auto"))
    assert found.k == 5
    assert not found.descriptive_only
    usual = ~found.outliers.is_outlier
    assert len(set(zip(found.labels[usual].tolist(), kinds[usual].tolist(), strict=True))) == 5


def test_auto_uses_the_number_of_the_business_where_there_is_one_kind():
    found = segment_class(homes_of_one_kind(600), SegmentationSettings(k="auto", business_k=4))
    assert found.k == 4
    assert found.descriptive_only
    assert "as the business asked" in found.k_reason


def test_duplicating_every_customer_keeps_the_inertia_per_customer():
    shapes, _ = homes_of_five_shapes(300)
    settings = SegmentationSettings(k=5, screens_outliers=False)
    once = segment_class(shapes, settings)
    twice = segment_class(np.repeat(shapes, 2, axis=0), settings)
    assert twice.segments.inertia / 600 == pytest.approx(once.segments.inertia / 300, rel=0.005)
