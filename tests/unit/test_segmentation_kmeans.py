"""The K-means of small fits is scikit-learn's: same starting points, same ends, equal customers in one row or in many."""

import numpy as np
import pytest
from sklearn.cluster import KMeans, kmeans_plusplus

from peakwise.segmentation.algorithms import kmeans, lloyd
from peakwise.segmentation.algorithms.kmeans import fit_counted, fit_kmeans
from peakwise.segmentation.algorithms.starting_points import drawn_together
from peakwise.segmentation.partitions import centroid_order

RESTARTS = 10


def noise(rows: int, seed: int, hours: int = 24) -> np.ndarray:
    """Daily shares without groups: nearly every start ends elsewhere, so a start or a step that differs shows."""
    shapes = np.random.default_rng(seed).lognormal(0, 0.5, (rows, hours))
    return shapes / shapes.sum(axis=1, keepdims=True)


def resample(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows that a bootstrap resample drew, and how often."""
    return np.unique(np.random.default_rng(seed).integers(0, rows, rows), return_counts=True)


def by_scikit_learn(shapes: np.ndarray, k: int, seed: int) -> np.ndarray:
    centroids = KMeans(n_clusters=k, n_init=RESTARTS, random_state=seed).fit(shapes).cluster_centers_
    return centroids[centroid_order(centroids)]


@pytest.mark.parametrize("k", [1, 2, 3, 8, 21])
def test_starting_points_are_drawn_as_scikit_learn_draws_them(k):
    shapes = noise(300, seed=1) - noise(300, seed=1).mean(axis=0)
    random = np.random.RandomState(7)
    expected = [kmeans_plusplus(shapes, k, random_state=random)[0] for _ in range(RESTARTS)]
    assert np.array_equal(drawn_together(shapes, k, RESTARTS, 7, np.ones(300)), expected)


@pytest.mark.parametrize("k", [1, 2, 3, 8])
def test_starting_points_of_counted_rows_are_those_of_rows_written_out(k):
    shapes = noise(300, seed=2) - noise(300, seed=2).mean(axis=0)
    rows, counts = resample(300, seed=3)
    random = np.random.RandomState(7)
    written_out = np.repeat(shapes[rows], counts, axis=0)
    expected = [kmeans_plusplus(written_out, k, random_state=random)[0] for _ in range(RESTARTS)]
    assert np.array_equal(drawn_together(shapes[rows], k, RESTARTS, 7, counts.astype(float)), expected)


@pytest.mark.parametrize("seed", [7, 42])
@pytest.mark.parametrize(
    ("rows", "k", "hours"), [(400, 2, 24), (400, 5, 24), (1_500, 12, 24), (300, 4, 192), (60, 30, 24)]
)
def test_a_small_fit_is_that_of_scikit_learn(rows, k, hours, seed):
    shapes = noise(rows, seed=4, hours=hours)
    assert np.allclose(fit_kmeans(shapes, k, seed).centroids, by_scikit_learn(shapes, k, seed), rtol=0, atol=1e-12)


@pytest.mark.parametrize("k", [1, 2, 5, 12])
def test_equal_customers_may_stand_in_one_row(k):
    shapes = noise(700, seed=5)
    rows, counts = resample(700, seed=6)
    expected = by_scikit_learn(np.repeat(shapes[rows], counts, axis=0), k, 7)
    assert np.allclose(fit_counted(shapes[rows], counts, k, 7), expected, rtol=0, atol=1e-12)


def test_a_restart_that_ends_early_ends_where_that_of_scikit_learn_does(monkeypatch):
    monkeypatch.setattr(kmeans, "TOLERANCE", 0.01)
    shapes = noise(500, seed=8)
    early = KMeans(n_clusters=4, n_init=RESTARTS, random_state=7, tol=0.01).fit(shapes).cluster_centers_
    found = fit_kmeans(shapes, 4, 7).centroids
    assert np.allclose(found, early[centroid_order(early)], rtol=0, atol=1e-12)
    assert not np.allclose(found, by_scikit_learn(shapes, 4, 7), rtol=0, atol=1e-12)


def test_where_a_cluster_runs_empty_scikit_learn_says_who_fills_it():
    """Two starting points on one spot, and the far customers that scikit-learn gives to the empty one."""
    centred = np.array([[-1.0], [-1.1], [0.5], [0.6], [1.0]])
    same_spot = np.array([[[-1.0], [-1.0]]])
    assert lloyd.best_centroids(centred, np.ones(5), same_spot, 0.0) is None


def test_an_empty_cluster_is_filled_as_before(monkeypatch):
    monkeypatch.setattr(kmeans, "best_centroids", lambda *arguments: None)
    shapes = noise(200, seed=9)
    rows, counts = resample(200, seed=10)
    expected = by_scikit_learn(np.repeat(shapes[rows], counts, axis=0), 3, 7)
    assert np.array_equal(fit_counted(shapes[rows], counts, 3, 7), expected)


def test_of_equally_near_centroids_the_first_has_the_customer():
    scores = np.array([[[1.0, 2.0, 3.0], [1.0, 1.0, 4.0], [5.0, 1.0, 2.0]]])
    nearest = np.empty(scores.shape, dtype=bool)
    lloyd._find_nearest(scores, nearest)
    assert nearest[0].T.tolist() == [[True, False, False], [False, True, False], [False, False, True]]
