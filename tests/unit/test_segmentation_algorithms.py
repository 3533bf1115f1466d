"""The algorithms that make segments: each finds clear groups, does so again, and says where it does not work."""

import random

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from peakwise.errors import UnusableInput
from peakwise.segmentation.algorithms import ALGORITHMS, sampling
from peakwise.segmentation.algorithms.dtw import WINDOW_HOURS, barycentre_step, warped_distances
from peakwise.segmentation.clustering import fit_segments
from peakwise.segmentation.partitions import centroid_order

HOURS = np.arange(24)


def peaks(*hours_and_heights: tuple[float, float], floor: float = 0.4, width: float = 1.0) -> np.ndarray:
    """Mean kW per hour of a day with these peaks."""
    return floor + sum(height * np.exp(-0.5 * ((HOURS - hour) / width) ** 2) for hour, height in hours_and_heights)


def shares(kw: np.ndarray) -> np.ndarray:
    return kw / kw.sum(axis=1, keepdims=True)


def clear_groups(customers: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Shapes of four kinds with little noise, and their kinds, shuffled."""
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, 4, customers)
    of_kind = np.array(
        [peaks((3, 2)), peaks((12, 2)), peaks((19, 2)), peaks((7, 1.2), (20, 1.8))],
    )
    return shares(of_kind[kinds] * draw.lognormal(0, 0.1, (customers, 24))), kinds


def shifted_groups(customers: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One sharp evening peak or two, each customer's up to two hours early or late as a whole; and which of them."""
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, 2, customers)
    shifts = draw.integers(-2, 3, customers)
    of_kind = np.array([peaks((17, 3), width=0.6), peaks((7, 1.5), (17, 1.5), width=0.6)])
    kw = np.array([np.roll(of_kind[kind], shift) for kind, shift in zip(kinds, shifts, strict=True)])
    return shares(kw * draw.lognormal(0, 0.02, kw.shape)), kinds


