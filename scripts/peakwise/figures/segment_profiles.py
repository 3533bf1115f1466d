"""Figure: one row a segment, with its days of the week and its seasons side by side."""

from dataclasses import dataclass

import duckdb
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from peakwise.figures.page import WIDTH, new_page, text_height, wrapped
from peakwise.figures.peak_window import PeakWindow, read_peak_window, set_local_hours, shade_peak_window
from peakwise.figures.segments import Segment, Segments, descriptive_sentence, read_segments
from peakwise.figures.style import BLUE, BODY_SIZE, DETAIL_SIZE, GREY, INK, counted

FILE_NAME = "segment_profiles.png"

MOST_SEGMENTS_DRAWN = 6
"""Rows of a page; beyond these the largest segments are drawn, and the figure says that there are more."""

MOST_CUSTOMERS_DRAWN = 60
"""Thin lines of a panel; more are a solid block."""

_LOWEST, _MIDDLE, _HIGHEST = 0.1, 0.5, 0.9
_SEASONS = ("winter", "spring", "summer", "autumn")
_HOURS = [f"hour_{hour:02d}_kw" for hour in range(24)]
_HOUR_MIDDLES = np.arange(24) + 0.5
_PANEL_HEIGHT = 1.5


@dataclass(frozen=True)
class Band:
    """Percent of the day's energy by local hour, over the customers of a segment on days of one kind.

    Attributes:
        customers: How many customers are behind it.
        quantiles: The tenth below which a customer is unusually low, the median, and the tenth above; shape (3, 24).
    """

    customers: int
    quantiles: NDArray[np.float64]


@dataclass(frozen=True)
class SegmentProfiles:
    """Bands and a sample of customers, by segment and days; `days` are seasons and day types in drawing order."""

    segments: Segments
    days: list[tuple[str, str]]
    bands: dict[tuple[int, str, str], Band]
    samples: dict[tuple[int, str, str], NDArray[np.float64]]
    window: PeakWindow | None


def read(connection: duckdb.DuckDBPyConnection) -> SegmentProfiles | None:
    """The profiles of the largest segments in use; None when there are none by day type or season."""
    segments = read_segments(connection)
    if segments is None:
        return None
    segments = segments.largest(MOST_SEGMENTS_DRAWN)
    shares = f"""
        with profiles as (
            select
                assigned.segment_id,
                profiles.*,
                {" + ".join(_HOURS)} as daily_kwh
            from marts.fct_customer_segment as assigned
            inner join marts.fct_customer_load_profile as profiles on assigned.customer_key = profiles.customer_key
            where
                list_contains($drawn, assigned.segment_id)
                and assigned.is_outlier is not true
                and profiles.shape_reason is null
                and (
                    (profiles.season = 'all' and profiles.day_type in ('weekday', 'weekend'))
                    or (profiles.season != 'all' and profiles.day_type = 'all')
                )
        ),
        shares as (
            select
                segment_id,
                season,
                day_type,
                customer_key,
                {", ".join(f"100 * {hour} / daily_kwh as {hour}" for hour in _HOURS)}
            from profiles
            where daily_kwh > 0
        )
    """
    drawn = {"drawn": [segment.segment_id for segment in segments.drawn]}
    bands = {
        (segment_id, season, day_type): Band(customers, np.array(hours, dtype=float).T)
        for segment_id, season, day_type, customers, *hours in connection.execute(
            f"""
            {shares}
            select
                segment_id,
                season,
                day_type,
                count(*),
                {", ".join(f"quantile_cont({hour}, [{_LOWEST}, {_MIDDLE}, {_HIGHEST}])" for hour in _HOURS)}
            from shares
            group by all
            order by all
            """,
            drawn,
        ).fetchall()
    }
    if not bands:
        return None
    # The same scattered customers in every panel of a row.
    rows = connection.execute(
        f"""
        {shares}
        select segment_id, season, day_type, {", ".join(_HOURS)}
        from shares
        qualify row_number() over (
            partition by segment_id, season, day_type
            order by (customer_key::bigint * 2654435761) % 4294967296, customer_key
        ) <= {MOST_CUSTOMERS_DRAWN}
        order by segment_id, season, day_type, customer_key
        """,
        drawn,
    ).fetchall()
    samples: dict[tuple[int, str, str], list[tuple[float, ...]]] = {}
    for segment_id, season, day_type, *hours in rows:
        samples.setdefault((segment_id, season, day_type), []).append(tuple(hours))
    return SegmentProfiles(
        segments,
        sorted({(season, day_type) for _, season, day_type in bands}, key=drawing_order),
        bands,
        {panel: np.array(lines, dtype=float) for panel, lines in samples.items()},
        read_peak_window(connection),
    )


