"""Figure: how many customers have the shape of another segment in a season."""

from dataclasses import dataclass

import duckdb
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from peakwise.figures.page import new_page, short_lines
from peakwise.figures.segments import Segment, Segments, descriptive_sentence, read_segments
from peakwise.figures.style import BODY_SIZE, DETAIL_SIZE, GREY, INK, counted, percent

FILE_NAME = "segment_seasons.png"

MOST_SEGMENTS_DRAWN = 12
"""Rows of a page; beyond these the largest segments are drawn, and the figure says that there are more."""

_SEASONS = ("winter", "spring", "summer", "autumn")
_LABEL_WIDTH = 2.3
_ROW_HEIGHT = 0.56
_COLOURS = colormaps["Blues"]


@dataclass(frozen=True)
class SegmentSeasons:
    """Customers by own segment and by the segment that their days of a season resemble.

    Attributes:
        segments: The segments to draw; their order is that of rows and columns.
        customers: One matrix a season; a customer without a clear change stays on the diagonal. Shape (segments, segments).
    """

    segments: Segments
    customers: dict[str, NDArray[np.int64]]


def read(connection: duckdb.DuckDBPyConnection) -> SegmentSeasons | None:
    """Changes between the year and each season; None when no class has two segments or there are no seasons."""
    segments = read_segments(connection)
    if segments is None or len(segments.drawn) == len(segments.classes):
        return None
    segments = segments.largest(MOST_SEGMENTS_DRAWN)
    rows = connection.execute("""
        select
            season,
            year_segment_id,
            case when changes_shape then segment_id else year_segment_id end as season_segment_id,
            count(*)
        from marts.mart_customer_segment_by_season
        where day_type = 'all'
        group by all
        order by all
    """).fetchall()
    position = {segment.segment_id: place for place, segment in enumerate(segments.drawn)}
    found: dict[str, NDArray[np.int64]] = {}
    for season, year_segment, season_segment, customers in rows:
        matrix = found.setdefault(season, np.zeros((len(position), len(position)), dtype=np.int64))
        if year_segment in position and season_segment in position:
            matrix[position[year_segment], position[season_segment]] += customers
    seasons = sorted(
        found, key=lambda season: (_SEASONS.index(season) if season in _SEASONS else len(_SEASONS), season)
    )
    return SegmentSeasons(segments, {season: found[season] for season in seasons}) if seasons else None