def warped_distance(some: np.ndarray, others: np.ndarray, window_hours: int) -> float:
    """Dynamic time warping as its definition says it, cell by cell."""
    least = np.full((len(some) + 1, len(others) + 1), np.inf)
    least[0, 0] = 0
    for i, one in enumerate(some, 1):
        for j, other in enumerate(others, 1):
            if abs(i - j) <= window_hours:
                step = min(least[i - 1, j], least[i, j - 1], least[i - 1, j - 1])
                least[i, j] = (one - other) ** 2 + step
    return float(np.sqrt(least[-1, -1]))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_clear_groups_are_found(algorithm):
    shapes, kinds = clear_groups(300, seed=1)
    found = fit_segments(shapes, 4, 7, algorithm=algorithm)
    assert adjusted_rand_score(kinds, found.labels) == 1.0
    assert centroid_order(found.centroids).tolist() == [0, 1, 2, 3]
    assert found.centroids.argmax(axis=1).tolist() == [3, 12, 19, 20]
    squares = np.square(shapes - found.centroids[found.labels]).sum()
    assert found.inertia == pytest.approx(squares), "Euclidean, whatever the algorithm measures by"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_single_segment_holds_everybody(algorithm):
    shapes, _ = clear_groups(30, seed=2)
    found = fit_segments(shapes, 1, 7, algorithm=algorithm)
    assert set(found.labels.tolist()) == {0}
    assert found.centroids.shape == (1, 24)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_same_rows_give_the_same_segments_whatever_others_draw(algorithm, monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLE_CUSTOMERS", 200)
    shapes = shares(np.random.default_rng(3).lognormal(0, 0.5, (600, 24)))
    first = fit_segments(shapes, 5, 7, algorithm=algorithm)
    random.seed(99)
    np.random.seed(99)
    again = fit_segments(shapes, 5, 7, algorithm=algorithm)
    assert np.array_equal(first.labels, again.labels)
    assert np.array_equal(first.centroids, again.centroids)
    assert first.inertia == again.inertia


@pytest.mark.parametrize("algorithm", ["ward", "dtw"])
def test_customers_outside_the_sample_join_the_nearest_segment(algorithm, monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLE_CUSTOMERS", 100)
    shapes, kinds = clear_groups(1_000, seed=4)
    found = fit_segments(shapes, 4, 7, algorithm=algorithm)
    assert adjusted_rand_score(kinds, found.labels) == 1.0
    measure = warped_distances(shapes, found.centroids)
    if algorithm == "ward":
        measure = np.linalg.norm(shapes[:, None] - found.centroids, axis=2)
    assert np.array_equal(found.labels, measure.argmin(axis=1))


def test_warping_sees_through_a_shift_that_others_take_for_another_shape():
    shapes, kinds = shifted_groups(400, seed=5)
    agreement = {
        algorithm: adjusted_rand_score(kinds, fit_segments(shapes, 2, 7, algorithm=algorithm).labels)
        for algorithm in ALGORITHMS
    }
    assert agreement["dtw"] == 1.0
    assert agreement["kmeans"] < 0.5 and agreement["ward"] < 0.5


def test_warped_distances_are_those_of_the_definition_within_two_hours():
    shapes = shares(np.random.default_rng(6).lognormal(0, 0.5, (30, 24)))
    found = warped_distances(shapes, shapes[:3])
    expected = [[warped_distance(shape, other, WINDOW_HOURS) for other in shapes[:3]] for shape in shapes]
    assert found == pytest.approx(np.array(expected), abs=1e-15)
    assert (found[5] < [np.linalg.norm(shapes[5] - other) for other in shapes[:3]]).all()
    peak = peaks((12, 3), width=0.6)
    near, far = (warped_distances(np.roll(peak, hours)[None], peak[None])[0, 0] for hours in (2, 4))
    assert near < 0.05 < far


def test_distances_are_the_same_in_parts(monkeypatch):
    from peakwise.segmentation.algorithms import dtw

    shapes = shares(np.random.default_rng(7).lognormal(0, 0.5, (50, 24)))
    whole = warped_distances(shapes, shapes[:3])
    monkeypatch.setattr(dtw, "ROWS_AT_ONCE", 7)
    assert np.array_equal(warped_distances(shapes, shapes[:3]), whole)


def test_a_step_of_barycentre_averaging_never_raises_the_distances():
    members = shares(np.random.default_rng(8).lognormal(0, 0.5, (40, 24)))
    barycentre = members[0]
    squares = [np.square(warped_distances(members, barycentre[None])).sum()]
    for _ in range(6):
        barycentre = barycentre_step(members, barycentre)
        squares.append(np.square(warped_distances(members, barycentre[None])).sum())
    assert (np.diff(squares) <= 1e-12).all() and squares[-1] < 0.8 * squares[0]
    assert np.array_equal(barycentre_step(members[:1], members[0]), members[0])


@pytest.mark.parametrize("parts", [2, 8])
def test_warping_refuses_shapes_of_several_days(parts):
    shapes = np.tile(clear_groups(30, seed=9)[0], parts)
    with pytest.raises(UnusableInput, match=rf"single days of 24 hours, and these shapes have {24 * parts} values"):
        fit_segments(shapes, 2, 7, algorithm="dtw")
    assert fit_segments(shapes, 2, 7, algorithm="ward").centroids.shape == (2, 24 * parts)


@pytest.mark.parametrize("algorithm", ["ward", "dtw"])
def test_a_sample_without_enough_shapes_is_refused(algorithm, monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLE_CUSTOMERS", 20)
    shapes = np.repeat(clear_groups(1, seed=10)[0], 3_000, axis=0)
    shapes[[5, 1_000]] = clear_groups(2, seed=11)[0]
    with pytest.raises(UnusableInput, match="sample of 20 customers has only 1 different shapes, too few for 3"):
        fit_segments(shapes, 3, 7, algorithm=algorithm)
    assert fit_segments(shapes, 3, 7).centroids.shape == (3, 24)


def test_an_unknown_algorithm_is_refused():
    with pytest.raises(UnusableInput, match="one of kmeans, ward, dtw, not 'k-medoids'"):
        fit_segments(clear_groups(30, seed=12)[0], 2, 7, algorithm="k-medoids")
