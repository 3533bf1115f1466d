"""Cluster indices: values that can be checked by hand, and agreement with scikit-learn where it has them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from peakwise.segmentation.clustering import centroid_distances
from peakwise.segmentation.indices import (
    SilhouetteSample,
    clustering_dispersion,
    elbow,
    mean_index_adequacy,
    separation,
    toussaint_index,
)
from peakwise.segmentation.stability import adjusted_rand_index, measure_stability

POINTS = np.array([(0, 0), (0, 2), (2, 0), (10, 10), (10, 12), (12, 10)], dtype=float)
LABELS = np.array([0, 0, 0, 1, 1, 1])
CENTROIDS = np.array([POINTS[:3].mean(axis=0), POINTS[3:].mean(axis=0)])


def test_indices_of_six_points():
    silhouette = SilhouetteSample(POINTS, seed=7, size=100).mean(LABELS)
    davies_bouldin, calinski_harabasz = separation(POINTS, LABELS)
    adequacy = mean_index_adequacy(POINTS, LABELS, CENTROIDS)
    assert silhouette == pytest.approx(0.839816, abs=1e-6)
    assert davies_bouldin == pytest.approx(0.184990, abs=1e-6)
    assert calinski_harabasz == pytest.approx(112.5)
    assert adequacy == pytest.approx(1.333333, abs=1e-6)
    assert clustering_dispersion(adequacy, CENTROIDS) == pytest.approx(0.188562, abs=1e-6)
    assert toussaint_index(davies_bouldin, adequacy, silhouette) == pytest.approx(0.293699, abs=1e-6)


@pytest.mark.parametrize("k", [2, 5, 9])
def test_indices_equal_those_of_scikit_learn(k):
    random = np.random.default_rng(3)
    shapes = random.dirichlet(np.ones(24), 400)
    labels = random.integers(0, k, 400)
    assert SilhouetteSample(shapes, seed=7, size=1_000).mean(labels) == pytest.approx(
        metrics.silhouette_score(shapes, labels), abs=1e-12
    )
    assert separation(shapes, labels) == (
        pytest.approx(metrics.davies_bouldin_score(shapes, labels), rel=1e-12),
        pytest.approx(metrics.calinski_harabasz_score(shapes, labels), rel=1e-12),
    )


def test_silhouettes_of_several_partitions_are_those_of_each(monkeypatch):
    random = np.random.default_rng(13)
    shapes = random.dirichlet(np.ones(24), 300)
    partitions = [np.zeros(300, dtype=np.intp), *(random.integers(0, k, 300) for k in (2, 5, 9)), np.arange(300)]
    partitions[1][7] = 2  # alone in a segment
    sample = SilhouetteSample(shapes, seed=7, size=1_000)
    together = sample.silhouettes_of_all(partitions)
    assert np.isnan(together[[0, -1]]).all()
    assert together[1, 7] == 0
    for labels, found in zip(partitions[1:-1], together[1:-1], strict=True):
        assert found == pytest.approx(metrics.silhouette_samples(shapes, labels), abs=1e-12)
        assert found == pytest.approx(sample.silhouettes(labels), abs=1e-12)
    monkeypatch.setattr("peakwise.segmentation.indices.COMPARED_AT_ONCE", 7)
    assert sample.silhouettes_of_all(partitions)[1:-1] == pytest.approx(together[1:-1], abs=1e-12)


def test_dispersion_is_adequacy_over_the_spread_of_centroids():
    random = np.random.default_rng(4)
    centroids = random.random((5, 24))
    spread = np.sqrt(((centroids - centroids.mean(axis=0)) ** 2).sum(axis=1).mean())
    assert clustering_dispersion(0.7, centroids) == pytest.approx(0.7 / spread)
    assert np.isnan(clustering_dispersion(0.7, np.ones((3, 24))))


@pytest.mark.parametrize(
    ("some", "others", "index"),
    [
        ([0, 0, 1, 1], [1, 1, 0, 0], 1.0),
        ([0, 0, 1, 1], [0, 0, 1, 2], 0.571429),
        ([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2], 0.242424),
        ([0, 0, 1, 1], [0, 1, 0, 1], -0.5),
    ],
)
def test_agreement_of_partitions(some, others, index):
    assert adjusted_rand_index(np.array(some), np.array(others)) == pytest.approx(index, abs=1e-6)


@pytest.mark.parametrize("clusters", [(1, 1), (1, 4), (3, 3), (2, 9)])
def test_agreement_is_that_of_scikit_learn(clusters):
    random = np.random.default_rng(14)
    some, others = (random.integers(0, k, 5_000) for k in clusters)
    others[:2_000] = some[:2_000] % clusters[1]
    assert adjusted_rand_index(some, others) == metrics.adjusted_rand_score(some, others)


def test_the_elbow_is_where_the_fall_bends():
    bends = elbow([100, 40, 10, 8, 6, 4])
    assert bends.argmax() == 2
    assert bends[0] == bends[-1] == 0
    assert elbow([5, 5, 5]).tolist() == [0, 0, 0]
    assert elbow([5, 3]).tolist() == [0, 0]


@given(st.lists(st.floats(0.001, 1000), min_size=3, max_size=12))
def test_a_straight_fall_has_no_elbow_and_scale_changes_nothing(falls):
    inertias = np.cumsum(falls)[::-1]
    assert np.allclose(elbow(inertias), elbow(7 * inertias + 3), atol=1e-9)
    line = np.linspace(inertias[0], 0, len(inertias))
    assert np.allclose(elbow(line), 0, atol=1e-9)


def test_clear_groups_are_stable_and_a_cut_cloud_is_not():
    random = np.random.default_rng(8)
    groups = np.repeat(np.eye(3, 24), 60, axis=0) + 0.05 * random.standard_normal((180, 24))
    cloud = random.standard_normal((180, 24))
    stability = measure_stability(groups, {1: groups.mean(axis=0)[None], 3: np.eye(3, 24)}, seed=7)
    assert np.isnan(stability[1])
    assert stability[3] == 1
    assert measure_stability(cloud, {3: cloud[:3]}, seed=7)[3] < 0.5


def test_stability_is_the_same_twice():
    shapes = np.random.default_rng(9).random((80, 24))
    centroids = {k: shapes[:k] for k in (2, 4)}
    assert measure_stability(shapes, centroids, seed=7) == measure_stability(shapes, centroids, seed=7)


def test_adequacy_does_not_depend_on_the_size_of_a_chunk(monkeypatch):
    shapes = np.random.default_rng(10).random((50, 24))
    labels = centroid_distances(shapes, shapes[:4]).labels
    whole = mean_index_adequacy(shapes, labels, shapes[:4])
    monkeypatch.setattr("peakwise.segmentation.indices.ROWS_AT_ONCE", 7)
    assert mean_index_adequacy(shapes, labels, shapes[:4]) == pytest.approx(whole, rel=1e-12)
