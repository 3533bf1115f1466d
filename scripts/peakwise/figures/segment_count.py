"""Figure: whether another number of segments would fit better, and whether there are groups at all."""

from dataclasses import dataclass

import duckdb
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from peakwise.figures.page import new_page, wrapped
from peakwise.figures.style import BLUE, BODY_SIZE, DETAIL_SIZE, GREY, HALO, INK, PALE_GREY, counted

FILE_NAME = "segment_count.png"

MOST_CLASSES = 8
"""Beyond these the classes with most customers are drawn, and the figure says that there are more."""


_NAMES_APART = 0.19
"""Smallest distance of two names of lines, as a share of the panel's height."""


@dataclass(frozen=True)
class Candidate:
    """Figures of one number of segments; null_* are those of random clouds without groups."""

    k: int
    inertia: float | None
    null_inertia: float | None
    silhouette: float | None
    null_silhouette: float | None


@dataclass(frozen=True)
class ClassDiagnostics:
    """A customer class: what was chosen, and what every number of segments would give."""

    customer_class: str
    customers: int
    chosen_k: int
    descriptive_only: bool
    candidates: list[Candidate]


@dataclass(frozen=True)
class SegmentCount:
    """The classes to draw, and how many more there are."""

    classes: list[ClassDiagnostics]
    left_out: int
    standardisation: str


def read(connection: duckdb.DuckDBPyConnection) -> SegmentCount | None:
    """The diagnostics of the run that the marts show; None when there is nothing to compare."""
    runs = connection.execute("""
        select customer_class, customers, k, coalesce(descriptive_only, true), standardisation, run_id
        from ml.segment_runs
        where run_id = (select max(run_id) from marts.dim_segment)
        order by customers desc, customer_class
    """).fetchall()
    if not runs:
        return None
    classes = []
    for customer_class, customers, chosen_k, descriptive_only, _, run_id in runs[:MOST_CLASSES]:
        rows = connection.execute(
            """
            select k, inertia, null_inertia, silhouette, null_silhouette
            from ml.segment_k_diagnostics
            where run_id = $run_id and customer_class = $customer_class
            order by k
            """,
            {"run_id": run_id, "customer_class": customer_class},
        ).fetchall()
        candidates = [Candidate(*row) for row in rows]
        classes.append(ClassDiagnostics(customer_class, customers, chosen_k, descriptive_only, candidates))
    if all(len(found.candidates) < 2 for found in classes):
        return None
    return SegmentCount(classes, len(runs) - len(classes), runs[0][4])


def draw(count: SegmentCount) -> Figure:
    """One row a class: the elbow on the left, the silhouette on the right."""
    notes = []
    if count.left_out:
        notes.append(f"The {len(count.classes)} largest classes are drawn; {count.left_out} are not.")
    if count.standardisation == "hourly_z_score":
        notes.append("With hourly_z_score, groups can be mere sizes: small, medium and large customers.")
    figure = new_page(
        headline(count),
        "Grey: random clouds with the customers' mean and covariance but no groups. Where blue stays close to grey, "
        "segments are cuts through a continuum, and another number of them is as good.",
        note=" ".join(notes),
        plot_height=2.95 * len(count.classes),
    )
    rows = figure.subfigures(len(count.classes), 1, squeeze=False)[:, 0]
    for row, diagnostics in zip(rows, count.classes, strict=True):
        title = wrapped(finding(diagnostics, len(count.classes) > 1), 8.5, BODY_SIZE, weight="bold")
        row.suptitle(title, x=0.007, ha="left", size=BODY_SIZE, weight="bold")
        left, right = row.subplots(1, 2)
        draw_elbow(left, diagnostics)
        draw_silhouette(right, diagnostics)
    return figure


def headline(count: SegmentCount) -> str:
    """Whether the segments are groups of their own, over all classes."""
    tested = [found for found in count.classes if found.chosen_k > 1]
    doubtful = [found for found in tested if found.descriptive_only]
    if not tested:
        return "One segment a class: nothing to compare"
    if not doubtful:
        return "The segments are clearer than chance"
    if len(doubtful) == len(tested):
        return "The segments describe customers; the data show no natural groups"
    return "Some classes form groups; in others the segments only describe"


def finding(diagnostics: ClassDiagnostics, names_class: bool) -> str:
    """What the figures of a class mean, in a sentence."""
    subject = f"{diagnostics.customer_class}: " if names_class else ""
    size = counted(diagnostics.customers, "customer")
    chosen = next((candidate for candidate in diagnostics.candidates if candidate.k == diagnostics.chosen_k), None)
    if diagnostics.chosen_k == 1:
        return f"{subject}one segment of {size}, nothing to compare"
    if chosen is None or chosen.silhouette is None or chosen.null_silhouette is None:
        return f"{subject}{diagnostics.chosen_k} segments of {size}, silhouette not known"
    clearer = "hardly clearer than chance" if diagnostics.descriptive_only else "clearer than chance"
    return (
        f"{subject}{diagnostics.chosen_k} segments, {clearer} "
        f"(silhouette {chosen.silhouette:.2f}, clouds {chosen.null_silhouette:.2f})"
    )


