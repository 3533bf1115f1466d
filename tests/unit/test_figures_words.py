"""What the figures say: quantities, line breaks, dates and headlines."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peakwise.figures.page import balanced, text_width, wrapped
from peakwise.figures.segment_count import Candidate, ClassDiagnostics, SegmentCount, finding
from peakwise.figures.segment_count import headline as count_headline
from peakwise.figures.segment_sizes import headline as sizes_headline
from peakwise.figures.segments import Segment, Segments, days_in_words, descriptive_sentence
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


def segment(number, customer_class="residential", *, descriptive_only=False, customers=0.5, peak=0.5):
    return Segment(number, f"Shape {number}", customer_class, descriptive_only, 100, 1.2, customers, customers, peak)


def segments(*drawn):
    return Segments(list(drawn), 0, "all", "all", "daily_share")


def test_descriptive_segments_are_called_so_with_their_class():
    assert descriptive_sentence(segments(segment(1))) == ""
    assert descriptive_sentence(segments(segment(1, descriptive_only=True))) == ""
    doubtful = [segment(number, "business", descriptive_only=True) for number in (2, 3)]
    assert descriptive_sentence(segments(*doubtful)).startswith("Descriptive only: ")
    some = segments(segment(1), *doubtful)
    assert descriptive_sentence(some).startswith("Descriptive only (business): ")


def test_the_headline_of_sizes_names_the_segment_that_weighs_most_at_the_peak():
    found = segments(segment(1, customers=0.7, peak=0.5), segment(2, customers=0.3, peak=0.5))
    assert sizes_headline(found) == "“Shape 2”: 30% of customers, 50% of peak load"
    unknown = segments(segment(1, peak=None), segment(2, peak=None))
    assert sizes_headline(unknown) == "How large the 2 segments are; their load at the peak is not known"


def diagnostics(*, k=3, descriptive_only):
    candidates = [Candidate(1, 10, 10, None, None), Candidate(3, 5, 6, 0.35, 0.18)]
    return ClassDiagnostics("residential", 100, k, descriptive_only, candidates)


def test_the_sentence_on_the_number_of_segments_follows_the_null_test():
    clear, doubtful = diagnostics(descriptive_only=False), diagnostics(descriptive_only=True)
    assert finding(clear, False) == "3 segments, clearer than chance (silhouette 0.35, clouds 0.18)"
    assert finding(doubtful, True).startswith("residential: 3 segments, hardly clearer than chance")
    assert finding(diagnostics(k=1, descriptive_only=True), False) == "one segment of 100 customers, nothing to compare"
    assert count_headline(SegmentCount([clear], 0, "daily_share")) == "The segments are clearer than chance"
    assert "no natural groups" in count_headline(SegmentCount([doubtful], 0, "daily_share"))
    assert count_headline(SegmentCount([clear, doubtful], 0, "daily_share")).startswith("Some classes")


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
