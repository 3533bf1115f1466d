"""A refit goes on from the segments in use: when, and when not."""

import numpy as np
import pytest

from peakwise.segmentation.clustering import fit_segments
from peakwise.segmentation.continuing import continued

RANDOM = np.random.default_rng(3)
CORNERS = np.array([[0.0, 0.0], [0.0, 10.0], [30.0, 0.0], [30.0, 10.0]])
SHAPES = np.repeat(CORNERS, 50, axis=0) + 0.1 * RANDOM.standard_normal((200, 2))
ANEW = fit_segments(SHAPES, 2, seed=7)
# Cut across instead of along: K-means stays there, at nine times the inertia.
ACROSS = np.array([[15.0, 0.0], [15.0, 10.0]])


def test_segments_in_use_that_are_clearly_worse_are_given_up():
    assert continued(SHAPES, ANEW, ACROSS) is ANEW


def test_segments_that_only_describe_are_gone_on_from_at_any_price():
    found = continued(SHAPES, ANEW, ACROSS, only_describe=True)
    assert found.inertia > 5 * ANEW.inertia
    assert np.sort(found.centroids, axis=0) == pytest.approx(ACROSS, abs=0.1)


@pytest.mark.parametrize(("times_the_inertia", "is_gone_on_from"), [(1.009, True), (1.011, False)])
def test_segments_in_use_may_be_a_hundredth_worse(times_the_inertia: float, is_gone_on_from: bool):
    anew = ANEW._replace(inertia=ANEW.inertia / times_the_inertia)
    found = continued(SHAPES, anew, ANEW.centroids + 0.2)
    assert (found is not anew) == is_gone_on_from
    assert found.inertia == pytest.approx(ANEW.inertia if is_gone_on_from else anew.inertia)
    assert np.array_equal(found.labels, ANEW.labels)


def test_another_number_of_segments_begins_anew():
    assert continued(SHAPES, ANEW, CORNERS, only_describe=True) is ANEW
