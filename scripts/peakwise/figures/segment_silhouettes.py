"""Figure: how clearly each customer belongs to the own segment, the silhouette plot."""

from dataclasses import dataclass

import duckdb
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from peakwise.figures.page import new_page, short_lines
from peakwise.figures.segments import Segment, Segments, descriptive_sentence, read_segments
from peakwise.figures.style import BLUE, BODY_SIZE, DETAIL_SIZE, GREY, INK, VERMILION, counted, percent

FILE_NAME = "segment_silhouettes.png"

MOST_CLASSES = 4
"""Beyond these the classes with most customers are drawn, and the figure says that there are more."""

_MOST_STEPS = 400
"""Bars of a segment that an eye can tell apart; of more customers, evenly spaced ones are drawn."""

_LABEL_WIDTH = 2.5
_ROW_HEIGHT = 0.92


@dataclass(frozen=True)
class ClassSilhouettes:
    """The silhouettes of a class, from the lowest to the highest in each of its segments.

    Attributes:
        mean: Mean silhouette of the class.
        null_mean: The same of random clouds without groups; None where it is not known.
    """

    customer_class: str
    segments: list[Segment]
    values: dict[int, NDArray[np.float64]]
    mean: float
    null_mean: float | None

    @property
    def nearer_to_another(self) -> float:
        """Share of the customers who lie nearer to another segment than to their own."""
        values = np.concatenate(list(self.values.values()))
        return float((values < 0).mean())


@dataclass(frozen=True)
class SegmentSilhouettes:
    """The classes to draw, and how many more there are."""

    classes: list[ClassSilhouettes]
    left_out: int
    segments: Segments


def read(connection: duckdb.DuckDBPyConnection) -> SegmentSilhouettes | None:
    """The silhouettes of the segments in use; None where no class has two segments."""
    segments = read_segments(connection)
    if segments is None:
        return None
    rows = connection.execute("""
        select segment_id, silhouette
        from marts.fct_customer_segment
        where silhouette is not null
        order by segment_id, silhouette
    """).fetchnumpy()
    numbers = np.ma.filled(rows["segment_id"], -1)
    silhouettes = np.ma.filled(rows["silhouette"], np.nan).astype(float)
    measures = {
        customer_class: (mean, null_mean)
        for customer_class, mean, null_mean in connection.execute("""
            select customer_class, max(silhouette), max(null_silhouette_mean)
            from marts.dim_segment
            where is_current
            group by customer_class
        """).fetchall()
    }
    classes = []
    for customer_class in segments.classes:
        members = [segment for segment in segments.drawn if segment.customer_class == customer_class]
        values = {segment.segment_id: silhouettes[numbers == segment.segment_id] for segment in members}
        values = {segment_id: found for segment_id, found in values.items() if len(found)}
        if len(members) < 2 or not values:
            continue
        mean, null_mean = measures[customer_class]
        if mean is None:
            mean = float(np.concatenate(list(values.values())).mean())
        classes.append(ClassSilhouettes(customer_class, members, values, mean, null_mean))
    if not classes:
        return None
    classes.sort(key=lambda found: -sum(segment.customers for segment in found.segments))
    return SegmentSilhouettes(classes[:MOST_CLASSES], len(classes[MOST_CLASSES:]), segments)


