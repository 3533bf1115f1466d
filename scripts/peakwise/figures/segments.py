"""What the figures of segments share: which segments there are, and how they are called."""

from collections import Counter
from dataclasses import dataclass

import duckdb

MOST_SEGMENTS = 30
"""Beyond these the largest are drawn, and the figure says that there are more."""


@dataclass(frozen=True)
class Segment:
    """A segment of the newest run with what it weighs; shares are of all segmented customers."""

    segment_id: int
    name: str
    customer_class: str
    descriptive_only: bool
    customers: int
    mean_peak_window_kw: float | None
    customer_fraction: float | None
    energy_fraction: float | None
    peak_window_fraction: float | None


@dataclass(frozen=True)
class Segments:
    """The segments to draw, in the order of their numbers, and how many more there are."""

    drawn: list[Segment]
    left_out: int
    season: str
    day_type: str
    standardisation: str

    @property
    def classes(self) -> list[str]:
        """Customer classes, in the order of their segments."""
        return list(dict.fromkeys(segment.customer_class for segment in self.drawn))

    @property
    def names_classes(self) -> bool:
        """Whether the class tells segments apart; it does not when there is only one."""
        return len(self.classes) > 1 or self.classes != ["unclassified"]

    @property
    def profile_days(self) -> str:
        """The days behind the shapes, in words."""
        return days_in_words(self.season, self.day_type)

    @property
    def left_out_note(self) -> str:
        """The sentence on segments that are not drawn; empty when all are."""
        return f"The {len(self.drawn)} largest segments are drawn; {self.left_out} are not." if self.left_out else ""


def days_in_words(season: str, day_type: str) -> str:
    """Season and day type as a reader says them: all days, winter weekdays."""
    days = {"all": "days", "weekday": "weekdays", "weekend": "weekend days", "peak_day": "peak days"}.get(
        day_type, day_type
    )
    return f"all {days}" if season == "all" else f"{season} {days}"


def read_segments(connection: duckdb.DuckDBPyConnection) -> Segments | None:
    """The segments of the newest run; None when customers are not segmented."""
    rows = connection.execute("""
        select
            segments.segment_id,
            coalesce(segments.segment_name, 'Segment ' || segments.segment_id),
            segments.customer_class,
            coalesce(segments.descriptive_only, true),
            coalesce(summary.customers, segments.customers, 0) as customers,
            summary.mean_peak_window_kw,
            summary.customer_fraction,
            summary.energy_fraction,
            summary.peak_window_fraction
        from marts.dim_segment as segments
        left join marts.mart_segment_summary as summary on segments.segment_id = summary.segment_id
        order by customers desc, segments.segment_id
    """).fetchall()
    if not rows:
        return None
    season, day_type, standardisation = connection.execute(
        "select season, day_type, standardisation from marts.dim_segment order by segment_id limit 1"
    ).fetchone()
    drawn = sorted((Segment(*row) for row in rows[:MOST_SEGMENTS]), key=lambda segment: segment.segment_id)
    return Segments(drawn, len(rows) - len(drawn), season, day_type, standardisation)


def descriptive_sentence(segments: Segments) -> str:
    """The plain warning about segments that the null test could not tell from a cloud; empty when there are none."""
    # A class that is one segment has no borders to doubt.
    sizes = Counter(segment.customer_class for segment in segments.drawn)
    doubtful = {
        segment.customer_class
        for segment in segments.drawn
        if segment.descriptive_only and sizes[segment.customer_class] > 1
    }
    if not doubtful:
        return ""
    scope = "" if doubtful == set(segments.classes) else f" ({', '.join(sorted(doubtful))})"
    return f"Descriptive only{scope}: shapes form a continuum; segments are cuts through it, not natural groups."