def draw(seasons: SegmentSeasons) -> Figure:
    """A table of shares on top; under it, where the customers of each segment go, two seasons in a row."""
    segments = seasons.segments.drawn
    rows_of_matrices = -(-len(seasons.customers) // 2)
    table_height = _ROW_HEIGHT * len(segments) + 0.75
    matrix_height = 0.36 * len(segments) + 0.85
    figure = new_page(
        headline(seasons),
        "A customer changes when the season's days are clearly nearer to another segment than to the own. Top: share of a "
        "segment's customers who change. Below: customers by own segment (rows) and the segment that their season resembles "
        "(columns); the framed diagonal stays.",
        warning=descriptive_sentence(seasons.segments),
        note=seasons.segments.left_out_note,
        plot_height=table_height + rows_of_matrices * matrix_height,
    )
    top, below = figure.subfigures(2, 1, height_ratios=[table_height, rows_of_matrices * matrix_height])
    draw_shares(top.subplots(), seasons)
    greatest = max(0.05, *(float(moved_shares(customers).max()) for customers in seasons.customers.values()))
    panels = below.subplots(rows_of_matrices, 2, squeeze=False).flat
    for axes, (season, customers) in zip(panels, seasons.customers.items(), strict=False):
        draw_matrix(axes, customers, moved_shares(customers) / greatest, seasons.segments)
        axes.set_title(f"{season}: nearest segment", size=BODY_SIZE, weight="bold", pad=22)
    for axes in list(below.axes)[len(seasons.customers) :]:
        axes.set_visible(False)
    return figure


def shares(customers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each row that is off the diagonal; NaN for a row without customers."""
    whole = customers.sum(axis=1)
    return np.divide(whole - np.diag(customers), whole, out=np.full(len(whole), np.nan), where=whole > 0)


def headline(seasons: SegmentSeasons) -> str:
    """The season in which most customers change."""
    changing = {
        season: float((customers.sum() - np.trace(customers)) / max(customers.sum(), 1))
        for season, customers in seasons.customers.items()
    }
    most = max(changing, key=lambda season: changing[season])
    if not changing[most]:
        return "No customer has the shape of another segment in any season"
    return f"In {most}, {percent(changing[most])} of customers have the shape of another segment"


def draw_shares(axes: Axes, seasons: SegmentSeasons) -> None:
    """A table of the share of customers who change, a row a segment and a column a season."""
    segments = seasons.segments.drawn
    table = np.column_stack([shares(customers) for customers in seasons.customers.values()])
    greatest = max(0.05, float(np.nanmax(table))) if np.isfinite(table).any() else 1.0
    draw_cells(axes, table / greatest, [[share(value) for value in row] for row in table])
    axes.set_xticks(range(len(seasons.customers)), list(seasons.customers), size=BODY_SIZE)
    axes.set_yticks(range(len(segments)), [label(segment, seasons.segments) for segment in segments], size=DETAIL_SIZE)
    axes.tick_params(axis="both", length=0, labelcolor=INK, labeltop=True, labelbottom=False)


def share(value: float) -> str:
    """A share of customers; a dash where there are none."""
    return "–" if np.isnan(value) else percent(value)


def label(segment: Segment, segments: Segments) -> str:
    """Number, name, class and size of a segment beside its row."""
    of_class = f"{segment.customer_class}, " if segments.names_classes else ""
    # The number stands in front already.
    name = segment.name.removesuffix(f" (segment {segment.segment_id})")
    name = short_lines(f"{segment.segment_id} {name}", _LABEL_WIDTH, DETAIL_SIZE, most_lines=2)
    return f"{name}\n{of_class}{counted(segment.customers, 'customer')}"


def moved_shares(customers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each row in each column; 0 on the diagonal, which is nearly everybody and would outshine what changes."""
    whole = customers.sum(axis=1, keepdims=True)
    moved = np.divide(customers, whole, out=np.zeros(customers.shape), where=whole > 0)
    np.fill_diagonal(moved, 0.0)
    return moved


def draw_matrix(axes: Axes, customers: NDArray[np.int64], colours: NDArray[np.float64], segments: Segments) -> None:
    """Customers by own segment and nearest segment of a season."""
    draw_cells(axes, colours, [[f"{n:,}" if n else "" for n in row] for row in customers])
    for place in range(len(customers)):
        axes.plot(
            np.array([-0.46, 0.46, 0.46, -0.46, -0.46]) + place,
            np.array([-0.44, -0.44, 0.44, 0.44, -0.44]) + place,
            color=GREY,
            linewidth=1,
        )
    numbers = [str(segment.segment_id) for segment in segments.drawn]
    axes.set_xticks(range(len(numbers)), numbers)
    axes.set_yticks(range(len(numbers)), numbers)
    axes.set_ylabel("own segment", size=DETAIL_SIZE, color=GREY)
    axes.tick_params(axis="both", length=0, labelcolor=INK, labeltop=True, labelbottom=False)


def draw_cells(axes: Axes, colours: NDArray[np.float64], texts: list[list[str]]) -> None:
    """A table of coloured cells with a text each; colours run from 0 to 1, NaN is white."""
    axes.imshow(np.nan_to_num(colours), cmap=_COLOURS, vmin=0, vmax=1.35, aspect="auto")
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            dark = np.nan_to_num(colours[row, column]) > 0.8
            axes.text(column, row, text, ha="center", va="center", size=DETAIL_SIZE, color="white" if dark else INK)
    axes.set_xticks(np.arange(1, colours.shape[1]) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, colours.shape[0]) - 0.5, minor=True)
    axes.grid(False)
    axes.grid(which="minor", axis="both", color="white", linewidth=2)
    axes.tick_params(which="minor", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
