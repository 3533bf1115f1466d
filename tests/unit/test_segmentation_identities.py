"""Segment numbers that stay: matching to the run in use."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from peakwise.segmentation.identities import KnownSegments, identify

KNOWN = KnownSegments(np.array([4, 7, 9]), np.eye(3, 24), np.array([0.3, 0.3, 0.3]))


def test_without_known_segments_numbers_run_on():
    found = identify(np.eye(3, 24), None, next_id=5)
    assert found.segment_ids.tolist() == [5, 6, 7]
    assert np.isnan(found.matched_distances).all()


def test_a_segment_that_moved_a_little_keeps_its_number():
    moved = np.eye(3, 24)[[2, 0, 1]]
    moved[:, 23] += 0.1
    found = identify(moved, KNOWN, next_id=10)
    assert found.segment_ids.tolist() == [9, 4, 7]
    assert np.allclose(found.matched_distances, 0.1)


def test_a_segment_that_moved_beyond_its_customers_is_another_one():
    moved = np.eye(3, 24)
    moved[1, 23] = 0.31
    assert identify(moved, KNOWN, next_id=10).segment_ids.tolist() == [4, 10, 9]


def test_a_segment_that_moved_as_far_as_its_customers_spread_keeps_its_number():
    known = KnownSegments(np.array([4]), np.zeros((1, 24)), np.array([0.5]))
    assert identify(0.5 * np.eye(1, 24), known, next_id=10).segment_ids.tolist() == [4]


def test_more_segments_than_before_get_new_numbers():
    centroids = np.vstack([np.full(24, 5.0), np.eye(3, 24)])
    assert identify(centroids, KNOWN, next_id=10).segment_ids.tolist() == [10, 4, 7, 9]


def test_fewer_segments_than_before_keep_theirs():
    assert identify(np.eye(3, 24)[[2]], KNOWN, next_id=10).segment_ids.tolist() == [9]


def test_the_pairs_are_the_best_as_a_whole_not_one_by_one():
    known = KnownSegments(np.array([1, 2]), np.array([[0.0], [1.0]]), np.array([2.0, 2.0]))
    # One by one, 0.9 would take number 2 and leave number 1 for 1.2; together it is better the other way round.
    assert identify(np.array([[0.9], [1.2]]), known, next_id=3).segment_ids.tolist() == [1, 2]


@given(st.permutations(range(3)))
def test_the_order_of_new_segments_changes_no_number(order):
    found = identify(np.eye(3, 24)[list(order)], KNOWN, next_id=10)
    assert found.segment_ids.tolist() == [[4, 7, 9][index] for index in order]
    assert len(set(found.segment_ids.tolist())) == 3