def drawing_order(days: tuple[str, str]) -> tuple[bool, int, str, str]:
    """Weekdays and weekends before the seasons, and these from winter on; seasons of another name come last."""
    season, day_type = days
    return season != "all", _SEASONS.index(season) if season in _SEASONS else len(_SEASONS), season, day_type


def draw(profiles: SegmentProfiles) -> Figure:
    """Small multiples on shared axes."""
    segments = profiles.segments
    titles = [title(segment, segments) for segment in segments.drawn]
    heights = [_PANEL_HEIGHT + 0.3 + text_height(name, BODY_SIZE) for name in titles]
    figure = new_page(
        headline(profiles),
        "Share of the day's energy by local hour. Black: the median customer. Dark band: the middle 80% of customers. "
        f"Thin lines: single customers, at most {MOST_CUSTOMERS_DRAWN} a panel."
        + (f" Orange: the peak window, {profiles.window.hours}." if profiles.window else ""),
        warning=descriptive_sentence(segments),
        note=" ".join(filter(None, [segments.left_out_note, segments.outlier_note])),
        plot_height=sum(heights),
    )
    highest = highest_share(profiles)
    rows = figure.subfigures(len(titles), 1, squeeze=False, height_ratios=heights)[:, 0]
    for row, segment, name in zip(rows, segments.drawn, titles, strict=True):
        row.suptitle(name, x=0.012, ha="left", size=BODY_SIZE, weight="bold")
        panels = row.subplots(1, len(profiles.days), sharey=True, squeeze=False)[0]
        for axes, days in zip(panels, profiles.days, strict=True):
            draw_panel(axes, profiles, segment, days, highest)
        panels[0].yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
        panels[0].yaxis.set_major_formatter(lambda share, _: f"{share:g}%")
    return figure


def headline(profiles: SegmentProfiles) -> str:
    """What is compared, and for how many segments."""
    kinds = {season != "all" for season, _ in profiles.days}
    compared = "the week and the seasons" if len(kinds) == 2 else "the seasons" if True in kinds else "the week"
    drawn, left_out = len(profiles.segments.drawn), profiles.segments.left_out
    if drawn == 1 and not left_out:
        return f"One segment through {compared}"
    return f"{f'The {drawn} largest' if left_out else f'{drawn}'} segments through {compared}"


def title(segment: Segment, segments: Segments) -> str:
    """Name, class and size of a segment, over its row."""
    of_class = f"{segment.customer_class}, " if segments.names_classes else ""
    size = counted(segment.customers, "customer")
    return wrapped(f"{segment.name} ({of_class}{size})", WIDTH - 0.6, BODY_SIZE, "bold", most_lines=2)


def draw_panel(axes: Axes, profiles: SegmentProfiles, segment: Segment, days: tuple[str, str], highest: float) -> None:
    """The customers of a segment on days of one kind."""
    panel = (segment.segment_id, *days)
    axes.set_title(column_title(days), size=DETAIL_SIZE, color=GREY, pad=3)
    set_local_hours(axes)
    axes.set_xticks([0, 12, 24] if len(profiles.days) > 3 else range(0, 25, 6))
    # Neighbouring panels would run their 24 and 0 into each other.
    for label, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True):
        label.set_horizontalalignment("left" if place == 0 else "right" if place == 24 else "center")
    axes.set_ylim(0, highest)
    band = profiles.bands.get(panel)
    if band is None:
        axes.text(0.5, 0.5, "too few\ngood days", transform=axes.transAxes, ha="center", va="center", color=GREY)
        return
    shade_peak_window(axes, profiles.window, label=False)
    sample = profiles.samples[panel]
    lines = [np.column_stack([_HOUR_MIDDLES, customer]) for customer in sample]
    faint = 0.45 if len(lines) < 10 else 0.25 if len(lines) < 40 else 0.16
    axes.add_collection(LineCollection(lines, colors=BLUE, linewidths=0.5, alpha=faint, zorder=2))
    lowest, middle, top = band.quantiles
    if band.customers > 1:
        axes.fill_between(_HOUR_MIDDLES, lowest, top, color=BLUE, alpha=0.35, linewidth=0, zorder=2.5)
    axes.plot(_HOUR_MIDDLES, middle, color=INK, linewidth=1.9, zorder=3)


def column_title(days: tuple[str, str]) -> str:
    """The days of a column: weekdays, weekends, or the season."""
    season, day_type = days
    return season if season != "all" else {"weekday": "weekdays", "weekend": "weekends"}[day_type]


def highest_share(profiles: SegmentProfiles) -> float:
    """Top of the shared axis: every median and band fits, spikes of single customers leave the panel."""
    return 1.12 * max(100 / 24, *(float(band.quantiles[-1].max()) for band in profiles.bands.values()))
