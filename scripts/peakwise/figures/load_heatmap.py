"""Figure: load by month and local hour, of the system and of an average customer of each segment."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from peakwise.figures.page import WIDTH, new_page, panel_heading, text_height
from peakwise.figures.peak_window import PeakWindow, read_peak_window, set_local_hours
from peakwise.figures.segments import Segment, Segments, read_segments
from peakwise.figures.style import BODY_SIZE, DETAIL_SIZE, GREY, MONTHS, counted, power_unit

FILE_NAME = "load_heatmap.png"

MOST_MONTHS = 24
"""Rows of a panel; of a longer history the last months are drawn, and the figure says so."""

MOST_SEGMENTS_DRAWN = 12
"""Small panels of a page; beyond these the largest segments are drawn."""

_COLUMNS = 3
_COLOURS = "cividis"
_MISSING = "#EEEEEE"


@dataclass(frozen=True)
class LoadHeatmap:
    """Mean kW by month and local hour; NaN where nothing was metered.

    Attributes:
        months: First days of the months, the rows of every matrix.
        months_left_out: Earlier months that are not drawn.
        system_kw: Of the whole system; None when it is not known. Shape (months, 24).
        segment_kw: Of an average customer, by segment number. Shape (months, 24).
    """

    months: list[date]
    months_left_out: int
    system_kw: NDArray[np.float64] | None
    segments: Segments | None
    segment_kw: dict[int, NDArray[np.float64]]
    window: PeakWindow | None


def read(connection: duckdb.DuckDBPyConnection) -> LoadHeatmap | None:
    """The system and the segments in use by month and hour; None when there is no load."""
    system = connection.execute("""
        select local_month, local_hour, sum(system_kw::decimal(38, 9))::double / count(*)
        from marts.fct_system_load_hourly
        where system_kw is not null
        group by local_month, local_hour
        order by local_month, local_hour
    """).fetchall()
    segments = read_segments(connection)
    rows = []
    if segments is not None:
        segments = segments.largest(MOST_SEGMENTS_DRAWN)
        rows = connection.execute("""
            select loads.segment_id, loads.local_month, loads.local_hour, loads.kw
            from marts.fct_segment_load_monthly as loads
            inner join marts.dim_segment as segments
                on loads.run_id = segments.run_id and loads.segment_id = segments.segment_id
            where segments.is_current and loads.kw is not null
            order by all
        """).fetchall()
    months = whole_months({(month, hour) for month, hour, _ in system} | {(month, hour) for _, month, hour, _ in rows})
    if not months:
        return None
    drawn = months[-MOST_MONTHS:]
    by_segment: dict[int, list[tuple[date, int, float]]] = {}
    for segment_id, month, hour, kw in rows:
        by_segment.setdefault(segment_id, []).append((month, hour, kw))
    system_kw = matrix(system, drawn)
    segment_kw = {segment_id: matrix(loads, drawn) for segment_id, loads in by_segment.items()}
    return LoadHeatmap(
        drawn,
        len(months) - len(drawn),
        None if np.isnan(system_kw).all() else system_kw,
        segments,
        {segment_id: kw for segment_id, kw in segment_kw.items() if not np.isnan(kw).all()},
        read_peak_window(connection),
    )


def whole_months(hours: set[tuple[date, int]]) -> list[date]:
    """The months without those at both ends of a history of which a few hours were metered only."""
    seen = Counter(month for month, _ in hours)
    months = sorted(seen)
    whole = [place for place, month in enumerate(months) if seen[month] == 24]
    return months[whole[0] : whole[-1] + 1] if whole else months


def matrix(loads: list[tuple[date, int, float]], months: list[date]) -> NDArray[np.float64]:
    """Loads by month and hour; NaN where there is none."""
    row = {month: place for place, month in enumerate(months)}
    kw = np.full((len(months), 24), np.nan)
    for month, hour, value in loads:
        if month in row:
            kw[row[month], hour] = value
    return kw


def draw(loads: LoadHeatmap) -> Figure:
    """The system on top; under it the classes, each with one scale for its segments."""
    blocks: list[tuple[float, str, list[Segment]]] = []
    row_height = 0.17 if len(loads.months) <= 12 else 0.11
    panel_height = max(0.9, row_height * len(loads.months))
    if loads.system_kw is not None:
        blocks.append((1.25 * panel_height + 0.85, "system", []))
    drawn = [
        segment
        for segment in (loads.segments.drawn if loads.segments else [])
        if segment.segment_id in loads.segment_kw
    ]
    for customer_class in dict.fromkeys(segment.customer_class for segment in drawn):
        members = [segment for segment in drawn if segment.customer_class == customer_class]
        rows = -(-len(members) // _COLUMNS)
        blocks.append(
            (rows * (panel_height + text_height("name\nname\nsize", BODY_SIZE) + 0.25) + 0.65, customer_class, members)
        )
    notes = []
    if loads.segments is not None and drawn:
        notes.append(loads.segments.left_out_note)
    if loads.months_left_out:
        notes.append(f"The last {len(loads.months)} months are drawn; {loads.months_left_out} before them are not.")
    if any(kw is not None and np.isnan(kw).any() for kw in (loads.system_kw, *loads.segment_kw.values())):
        notes.append("Pale grey: nothing was metered.")
    figure = new_page(
        headline(loads),
        "Mean load by local hour (across) and month (down): the brighter, the higher."
        + (f" Dashed lines: the peak window, {loads.window.hours}." if loads.window else "")
        + (" Segments of a class share one scale, kW of an average customer." if drawn else ""),
        note=" ".join(filter(None, notes)),
        plot_height=sum(height for height, _, _ in blocks),
    )
    parts = figure.subfigures(len(blocks), 1, squeeze=False, height_ratios=[height for height, _, _ in blocks])[:, 0]
    several = len({segment.customer_class for segment in drawn}) > 1
    for part, (_, name, members) in zip(parts, blocks, strict=True):
        if not members:
            kw_per_unit, unit = power_unit(float(np.nanmax(loads.system_kw)))
            part.suptitle(f"The whole system, mean {unit}", x=0.012, ha="left", size=BODY_SIZE, weight="bold")
            axes = part.subplots()
            image = draw_panel(axes, loads.system_kw / kw_per_unit, loads, None)
            axes.set_xlabel("local hour", size=DETAIL_SIZE, color=GREY)
            colour_bar(part, image, [axes])
            continue
        title = f"{name}: kW of an average customer" if several else "kW of an average customer, by segment"
        part.suptitle(title, x=0.012, ha="left", size=BODY_SIZE, weight="bold")
        draw_class(part, members, loads)
    return figure


def headline(loads: LoadHeatmap) -> str:
    """The month and hour of highest mean load of the system, or what is drawn where that is not known."""
    if loads.system_kw is None:
        return "When the customers of each segment draw their load"
    row, hour = np.unravel_index(np.nanargmax(loads.system_kw), loads.system_kw.shape)
    month = loads.months[row]
    return f"The system is busiest in {MONTHS[month.month - 1]} {month.year}, {hour} to {hour + 1} h on average"


def draw_class(figure: Figure, members: list[Segment], loads: LoadHeatmap) -> None:
    """The segments of a class on one scale, which is beside them."""
    rows = -(-len(members) // _COLUMNS)
    panels = figure.subplots(rows, _COLUMNS, squeeze=False, sharex=True, sharey=True)
    values = np.concatenate([loads.segment_kw[segment.segment_id].ravel() for segment in members])
    scale = range_of(values)
    width = (WIDTH - 1.9) / _COLUMNS
    image = None
    for axes, segment in zip(panels.flat, members, strict=False):
        image = draw_panel(axes, loads.segment_kw[segment.segment_id], loads, scale)
        panel_heading(axes, segment.name, [counted(segment.customers, "customer")], width)
        axes.tick_params(labelbottom=True)
    for axes in panels.flat[len(members) :]:
        axes.set_visible(False)
    colour_bar(figure, image, [axes for axes in panels.flat])


def draw_panel(axes: Axes, kw: NDArray[np.float64], loads: LoadHeatmap, scale: tuple[float, float] | None) -> AxesImage:
    """One heat map; the first month is on top."""
    axes.set_facecolor(_MISSING)
    low, high = scale or range_of(kw)
    image = axes.imshow(
        np.ma.masked_invalid(kw), cmap=_COLOURS, vmin=low, vmax=high, aspect="auto",
        extent=(0, 24, len(loads.months), 0), interpolation="nearest",
    )  # fmt: skip
    if loads.window is not None:
        for hour in (loads.window.start_hour, loads.window.end_hour):
            # Black and white in turn show on any colour.
            axes.axvline(hour, color="black", linewidth=1.3)
            axes.axvline(hour, color="white", linewidth=1.3, linestyle=(0, (3, 3)))
    set_local_hours(axes)
    places, labels = month_labels(loads.months)
    axes.set_yticks(places, labels)
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return image


def range_of(kw: NDArray[np.float64]) -> tuple[float, float]:
    """The ends of a scale of colours: the lowest and the highest value."""
    low, high = float(np.nanmin(kw)), float(np.nanmax(kw))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def month_labels(months: list[date]) -> tuple[list[float], list[str]]:
    """Middles of the rows that are labelled, at most a dozen, with the year where it begins."""
    step = 1 if len(months) <= 6 else 3
    chosen = [place for place, month in enumerate(months) if step == 1 or (month.month - 1) % step == 0] or [0]
    labels = []
    for place in chosen:
        month = months[place]
        new_year = place == chosen[0] or month.month == 1
        labels.append(
            f"{MONTHS[month.month - 1]} {month.year}" if new_year and len(months) > 12 else MONTHS[month.month - 1]
        )
    return [place + 0.5 for place in chosen], labels


def colour_bar(figure: Figure, image: AxesImage | None, panels: list[Axes]) -> None:
    """The scale of the colours, at the right."""
    bar = figure.colorbar(image, ax=panels, pad=0.02, fraction=0.06, aspect=18)
    bar.outline.set_visible(False)
    bar.ax.tick_params(size=0)
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    bar.locator = MaxNLocator(4)
