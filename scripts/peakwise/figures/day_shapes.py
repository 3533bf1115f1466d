"""Figure: the shapes that single days have, and how alike the days of a customer are."""

from dataclasses import dataclass
from math import log2

import duckdb
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from peakwise.figures.page import WIDTH, new_page, panel_heading, short_lines, text_height
from peakwise.figures.peak_window import PeakWindow, read_peak_window, set_local_hours, shade_peak_window
from peakwise.figures.style import BLUE, BODY_SIZE, DETAIL_SIZE, GREY, HALO, INK, amount, counted, percent

FILE_NAME = "day_shapes.png"

MOST_SHAPES = 20
"""Beyond these the most frequent shapes are drawn, and the figure says that there are more."""

_COLUMNS = 4
_HOURS = [f"hour_{hour:02d}" for hour in range(24)]
_HOUR_MIDDLES = np.arange(24) + 0.5


@dataclass(frozen=True)
class DayShape:
    """A shape of days: percent of the day's energy by local hour, and the share of all days that have it."""

    name: str
    hours: NDArray[np.float64]
    day_fraction: float


@dataclass(frozen=True)
class DayShapes:
    """The shapes to draw in the order of their numbers, and the entropy of each customer.

    Attributes:
        left_out: Shapes that are not drawn.
        entropies: Bits of each customer's distribution over the shapes, 0 for one shape only; customers with enough days.
        greatest_entropy: Bits of a customer whose days are spread evenly over all shapes.
    """

    drawn: list[DayShape]
    left_out: int
    entropies: NDArray[np.float64]
    greatest_entropy: float
    window: PeakWindow | None


def read(connection: duckdb.DuckDBPyConnection) -> DayShapes | None:
    """The shapes of days; None when days are not clustered, as in a warehouse that is older than the mart."""
    if not connection.execute("""
        select * from information_schema.tables where table_schema = 'marts' and table_name = 'dim_day_shape'
    """).fetchall():
        return None
    rows = connection.execute(f"""
        select
            coalesce(day_shape_name, 'Shape ' || day_shape_id),
            day_fraction,
            {", ".join(_HOURS)}
        from marts.dim_day_shape
        order by day_fraction desc, day_shape_id
    """).fetchall()
    if not rows:
        return None
    entropies = connection.execute("""
        select entropy_bits
        from marts.mart_customer_day_shapes
        where has_enough_days
        order by entropy_bits
    """).fetchnumpy()["entropy_bits"]
    drawn = [
        DayShape(name, 100 * np.array(hours, dtype=float), fraction) for name, fraction, *hours in rows[:MOST_SHAPES]
    ]
    return DayShapes(
        drawn,
        len(rows) - len(drawn),
        np.asarray(entropies, dtype=float),
        log2(len(rows)),
        read_peak_window(connection),
    )