def draw_elbow(axes: Axes, diagnostics: ClassDiagnostics) -> None:
    """Spread that remains within segments, relative to no segments."""
    lines = [
        relative([(candidate.k, candidate.null_inertia) for candidate in diagnostics.candidates]),
        relative([(candidate.k, candidate.inertia) for candidate in diagnostics.candidates]),
    ]
    axes.set_title("Spread left within segments", loc="left", size=BODY_SIZE)
    draw_lines(axes, lines, diagnostics)
    axes.set_ylim(0, 112)
    name_lines(axes, lines)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}%")


def relative(points: list[tuple[int, float | None]]) -> list[tuple[int, float]]:
    """Percent of the value at k = 1; nothing when that is not known or zero."""
    whole = dict(points).get(1)
    return [(k, 100 * value / whole) for k, value in points if value is not None] if whole else []


def draw_silhouette(axes: Axes, diagnostics: ClassDiagnostics) -> None:
    """How much closer customers are to their own segment than to the next."""
    lines = [
        [
            (candidate.k, candidate.null_silhouette)
            for candidate in diagnostics.candidates
            if candidate.null_silhouette is not None
        ],
        [
            (candidate.k, candidate.silhouette)
            for candidate in diagnostics.candidates
            if candidate.silhouette is not None
        ],
    ]
    axes.set_title("Silhouette, higher is clearer (1 at most)", loc="left", size=BODY_SIZE)
    draw_lines(axes, lines, diagnostics)
    values = [value for line in lines for _, value in line]
    axes.set_ylim(min(0, *values) if values else 0, max(0.3, 1.25 * max(values, default=0)))
    name_lines(axes, lines)


def draw_lines(axes: Axes, lines: list[list[tuple[int, float]]], diagnostics: ClassDiagnostics) -> None:
    """The clouds' line in grey, the customers' in blue, with the chosen k marked."""
    highest_k = max([3, diagnostics.chosen_k, *(candidate.k for candidate in diagnostics.candidates)])
    # Room for the names at the lines' right ends.
    axes.set_xlim(0.7, 1 + 1.5 * (highest_k - 1))
    axes.set_xticks(range(1, highest_k + 1, 1 if highest_k <= 12 else 2))
    axes.set_xlabel("number of segments k", size=DETAIL_SIZE, color=GREY, loc="left")
    clouds, customers = lines
    if len(diagnostics.candidates) < 2:
        axes.text(0.5, 0.5, "too few customers to compare", transform=axes.transAxes, ha="center", color=GREY)
        axes.set_axis_off()
        return
    for line, colour, width in ((clouds, GREY, 1.6), (customers, BLUE, 2.4)):
        if line:
            axes.plot(*zip(*line, strict=True), color=colour, linewidth=width, marker="o", markersize=4, zorder=2)
    axes.axvline(diagnostics.chosen_k, color=PALE_GREY, linewidth=1.2, zorder=1)
    marked = dict(customers).get(diagnostics.chosen_k)
    if marked is not None:
        axes.plot([diagnostics.chosen_k], [marked], color=BLUE, marker="o", markersize=10, zorder=3)
    axes.annotate(
        f"k = {diagnostics.chosen_k} chosen",
        (diagnostics.chosen_k, 1),
        xycoords=("data", "axes fraction"),
        xytext=(5, -2),
        textcoords="offset points",
        va="top",
        size=DETAIL_SIZE,
        color=INK,
        weight="bold",
        path_effects=HALO,
    )


def name_lines(axes: Axes, lines: list[list[tuple[int, float]]]) -> None:
    """Names at the right ends of the lines, moved apart where the ends are close; the y axis must be set."""
    named = [
        (line[-1], name, colour)
        for line, name, colour in zip(lines, ("clouds without\ngroups", "customers"), (GREY, BLUE), strict=True)
        if len(line) > 1
    ]
    low, high = axes.get_ylim()
    named.sort(key=lambda entry: entry[0][1])
    heights = [(value - low) / (high - low) for (_, value), _, _ in named]
    if len(heights) == 2 and heights[1] - heights[0] < _NAMES_APART:
        middle = sum(heights) / 2
        heights = [middle - _NAMES_APART / 2, middle + _NAMES_APART / 2]
    lift = max(0.0, _NAMES_APART / 2 - heights[0]) if heights else 0.0
    for ((k, _), name, colour), height in zip(named, heights, strict=True):
        axes.annotate(
            name,
            (k, low + (height + lift) * (high - low)),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            size=DETAIL_SIZE,
            color=colour,
            weight="bold",
            path_effects=HALO,
        )
