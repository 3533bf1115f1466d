"""Precision and recall of the equipment benchmark, and the section they stand in."""

import sys

import numpy as np
import pytest

from peakwise.paths import PROJECT

sys.path.insert(0, str(PROJECT / "benchmarks"))

from side_by_side.equipment import KINDS, SOCKET, WALL_CHARGER, outcome, render, vehicle_pairs, weather_shares


def row(kind, vehicle=False, slow=False, *, late=None, new=None):
    """A customer without other equipment."""
    return [kind, vehicle, slow, False, False, False, False, False, False, False, late, new, late is not None, 0.0, 0.0]


def test_what_cannot_be_told_counts_as_no():
    found = outcome(
        [(True, True), (True, True), (True, True), (True, None), (False, True), (False, None), (False, False)]
    )
    assert (found.right, found.missed, found.wrong) == (3, 1, 1)
    assert found.precision == pytest.approx(0.75)
    assert found.recall == pytest.approx(0.75)


def test_nobody_has_no_share():
    assert outcome([(False, False)]).precision is None
    assert outcome([(False, False)]).recall is None


def test_a_socket_is_neither_missed_nor_wrong():
    rows = [row(WALL_CHARGER, True), row(SOCKET, True), row(SOCKET), row("pool pump", True)]
    counted = outcome(vehicle_pairs(rows))
    assert (counted.right, counted.missed, counted.wrong) == (1, 0, 1)


def test_the_section_tells_each_kind_and_each_utility():
    rows = [row(kind) for kind in KINDS] + [
        row(WALL_CHARGER, True, late=3, new=True),
        row(WALL_CHARGER, True, new=False),
    ]
    cells = [{"size_spread": 0.2, "noise": 0.1, "rows": rows}, {"size_spread": 0.7, "noise": 0.5, "rows": rows}]
    section = render({"customers": 7, "months": 12, "cells": cells})
    for kind in KINDS:
        assert f"| {kind} " in section
    assert "vehicle, 3 kW or more" in section
    assert section.count("1.000") >= 3  # precision of both utilities and of all
    assert "0.667" in section
    assert "Of the 2 vehicles found that came within the history, 2 are dated to within two weeks" in section


def test_shares_of_a_customer_with_two_points_weigh_by_energy():
    class Agreements:
        customer = np.array([1, 1, 2])
        annual_kwh = np.array([1000.0, 3000.0, 500.0])
        shares = np.array([[0, 0, 0.4, 0, 0, 0], [0, 0, 0.2, 0.1, 0, 0.1], [0, 0, 0, 0.5, 0, 0]])

    shares = weather_shares(Agreements)
    assert shares["C000001"] == pytest.approx((0.15, 0.25))
    assert shares["C000002"] == pytest.approx((0.5, 0.0))
