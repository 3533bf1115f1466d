"""The partition itself: reproducible, numbered by a rule, blind to size."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from peakwise.segmentation import partitions
from peakwise.segmentation.algorithms import kmeans
from peakwise.segmentation.clustering import centroid_distances, centroid_order, different_shapes, fit_segments
from peakwise.segmentation.indices import SilhouetteSample, sampled_rows, separation

HOURS = np.arange(24)


def homes(customers: int, seed: int) -> np.ndarray:
    """Mean kW per hour of homes with an evening peak at various hours, base load and size lognormal."""
    random = np.random.default_rng(seed)
    peak_hour = random.normal(18.5, 1.5, (customers, 1))
    evening = np.exp(-0.5 * ((HOURS - peak_hour) / 2.5) ** 2)
    return random.lognormal(-1, 0.6, (customers, 1)) * (0.4 + evening + random.uniform(0, 0.3, (customers, 24)))


ROW_WISE = {
    "daily_share": lambda kw: kw / kw.sum(axis=1, keepdims=True),
    "hellinger": lambda kw: np.sqrt(kw / kw.sum(axis=1, keepdims=True)),
    "unit_norm": lambda kw: kw / np.linalg.norm(kw, axis=1, keepdims=True),
    "peak_share": lambda kw: kw / kw.max(axis=1, keepdims=True),
    "min_max": lambda kw: (kw - kw.min(axis=1, keepdims=True)) / np.ptp(kw, axis=1)[:, None],
    "z_score": lambda kw: (kw - kw.mean(axis=1, keepdims=True)) / kw.std(axis=1, keepdims=True),
}


def test_cluster_indices_have_their_published_values():
    points = np.array([(0, 0), (0, 2), (2, 0), (10, 10), (10, 12), (12, 10)], dtype=float)
    labels = np.array([0, 0, 0, 1, 1, 1])
    davies_bouldin, calinski_harabasz = separation(points, labels)
    assert SilhouetteSample(points, seed=7, size=100).mean(labels) == pytest.approx(0.839816, abs=5e-7)
    assert davies_bouldin == pytest.approx(0.184990, abs=5e-7)
    assert calinski_harabasz == pytest.approx(112.5)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([0, 0, 1, 1], [1, 1, 0, 0], 1.0),
        ([0, 0, 1, 1], [0, 0, 1, 2], 0.571429),
        ([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2], 0.242424),
        ([0, 0, 1, 1], [0, 1, 0, 1], -0.5),
    ],
)
def test_adjusted_rand_index_has_its_published_values(first, second, expected):
    assert adjusted_rand_score(first, second) == pytest.approx(expected, abs=5e-7)


@pytest.fixture(params=["one thread", "side by side"])
def threads_at_work(request, monkeypatch):
    """Fits of any size, without and with a second thread."""
    monkeypatch.setattr(kmeans, "ROWS_WORTH_TWO_THREADS", {"one thread": np.inf, "side by side": 0}[request.param])
    return request.param


@pytest.mark.parametrize("seed", [7, 42])
def test_per_hour_z_scores_reproduce_the_textbook_recipe(threads_at_work, seed):
    kw = homes(700, seed=1)
    shapes = (kw - kw.mean(axis=0)) / kw.std(axis=0)
    plain = KMeans(n_clusters=3, n_init=10, random_state=seed).fit(shapes)
    labels, _, inertia = fit_segments(shapes, 3, seed)
    assert adjusted_rand_score(plain.labels_, labels) == 1.0
    assert inertia == pytest.approx(plain.inertia_, rel=1e-9)


def test_threads_change_nothing(threads_at_work):
    shapes = ROW_WISE["daily_share"](homes(3_000, seed=2))
    results = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            results.append(fit_segments(shapes, 4, 7))
    assert np.array_equal(results[0].labels, results[1].labels)
    assert np.array_equal(results[0].centroids, results[1].centroids)
    assert results[0].inertia == results[1].inertia


def test_restarts_side_by_side_start_where_those_of_scikit_learn_do(monkeypatch):
    """Noise without groups: nearly every start ends elsewhere, so a start that differs shows."""
    monkeypatch.setattr(kmeans, "ROWS_WORTH_TWO_THREADS", 0)
    shapes = ROW_WISE["daily_share"](np.random.default_rng(10).lognormal(0, 0.5, (900, 24)))
    plain = [KMeans(n_clusters=8, n_init=10, random_state=seed).fit(shapes) for seed in range(5)]
    found = [fit_segments(shapes, 8, seed) for seed in range(5)]
    assert len({round(fit.inertia_, 9) for fit in plain}) == 5
    assert [fit.inertia for fit in found] == pytest.approx([fit.inertia_ for fit in plain], rel=1e-9)


def test_many_fits_at_once_neither_wait_for_each_other_nor_change(monkeypatch):
    monkeypatch.setattr(kmeans, "ROWS_WORTH_TWO_THREADS", 0)
    shapes = ROW_WISE["daily_share"](homes(500, seed=11))
    alone = fit_segments(shapes, 4, 7)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda seed: fit_segments(shapes, 4, seed), [7] * 12, timeout=60):
            assert np.array_equal(found.labels, alone.labels)
            assert np.array_equal(found.centroids, alone.centroids)


@pytest.mark.parametrize("standardisation", ROW_WISE)
def test_a_customer_ten_times_as_large_keeps_every_label(standardisation):
    kw = homes(400, seed=3)
    larger = kw.copy()
    larger[17] *= 10
    before = fit_segments(ROW_WISE[standardisation](kw), 3, 7)
    after = fit_segments(ROW_WISE[standardisation](larger), 3, 7)
    assert np.array_equal(before.labels, after.labels)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 6))
def test_every_customer_is_in_the_nearest_segment(seed, k):
    shapes = ROW_WISE["daily_share"](homes(60, seed=4))
    labels, centroids, inertia = fit_segments(shapes, k, seed)
    all_distances = np.linalg.norm(shapes[:, None] - centroids[None], axis=2)
    assert np.array_equal(labels, all_distances.argmin(axis=1))
    assert inertia == pytest.approx(np.square(all_distances.min(axis=1)).sum())
    assert np.bincount(labels, minlength=k).min() > 0
    peak_hours = centroids.argmax(axis=1)
    assert (np.diff(peak_hours) >= 0).all()


def test_segments_are_ordered_by_peak_hour_then_by_values():
    night, early, late = np.zeros((3, 24))
    night[2] = 1
    early[[6, 19]] = 0.2, 1
    late[[6, 19]] = 0.4, 1
    centroids = np.array([late, night, early])
    assert centroid_order(centroids).tolist() == [1, 2, 0]


def test_rounding_errors_do_not_decide_the_order():
    flat = np.full(24, 1 / 24)
    flat[15] += 1e-15
    morning = np.full(24, 1 / 24)
    morning[8] += 0.01
    assert centroid_order(np.array([morning, flat])).tolist() == [1, 0]


def test_distances_are_the_same_in_parts(monkeypatch):
    shapes = ROW_WISE["daily_share"](homes(50, seed=5))
    whole = centroid_distances(shapes, shapes[:3])
    monkeypatch.setattr(partitions, "ROWS_AT_ONCE", 7)
    parts = centroid_distances(shapes, shapes[:3])
    for one, other in zip(whole, parts, strict=True):
        assert np.array_equal(one, other)
    assert (whole.own <= whole.following).all()
    assert whole.own[:3].tolist() == [0, 0, 0]


def test_a_single_centroid_has_no_next_one():
    assert np.isnan(centroid_distances(np.eye(3), np.zeros((1, 3))).following).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(value):
    shapes = homes(20, seed=6)
    shapes[3, 4] = value
    with pytest.raises(ValueError, match="finite"):
        fit_segments(shapes, 2, 7)


def test_more_segments_than_customers_are_refused():
    with pytest.raises(ValueError, match="2 customers cannot make 3"):
        fit_segments(homes(2, seed=7), 3, 7)


def test_shapes_that_differ_by_rounding_are_the_same_shape():
    shape = ROW_WISE["daily_share"](homes(1, seed=8))
    shapes = np.vstack([shape, shape * (1 + 1e-15), np.roll(shape, 6)] * 500)
    assert different_shapes(shapes, enough=8) == 2
    assert different_shapes(homes(1_500, seed=8), enough=8) == 8


def test_the_silhouette_of_a_large_class_is_measured_on_a_seeded_sample():
    shapes = ROW_WISE["daily_share"](homes(3_000, seed=9))
    labels = fit_segments(shapes, 3, 7).labels
    sample = SilhouetteSample(shapes, seed=7, size=1_000)
    assert len(sample.rows) == len(set(sample.rows)) == 1_000
    assert np.array_equal(sample.rows, sampled_rows(3_000, 1_000, 7))
    assert sample.mean(labels) == pytest.approx(SilhouetteSample(shapes, seed=7, size=3_000).mean(labels), abs=0.02)


def test_a_silhouette_without_meaning_is_not_a_number():
    points = np.eye(4)
    assert np.isnan(SilhouetteSample(points, seed=7, size=100).mean(np.zeros(4, dtype=np.intp)))
    assert np.isnan(SilhouetteSample(points, seed=7, size=100).mean(np.arange(4)))
    assert np.isnan(separation(points, np.arange(4))).all()