def draw(shapes: DayShapes) -> Figure:
    """Small multiples of the shapes, and under them a histogram of the customers' entropy."""
    columns = min(_COLUMNS, len(shapes.drawn))
    rows = -(-len(shapes.drawn) // columns)
    panel_width = (WIDTH - 0.9) / columns - 0.15
    heading_height = text_height("share", DETAIL_SIZE) + max(
        text_height(short_lines(shape.name, panel_width, BODY_SIZE, "bold", most_lines=2), BODY_SIZE)
        for shape in shapes.drawn
    )
    shapes_height = rows * (1.15 + heading_height) + 0.5
    histogram_height = 2.3 if len(shapes.entropies) else 0.0
    figure = new_page(
        headline(shapes),
        "Top: shapes of single days, as share of the day's energy by local hour; dotted is an even day."
        + (f" Orange: the peak window, {shapes.window.hours}." if shapes.window else "")
        + (
            " Bottom: how many shapes a customer's days have. On the left, every day is alike."
            if histogram_height
            else ""
        ),
        note=f"The {len(shapes.drawn)} commonest shapes are drawn; {shapes.left_out} are not."
        if shapes.left_out
        else "",
        plot_height=shapes_height + histogram_height,
    )
    parts = figure.subfigures(
        2 if histogram_height else 1,
        1,
        squeeze=False,
        height_ratios=[shapes_height, histogram_height][: 1 + bool(histogram_height)],
    )[:, 0]
    draw_shapes(parts[0], shapes, rows, columns, panel_width)
    if histogram_height:
        draw_entropies(parts[1].subplots(), shapes)
    return figure


def headline(shapes: DayShapes) -> str:
    """How many shapes there are, and how many a usual customer's days are spread over."""
    number = len(shapes.drawn) + shapes.left_out
    if number == 1:
        return "All days have one shape"
    if not len(shapes.entropies):
        return f"{number} shapes of days"
    usual = 2 ** float(np.median(shapes.entropies))
    return f"Days have {number} shapes; a usual customer's days are as varied as {usual:.1f} of them"


def draw_shapes(figure: Figure, shapes: DayShapes, rows: int, columns: int, panel_width: float) -> None:
    """One panel a shape on shared axes."""
    highest = 1.15 * max(100 / 24, *(float(shape.hours.max()) for shape in shapes.drawn))
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat
    for position, (axes, shape) in enumerate(zip(panels, shapes.drawn, strict=False)):
        panel_heading(axes, shape.name, [f"{percent(shape.day_fraction)} of days"], panel_width)
        shade_peak_window(axes, shapes.window, label=False)
        axes.axhline(100 / 24, color=GREY, linewidth=0.9, linestyle=(0, (2, 3)), zorder=1)
        axes.fill_between(_HOUR_MIDDLES, shape.hours, color=BLUE, alpha=0.25, linewidth=0, zorder=2)
        axes.plot(_HOUR_MIDDLES, shape.hours, color=BLUE, linewidth=2, zorder=3)
        axes.set_ylim(0, highest)
        set_local_hours(axes)
        axes.set_xticks([0, 12, 24])
        if position + columns >= len(shapes.drawn):
            axes.set_xlabel("local hour", size=DETAIL_SIZE, color=GREY)
            axes.tick_params(labelbottom=True)
    for axes in list(figure.axes)[len(shapes.drawn) :]:
        axes.set_visible(False)
    figure.axes[0].yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10], integer=True))
    figure.axes[0].yaxis.set_major_formatter(lambda share, _: f"{share:g}%")


def draw_entropies(axes: Axes, shapes: DayShapes) -> None:
    """Customers by the entropy of their days, with the median and the number of equally used shapes that it equals."""
    end = max(shapes.greatest_entropy, 1.0)
    counts, _, _ = axes.hist(shapes.entropies, bins=np.linspace(0, end, 37), color=BLUE, alpha=0.85, zorder=2)
    axes.set_ylim(0, 1.25 * counts.max())
    median = float(np.median(shapes.entropies))
    axes.axvline(median, color=INK, linewidth=1.6, zorder=3)
    on_left = median > end / 2
    axes.annotate(
        f"median {amount(median)} bits",
        (median, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-5 if on_left else 5, -2),
        textcoords="offset points",
        ha="right" if on_left else "left",
        va="top",
        size=DETAIL_SIZE,
        weight="bold",
        path_effects=HALO,
    )
    axes.set_title("Customers by entropy of their days", loc="left", size=BODY_SIZE, weight="bold")
    bits = range(int(end) + 1)
    axes.set_xlim(0, end)
    axes.set_xticks(bits, [f"{counted(bit, 'bit')}\n{counted(2**bit, 'shape')}" for bit in bits])
    for label, bit in zip(axes.get_xticklabels(), bits, strict=True):
        label.set_horizontalalignment("left" if bit == 0 else "right" if bit > 0.97 * end else "center")
    axes.set_xlabel("entropy, and the number of equally frequent shapes with it", size=DETAIL_SIZE, color=GREY)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
