"""What the figures of segments share: which segments there are, and how they are called."""

from collections import Counter
from dataclasses import dataclass, replace

import duckdb

from peakwise.figures.style import counted

MOST_SEGMENTS = 30
"""Beyond these the largest are drawn, and the figure says that there are more."""


@dataclass(frozen=True)
class Segment:
    """A segment in use with what it weighs; shares and kW are of current customers.

    Attributes:
        customers: Everybody in it, those who have left since among them: they shaped it too.
        former_customers: Those who have left.
        outliers: Customers of unusual shape who lie nearest to it; they count as its customers and did not shape it.
        program: What is advised to offer; None where nothing is.
        advice_reason: Why no program is advised; None where one is.
    """

    segment_id: int
    name: str
    customer_class: str
    descriptive_only: bool
    customers: int
    former_customers: int = 0
    outliers: int = 0
    program: str | None = None
    advice_reason: str | None = None
    mean_peak_window_kw: float | None = None
    customer_fraction: float | None = None
    energy_fraction: float | None = None
    peak_window_fraction: float | None = None

    @property
    def current_customers(self) -> int:
        """Those of its customers who are so today."""
        return self.customers - self.former_customers


@dataclass(frozen=True)
class Segments:
    """The segments to draw, in the order of their numbers, and how many more there are.

    Attributes:
        profile_set: Season and day type of each profile that was clustered, such as `all/weekday + all/weekend`.
    """

    drawn: list[Segment]
    left_out: int
    profile_set: str
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
        return profile_set_in_words(self.profile_set)

    @property
    def left_out_note(self) -> str:
        """The sentence on segments that are not drawn; empty when all are."""
        return f"The {len(self.drawn)} largest segments are drawn; {self.left_out} are not." if self.left_out else ""

    @property
    def former_note(self) -> str:
        """The sentence on customers who have left and whose lines are drawn; empty when there are none."""
        former = sum(segment.former_customers for segment in self.drawn)
        if not former:
            return ""
        return f"{counted(former, 'customer')} who left since shaped the segments too, and may be drawn."

    @property
    def outlier_note(self) -> str:
        """The sentence on customers whose lines are not drawn; empty when there are none."""
        outliers = sum(segment.outliers for segment in self.drawn)
        if not outliers:
            return ""
        return (
            f"{counted(outliers, 'customer')} of unusual shape {'is' if outliers == 1 else 'are'} counted in the "
            "nearest segment and not drawn."
        )

    def largest(self, most: int) -> "Segments":
        """The same with at most so many segments, the largest."""
        kept = sorted(self.drawn, key=lambda segment: (-segment.customers, segment.segment_id))[:most]
        return replace(
            self,
            drawn=sorted(kept, key=lambda segment: segment.segment_id),
            left_out=self.left_out + len(self.drawn) - len(kept),
        )


def days_in_words(season: str, day_type: str) -> str:
    """Season and day type as a reader says them: all days, winter weekdays."""
    days = {"all": "days", "weekday": "weekdays", "weekend": "weekend days", "peak_day": "peak days"}.get(
        day_type, day_type
    )
    return f"all {days}" if season == "all" else f"{season} {days}"


def profile_set_in_words(profile_set: str) -> str:
    """The profiles that were clustered, as a reader says them: all weekdays and all weekend days."""
    *first, last = [days_in_words(*part.split("/", 1)) for part in profile_set.split(" + ")]
    return f"{', '.join(first)} and {last}" if first else last


def read_segments(connection: duckdb.DuckDBPyConnection) -> Segments | None:
    """The segments in use; None when customers are not segmented."""
    rows = connection.execute("""
        with outliers as (
            select segment_id, count(*) as outliers
            from marts.fct_customer_segment
            where is_outlier
            group by segment_id
        )
        select
            segments.segment_id,
            coalesce(segments.segment_name, 'Segment ' || segments.segment_id),
            segments.customer_class,
            coalesce(segments.descriptive_only, true),
            coalesce(summary.customers + summary.former_customers, segments.customers, 0) as customers,
            coalesce(summary.former_customers, 0),
            coalesce(outliers.outliers, 0),
            segments.program,
            segments.advice_reason,
            summary.mean_peak_window_kw,
            summary.customer_fraction,
            summary.energy_fraction,
            summary.peak_window_fraction,
            segments.profile_set,
            segments.standardisation
        from marts.dim_segment as segments
        left join marts.mart_segment_summary as summary on segments.segment_id = summary.segment_id
        left join outliers on segments.segment_id = outliers.segment_id
        where segments.is_current
        order by customers desc, segments.segment_id
    """).fetchall()
    if not rows:
        return None
    profile_set, standardisation = rows[0][-2:]
    found = Segments(told_apart([Segment(*row[:-2]) for row in rows]), 0, profile_set, standardisation)
    return found.largest(MOST_SEGMENTS)


def told_apart(segments: list[Segment]) -> list[Segment]:
    """The segments, those of a class that have one name with their numbers behind it."""
    named = Counter((segment.customer_class, segment.name) for segment in segments)
    return [
        replace(segment, name=f"{segment.name} (segment {segment.segment_id})")
        if named[segment.customer_class, segment.name] > 1
        else segment
        for segment in segments
    ]


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