def draw(silhouettes: SegmentSilhouettes) -> Figure:
    """One panel a class, one block a segment."""
    notes = [silhouettes.segments.left_out_note, silhouettes.segments.outlier_note]
    if silhouettes.left_out:
        notes.append(f"The {len(silhouettes.classes)} largest classes are drawn; {silhouettes.left_out} are not.")
    several = len(silhouettes.segments.classes) > 1
    heights = [_ROW_HEIGHT * len(found.segments) + 0.75 + (0.25 if several else 0) for found in silhouettes.classes]
    figure = new_page(
        headline(silhouettes),
        "Silhouette of every customer, highest on top, a block for each segment. 1: far from any other segment. "
        "0: on the border of two. Below 0 (orange): nearer to another segment. All blocks are of one height; the "
        "number of customers stands beside them.",
        warning=descriptive_sentence(silhouettes.segments),
        note=" ".join(filter(None, notes)),
        plot_height=sum(heights),
    )
    lowest = min(float(values.min()) for found in silhouettes.classes for values in found.values.values())
    highest = max(float(values.max()) for found in silhouettes.classes for values in found.values.values())
    panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axes, found in zip(panels, silhouettes.classes, strict=True):
        draw_class(axes, found)
        if several:
            axes.set_title(found.customer_class, loc="left", size=BODY_SIZE, weight="bold", pad=26)
        axes.set_xlim(min(-0.1, 1.05 * lowest), max(0.5, min(1.0, 1.1 * highest)))
        axes.tick_params(labelbottom=True)
    panels[-1].set_xlabel("silhouette", size=DETAIL_SIZE, color=GREY)
    return figure


def headline(silhouettes: SegmentSilhouettes) -> str:
    """How many customers would be better placed elsewhere."""
    shares = {found.customer_class: percent(found.nearer_to_another) for found in silhouettes.classes}
    if len(shares) == 1:
        (share,) = shares.values()
        return f"{share} of customers lie nearer to another segment than to their own"
    listed = ", ".join(f"{share} ({customer_class})" for customer_class, share in shares.items())
    return f"Customers nearer to another segment than to their own: {listed}"


def draw_class(axes: Axes, found: ClassSilhouettes) -> None:
    """Blocks from top to bottom in the order of the segments' numbers, with the means as lines."""
    places, labels = [], []
    for position, segment in enumerate(found.segments):
        places.append(position)
        values = found.values.get(segment.segment_id)
        labels.append(label(segment, values))
        if values is None:
            continue
        drawn = thinned(values)[::-1]
        height = position - 0.42 + 0.84 * (np.arange(len(drawn)) + 0.5) / len(drawn)
        # A single customer is a block too.
        height = np.concatenate([[position - 0.42], height, [position + 0.42]])
        drawn = np.concatenate([drawn[:1], drawn, drawn[-1:]])
        axes.fill_betweenx(height, 0, np.maximum(drawn, 0), color=BLUE, linewidth=0, alpha=0.85, zorder=2)
        axes.fill_betweenx(height, 0, np.minimum(drawn, 0), color=VERMILION, linewidth=0, zorder=2)
    axes.axvline(0, color=GREY, linewidth=0.9, zorder=3)
    means = [(found.mean, "mean", INK, "-")]
    if found.null_mean is not None:
        means.append((found.null_mean, "clouds without groups", GREY, (0, (2, 2))))
    means.sort(key=lambda entry: entry[0])
    for (value, name, colour, dashes), side in zip(means, ("right", "left"), strict=False):
        axes.axvline(value, color=colour, linewidth=1.6, linestyle=dashes, zorder=4)
        axes.annotate(
            f"{name} {value:.2f}",
            (value, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-3 if side == "right" else 3, 4),
            textcoords="offset points",
            ha=side,
            size=DETAIL_SIZE,
            color=colour,
            weight="bold",
        )
    axes.set_yticks(places, labels, size=DETAIL_SIZE)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(len(found.segments) - 0.45, -0.55)
    axes.grid(False)
    axes.spines["left"].set_visible(False)


def thinned(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most so many of the sorted values as an eye can tell apart, the first and the last among them."""
    if len(values) <= _MOST_STEPS:
        return values
    return values[np.linspace(0, len(values) - 1, _MOST_STEPS).round().astype(int)]


def label(segment: Segment, values: NDArray[np.float64] | None) -> str:
    """Name and size of a segment, and the share of its customers who lie nearer to another."""
    name = short_lines(segment.name, _LABEL_WIDTH, DETAIL_SIZE, most_lines=2)
    lines = [name, counted(segment.customers, "customer")]
    if values is None:
        lines.append("not measured")
    else:
        lines.append(f"mean {values.mean():.2f}; {percent(float((values < 0).mean()))} below 0")
    return "\n".join(lines)
