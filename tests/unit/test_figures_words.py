"""What the figures say: quantities, line breaks, dates and headlines."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peakwise.figures.day_shapes import DayShape, DayShapes
from peakwise.figures.day_shapes import headline as day_shapes_headline
from peakwise.figures.flows import places
from peakwise.figures.load_heatmap import month_labels
from peakwise.figures.page import balanced, text_width, wrapped
from peakwise.figures.segment_churn import ClassChurn, SegmentChurn
from peakwise.figures.segment_churn import headline as churn_headline
from peakwise.figures.segment_count import Candidate, ClassDiagnostics, SegmentCount, finding, values
from peakwise.figures.segment_count import headline as count_headline
from peakwise.figures.segment_load_shapes import advice_note, details
from peakwise.figures.segment_seasons import SegmentSeasons, moved_shares, shares
from peakwise.figures.segment_seasons import headline as seasons_headline
from peakwise.figures.segment_silhouettes import ClassSilhouettes, SegmentSilhouettes, thinned
from peakwise.figures.segment_silhouettes import headline as silhouettes_headline
from peakwise.figures.segment_sizes import headline as sizes_headline
from peakwise.figures.segment_sizes import label as sizes_label
from peakwise.figures.segments import (
    Segment,
    Segments,
    days_in_words,
    descriptive_sentence,
    profile_set_in_words,
    told_apart,
)
from peakwise.figures.style import amount, percent, power_unit
from peakwise.figures.system_load import arranged, group_label, neighbours
from peakwise.figures.target_curve import TargetCurve, TargetCurves
from peakwise.figures.target_curve import headline as target_headline


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0412, "0.041"), (0.868, "0.87"), (12.34, "12.3"), (456.4, "456"), (7890.2, "7,890")],
)
def test_amounts_have_about_three_digits(value, text):
    assert amount(value) == text


def test_small_and_almost_whole_shares_are_not_rounded_away():
    assert [percent(share) for share in (0, 0.004, 0.104, 0.996, 1)] == ["0%", "under 1%", "10%", "over 99%", "100%"]


def test_the_unit_follows_the_size_of_the_system():
    assert [power_unit(kw)[1] for kw in (3, 9_999, 10_000, 269_000, 45_000_000)] == ["kW", "kW", "MW", "MW", "GW"]


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126) | st.just(" "), max_size=200))
def test_wrapped_text_fits_and_loses_no_letter(text):
    lines = wrapped(text, 2.0, 10).split("\n")
    assert all(text_width(line, 10) <= 2.0 for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(text.split())


def test_lines_above_the_most_fall_away_with_a_mark():
    lines = wrapped("one two three four five six seven eight nine ten " * 4, 2.0, 10, most_lines=2).split("\n")
    assert len(lines) == 2
    assert lines[1].endswith(" …")


def test_balanced_lines_have_about_one_length():
    text = "no word of this headline is to stand alone on its last line, however wide the page may be"
    first, second = balanced(text, 6.0, 10).split("\n")
    assert f"{first} {second}" == text
    assert abs(text_width(first, 10) - text_width(second, 10)) < 0.8


def test_days_are_said_in_words():
    assert days_in_words("all", "all") == "all days"
    assert days_in_words("winter", "weekday") == "winter weekdays"
    assert days_in_words("summer", "peak_day") == "summer peak days"


def test_neighbouring_peak_days_share_a_label():
    days = [date(2025, 1, 31), date(2025, 2, 2), date(2025, 7, 4)]
    groups = neighbours(days, 5)
    assert [group_label(group) for group in groups] == ["31 Jan–2 Feb: 2 days", "4 Jul"]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 0.4)), max_size=10))
def test_labels_of_peak_days_never_disturb_each_other(wanted):
    places = arranged(sorted(wanted)) or []
    for number, place in enumerate(places):
        assert place.start >= 0 and place.end <= 1 + 1e-9
        assert not any(place.disturbs(other) for other in places[:number])


def test_labels_move_up_where_that_makes_room():
    places = arranged([(0.08, 0.25), (0.2, 0.1), (0.24, 0.1)])
    assert [place.leader for place in places] == [0.08, 0.2, 0.24]


def test_a_single_label_always_fits():
    assert len(arranged([(0.99, 0.9)])) == 1


def segment(number, customer_class="residential", *, descriptive_only=False, customers=0.5, peak=0.5, **others):
    return Segment(
        number, others.pop("name", f"Shape {number}"), customer_class, descriptive_only, 100, mean_peak_window_kw=1.2,
        customer_fraction=customers, energy_fraction=customers, peak_window_fraction=peak, **others,
    )  # fmt: skip


def segments(*drawn):
    return Segments(list(drawn), 0, "all/all", "daily_share")


def test_profile_sets_are_said_in_words():
    assert profile_set_in_words("all/all") == "all days"
    assert profile_set_in_words("winter/weekday + winter/weekend") == "winter weekdays and winter weekend days"


def test_segments_of_one_name_are_told_apart_by_their_numbers():
    found = told_apart([segment(1, name="Flat"), segment(2, name="Flat"), segment(3, "business", name="Flat")])
    assert [each.name for each in found] == ["Flat (segment 1)", "Flat (segment 2)", "Flat"]


def test_the_largest_segments_stay_in_the_order_of_their_numbers():
    sizes = {1: 5, 2: 9, 3: 1, 4: 7}
    found = segments(*(replace(segment(number), customers=size) for number, size in sizes.items())).largest(2)
    assert ([each.segment_id for each in found.drawn], found.left_out) == ([2, 4], 2)


def test_an_offer_is_a_line_of_its_segment_and_its_absence_a_note_with_the_class():
    offered = segment(1, program="Peak-time rebate")
    withheld = segment(2, "business", advice_reason="no program: no groups")
    assert details(offered, segments(offered))[-1] == "Offer: Peak-time rebate"
    assert advice_note(segments(offered, withheld)) == "business: no program: no groups."
    assert advice_note(segments(withheld)) == "No program: no groups."
    assert advice_note(segments(offered)) == ""


def test_descriptive_segments_are_called_so_with_their_class():
    assert descriptive_sentence(segments(segment(1))) == ""
    assert descriptive_sentence(segments(segment(1, descriptive_only=True))) == ""
    doubtful = [segment(number, "business", descriptive_only=True) for number in (2, 3)]
    assert descriptive_sentence(segments(*doubtful)).startswith("Descriptive only: ")
    some = segments(segment(1), *doubtful)
    assert descriptive_sentence(some).startswith("Descriptive only (business): ")


def test_who_has_left_is_counted_apart():
    stayed, left = segment(1), replace(segment(2), former_customers=30)
    assert details(stayed, segments(stayed, left))[0] == "residential, 100 customers"
    assert details(left, segments(stayed, left))[0] == "residential, 70 customers"
    assert segments(stayed).former_note == ""
    assert segments(stayed, left).former_note.startswith("30 customers who left since shaped the segments too")
    assert sizes_label(left, segments(stayed, left)).splitlines()[-1] == "residential, 70 customers"


def test_the_headline_of_sizes_names_the_segment_that_weighs_most_at_the_peak():
    found = segments(segment(1, customers=0.7, peak=0.5), segment(2, customers=0.3, peak=0.5))
    assert sizes_headline(found) == "“Shape 2”: 30% of customers, 50% of peak load"
    unknown = segments(segment(1, peak=None), segment(2, peak=None))
    assert sizes_headline(unknown) == "How large the 2 segments are; their load at the peak is not known"


def diagnostics(*, k=3, descriptive_only, silhouette=0.35, clouds=0.18):
    candidates = [Candidate(1, inertia=10), Candidate(3, inertia=5, silhouette=0.36)]
    return ClassDiagnostics(
        "residential", 100, k, "k is 3, as given.", descriptive_only, silhouette, clouds, candidates
    )


def test_the_sentence_on_the_number_of_segments_follows_the_null_test():
    clear, doubtful = diagnostics(descriptive_only=False), diagnostics(descriptive_only=True)
    assert finding(clear, False) == "3 segments, clearer than chance (silhouette 0.35, clouds 0.18)."
    assert finding(doubtful, True).startswith("residential: 3 segments, hardly clearer than chance")
    for silhouette, clouds in ((0.25, 0.27), (0.254, 0.251)):
        below = diagnostics(descriptive_only=True, silhouette=silhouette, clouds=clouds)
        assert "3 segments, no clearer than chance (silhouette 0.25, " in finding(below, True)
    assert (
        finding(diagnostics(k=1, descriptive_only=True), False) == "one segment of 100 customers, nothing to compare."
    )
    assert count_headline(SegmentCount([clear], 0, "daily_share")) == "The segments are clearer than chance"
    assert "no natural groups" in count_headline(SegmentCount([doubtful], 0, "daily_share"))
    assert count_headline(SegmentCount([clear, doubtful], 0, "daily_share")).startswith("Some classes")


def test_inertia_is_in_percent_and_one_segment_has_no_smallest():
    candidates = [
        Candidate(1, inertia=10, smallest_segment_fraction=1.0), Candidate(2, inertia=5, smallest_segment_fraction=0.4),
    ]  # fmt: skip
    assert values("inertia", candidates) == [(1, 100), (2, 50)]
    assert values("smallest_segment_fraction", candidates) == [(2, 0.4)]
    assert values("mean_rank", candidates) == []


def test_the_share_of_misplaced_customers_is_counted_over_the_class():
    found = ClassSilhouettes("home", [], {1: np.array([-0.1, 0.2]), 2: np.array([0.3, 0.4])}, 0.2, 0.1)
    assert found.nearer_to_another == 0.25
    assert silhouettes_headline(SegmentSilhouettes([found], 0, segments(segment(1)))).startswith("25% of customers")


def test_silhouettes_are_thinned_and_keep_both_ends():
    kept = thinned(np.linspace(-1, 1, 5000))
    assert (len(kept), kept[0], kept[-1]) == (400, -1, 1)
    assert len(thinned(np.zeros(7))) == 7


def test_the_headline_of_moves_counts_all_classes():
    classes = [ClassChurn("a", {(1, 1): 80, (1, 2): 20}, {}, {}), ClassChurn("b", {(3, 3): 100}, {}, {})]
    assert (
        churn_headline(SegmentChurn(True, classes, 0)) == "The candidate run moves 10% of customers to another segment"
    )
    assert churn_headline(SegmentChurn(False, classes[1:], 0)).endswith("leaves every customer in the same segment")


def test_the_headline_of_seasons_names_the_season_of_most_changes():
    matrices = {"winter": np.array([[9, 1], [0, 10]]), "summer": np.array([[5, 5], [0, 10]])}
    found = SegmentSeasons(segments(segment(1), segment(2)), matrices)
    assert seasons_headline(found) == "In summer, 25% of customers have the shape of another segment"
    np.testing.assert_array_equal(shares(matrices["summer"]), [0.5, 0.0])
    np.testing.assert_array_equal(moved_shares(matrices["summer"]), [[0, 0.5], [0, 0]])


def test_blocks_of_flows_are_as_high_as_their_customers_and_never_overlap():
    blocks = places({1: 90, 2: 1, 3: 9}, 100)
    assert [height for _, height in blocks.values()] == [0.9, 0.01, 0.09]
    ends = [(top, top + height) for top, height in blocks.values()]
    assert all(end < start for (_, end), (start, _) in pairwise(ends))


@given(st.integers(1, 30))
def test_months_are_labelled_within_the_rows(months):
    places_of_labels, labels = month_labels([date(2020 + n // 12, n % 12 + 1, 1) for n in range(months)])
    assert 1 <= len(labels) == len(places_of_labels) <= 12
    assert all(0 < place < months for place in places_of_labels)


def test_the_headline_of_day_shapes_says_how_varied_a_usual_customer_is():
    shape = DayShape("Flat", np.full(24, 100 / 24), 0.5)
    found = DayShapes([shape, shape], 2, np.array([0.0, 1.0, 2.0]), 2.0, None)
    assert day_shapes_headline(found) == "Days have 4 shapes; a usual customer's days are as varied as 2.0 of them"


def test_the_headline_of_targets_counts_all_classes():
    curves = [TargetCurve("a", 100, 50.0, 10, 13.5, []), TargetCurve("b", 100, 50.0, 10, 13.5, [])]
    found = TargetCurves(curves, 0, 20, 200, 27.0, 100.0, 0.06, None)
    assert target_headline(found) == "10% of eligible customers hold 27% of the expected kW"
    nobody = TargetCurves(curves, 0, 0, 200, 0.0, 100.0, 0.06, None)
    assert target_headline(nobody) == "200 customers can be asked, none is on a target list"


def test_groups_of_days_shrink_until_one_is_left():
    days = [date(2025, 1, 1) + timedelta(days=30 * number) for number in range(10)]
    assert len(neighbours(days, 29)) == 10
    assert len(neighbours(days, 31)) == 1
