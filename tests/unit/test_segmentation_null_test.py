"""The null test and the rules around it: no structure where none was made, structure where it was."""

import numpy as np
import pytest

from peakwise.segmentation import SegmentationSettings, class_segmentation, segment_class
from peakwise.segmentation.null_test import LEAD, CloudMeasures, GaussianClouds, has_structure, measure_clouds

HOURS = np.arange(24)


def bump(hour: float, width: float) -> np.ndarray:
    distance = np.minimum(abs(HOURS - hour), 24 - abs(HOURS - hour))
    return np.exp(-0.5 * (distance / width) ** 2)


FIVE_SHAPES = np.array(
    [
        0.4 + 1.2 * bump(19, 2),
        0.4 + bump(12.5, 3.5),
        0.4 + bump(7, 1.5) + 0.6 * bump(19, 2),
        0.4 + 1.2 * bump(2, 2.5),
        np.ones(24),
    ]
)


def homes_of_five_shapes(customers: int) -> tuple[np.ndarray, np.ndarray]:
    """Daily shares of customers of five kinds, sizes lognormal; and the kinds."""
    random = np.random.default_rng(11)
    kinds = random.integers(0, 5, customers)
    kw = FIVE_SHAPES[kinds] * random.lognormal(0, 0.15, (customers, 24)) * random.lognormal(0, 0.8, (customers, 1))
    return kw / kw.sum(axis=1, keepdims=True), kinds


def homes_of_one_kind(customers: int) -> np.ndarray:
    """Daily shares of customers who differ smoothly around one shape; as skewed as households are."""
    random = np.random.default_rng(12)
    habits = random.standard_normal((customers, 4)) @ np.array([bump(hour, 3) for hour in (2, 8, 13, 20)])
    kw = (0.4 + bump(19, 2.5)) * np.exp(0.4 * habits + 0.2 * random.standard_normal((customers, 24)))
    return kw / kw.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_five_kinds_of_customers_are_structure(k):
    shapes, _ = homes_of_five_shapes(500)
    found = segment_class(shapes, SegmentationSettings(k=k))
    assert not found.descriptive_only
    assert found.verdict.startswith("Structure beyond a Gaussian cloud")


def test_five_kinds_of_customers_are_found():
    shapes, kinds = homes_of_five_shapes(500)
    labels = segment_class(shapes, SegmentationSettings(k=5)).segments.labels
    pairs = set(zip(labels.tolist(), kinds.tolist(), strict=True))
    assert len(pairs) == 5


@pytest.mark.parametrize("customers", [40, 150, 1_000])
def test_a_gaussian_cloud_is_not_structure(customers):
    shapes = GaussianClouds(homes_of_one_kind(1_000)).draw(customers, [99])
    found = segment_class(shapes, SegmentationSettings(k=3))
    assert found.descriptive_only
    assert found.verdict.startswith("No structure beyond a Gaussian cloud")


def test_customers_of_one_skewed_kind_are_not_structure():
    assert segment_class(homes_of_one_kind(1_000), SegmentationSettings(k=3)).descriptive_only


@pytest.mark.parametrize(
    ("silhouette", "clouds", "expected"),
    [
        (0.137, [0.130, 0.133, 0.136], False),  # the London households: above all clouds, but not by enough to act on
        (0.19, [0.130, 0.133, 0.136], True),
        (0.19, [0.05, 0.05, 0.20], False),
        (np.nan, [np.nan], False),
        (0.5, [], False),
    ],
)
def test_structure_needs_a_practical_lead_and_to_be_above_every_cloud(silhouette, clouds, expected):
    assert LEAD == 0.05
    assert has_structure(silhouette, CloudMeasures(silhouettes=clouds)) is expected


def test_a_cloud_has_the_mean_and_covariance_of_the_shapes():
    shapes = homes_of_one_kind(400)
    cloud = GaussianClouds(shapes).draw(100_000, [1])
    covariance = np.cov(shapes, rowvar=False)
    assert np.allclose(cloud.mean(axis=0), shapes.mean(axis=0), atol=2e-4)
    assert np.allclose(np.cov(cloud, rowvar=False), covariance, atol=0.03 * covariance.max())
    assert np.allclose(cloud.sum(axis=1), 1)  # a singular covariance: shares of a day keep their sum


def test_clouds_are_repeatable_and_shared_between_k():
    shapes = homes_of_one_kind(100)
    few = measure_clouds(shapes, {2: 2}, seed=7)
    many = measure_clouds(shapes, {2: 4, 3: 1}, seed=7)
    assert few[2].silhouettes == many[2].silhouettes[:2]
    assert len(many[3].silhouettes) == 1


