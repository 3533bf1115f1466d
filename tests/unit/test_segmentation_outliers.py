"""Unusual customers: who is called so, and that there are never many."""

import numpy as np
import pytest

from peakwise.segmentation.outliers import LEAST_CUSTOMERS, LEAST_FACTOR, MOST_FRACTION, screen_outliers


def crowd(customers, seed=1):
    return np.random.default_rng(seed).dirichlet(np.full(24, 40.0), customers)


def test_a_customer_far_from_all_others_is_unusual():
    shapes = crowd(300)
    shapes[42] = np.eye(24)[3]
    found = screen_outliers(shapes, seed=7)
    assert np.flatnonzero(found.is_outlier).tolist() == [42]
    assert found.factors[42] > LEAST_FACTOR


def test_a_crowd_without_loners_has_no_outliers():
    assert not screen_outliers(crowd(500), seed=7).is_outlier.any()


def test_no_more_than_two_in_a_hundred_are_called_unusual():
    random = np.random.default_rng(2)
    shapes = crowd(400)
    loners = random.choice(400, 40, replace=False)
    shapes[loners] = random.dirichlet(np.full(24, 0.1), 40)
    found = screen_outliers(shapes, seed=7)
    assert found.is_outlier.sum() == int(400 * MOST_FRACTION)
    assert found.factors[found.is_outlier].min() >= np.sort(found.factors)[-8]


def test_equal_customers_are_not_alone():
    shapes = crowd(200)
    shapes[:60] = shapes[0]
    assert not screen_outliers(shapes, seed=7).is_outlier[:60].any()


def test_duplicating_every_customer_changes_no_factor():
    shapes = crowd(200)
    shapes[3] = np.eye(24)[3]
    once, twice = screen_outliers(shapes, seed=7), screen_outliers(np.repeat(shapes, 2, axis=0), seed=7)
    assert np.allclose(twice.factors, np.repeat(once.factors, 2))
    assert np.flatnonzero(twice.is_outlier).tolist() == [6, 7]


def test_few_customers_are_not_screened():
    found = screen_outliers(crowd(LEAST_CUSTOMERS - 1), seed=7)
    assert np.isnan(found.factors).all()
    assert not found.is_outlier.any()


def test_many_customers_are_compared_with_a_sample(monkeypatch):
    monkeypatch.setattr("peakwise.segmentation.outliers.REFERENCE_CUSTOMERS", 150)
    shapes = crowd(600)
    shapes[[5, 599]] = np.eye(24)[[3, 20]]
    found = screen_outliers(shapes, seed=7)
    assert np.isfinite(found.factors).all()
    assert np.flatnonzero(found.is_outlier).tolist() == [5, 599]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_changes_no_factor(seed):
    shapes = crowd(300)
    shuffled = np.random.default_rng(seed).permutation(300)
    assert np.allclose(screen_outliers(shapes[shuffled], 7).factors, screen_outliers(shapes, 7).factors[shuffled])