def test_clouds_that_are_known_are_not_measured_again():
    shapes = homes_of_one_kind(100)
    some = measure_clouds(shapes, {2: 3, 3: 3}, seed=7)
    known = {2: CloudMeasures(silhouettes=[-1.0] * 3, inertias=[-2.0] * 3)}
    found = measure_clouds(shapes, {2: 5}, seed=7, known=known)[2]
    whole = measure_clouds(shapes, {2: 5}, seed=7)[2]
    assert found.silhouettes == [-1.0] * 3 + whole.silhouettes[3:]
    assert found.inertias == [-2.0] * 3 + whole.inertias[3:]
    assert known[2].silhouettes == [-1.0] * 3
    assert some[2].silhouettes == pytest.approx(whole.silhouettes[:3], abs=1e-12)


def test_diagnostics_describe_each_k_and_the_chosen_partition():
    shapes, _ = homes_of_five_shapes(300)
    found = segment_class(shapes, SegmentationSettings(k=3))
    assert [row.k for row in found.diagnostics] == list(range(1, 13))
    inertias = [row.inertia for row in found.diagnostics]
    assert inertias == sorted(inertias, reverse=True)
    first, chosen = found.diagnostics[0], found.diagnostics[2]
    assert np.isnan(first.silhouette)
    assert np.isnan(first.null_silhouette)
    assert first.smallest_segment_fraction == 1
    assert chosen.inertia == found.segments.inertia
    assert chosen.silhouette == found.silhouette
    assert chosen.null_silhouette == found.clouds.mean_silhouette
    assert chosen.smallest_segment_fraction == found.sizes.min() / 300
    assert first.null_inertia == pytest.approx(first.inertia, rel=0.1)


def test_a_chosen_k_beyond_the_sweep_has_its_row():
    shapes, _ = homes_of_five_shapes(150)
    assert [row.k for row in segment_class(shapes, SegmentationSettings(k=14)).diagnostics] == [*range(1, 13), 14]


def test_silhouettes_of_a_large_class_are_known_for_the_sample_only(monkeypatch):
    assert class_segmentation.SILHOUETTE_CUSTOMERS == 5_000
    monkeypatch.setattr(class_segmentation, "SILHOUETTE_CUSTOMERS", 100)
    shapes, _ = homes_of_five_shapes(300)
    found = segment_class(shapes, SegmentationSettings(k=2))
    assert np.isfinite(found.silhouettes).sum() == 100
    assert np.nanmean(found.silhouettes) == pytest.approx(found.silhouette)


def test_the_sweep_of_a_large_class_measures_every_customer(monkeypatch):
    monkeypatch.setattr("peakwise.segmentation.diagnostics.SWEEP_CUSTOMERS", 200)
    shapes, _ = homes_of_five_shapes(600)
    found = segment_class(shapes, SegmentationSettings(k=2))
    whole = {row.k: row for row in found.diagnostics}
    assert whole[5].inertia == pytest.approx(
        segment_class(shapes, SegmentationSettings(k=5)).segments.inertia, rel=0.02
    )
    assert whole[5].smallest_segment_fraction == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize(("customers", "made"), [(1, 1), (2, 1), (19, 1), (20, 2), (29, 2), (30, 3)])
def test_a_small_class_gets_fewer_segments(customers, made):
    shapes, _ = homes_of_five_shapes(customers)
    found = segment_class(shapes, SegmentationSettings(k=3))
    assert found.k == made
    assert (f"It is {made} instead of 3: {customers} customers" in found.k_reason) == (made < 3)
    if made == 1:
        assert found.descriptive_only
        assert np.isnan(found.silhouette)
        assert np.isnan(found.distances.following).all()


def test_a_single_segment_by_choice_is_descriptive():
    shapes, _ = homes_of_five_shapes(100)
    found = segment_class(shapes, SegmentationSettings(k=1))
    assert found.descriptive_only
    assert found.verdict == "Not tested: a single segment has no structure to test."


def test_customers_with_few_different_shapes_get_no_more_segments_than_shapes():
    found = segment_class(FIVE_SHAPES[np.arange(60) % 2], SegmentationSettings(k=3))
    assert found.k == 2
    assert "only 2 different shapes" in found.k_reason
    assert [row.k for row in found.diagnostics] == [1, 2]


def test_a_tiny_segment_is_named_in_the_verdict():
    shapes = np.vstack([homes_of_one_kind(60), 30 * FIVE_SHAPES[3:4]])
    assert "The smallest segment holds 1 of 61 customers." in segment_class(shapes, SegmentationSettings(k=2)).verdict


def test_an_empty_class_is_refused():
    with pytest.raises(ValueError, match="at least one customer"):
        segment_class(np.empty((0, 24)), SegmentationSettings(k=3))
