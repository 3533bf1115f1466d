"""Figure: why there are so many segments, and whether there are groups at all."""

from dataclasses import dataclass

import duckdb
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from peakwise.figures.page import WIDTH, balanced, new_page, text_height, wrapped
from peakwise.figures.style import BLUE, BODY_SIZE, DETAIL_SIZE, GREY, INK, ORANGE, PALE_GREY, counted
from peakwise.segmentation.choosing import LEAST_CUSTOMERS, LEAST_FRACTION, LEAST_STABILITY
from peakwise.segmentation.null_test import LEAD

FILE_NAME = "segment_count.png"

MOST_CLASSES = 4
"""Beyond these the classes with most customers are drawn, and the figure says that there are more."""

_PANELS_IN_A_ROW = 3
_PANEL_HEIGHT = 1.75


@dataclass(frozen=True)
class Candidate:
    """Figures of one number of segments, as in marts.fct_segment_k_diagnostics; null_* are those of random clouds."""

    k: int
    inertia: float | None = None
    null_inertia: float | None = None
    silhouette: float | None = None
    null_silhouette: float | None = None
    davies_bouldin: float | None = None
    calinski_harabasz: float | None = None
    clustering_dispersion: float | None = None
    mean_index_adequacy: float | None = None
    stability: float | None = None
    smallest_segment_fraction: float | None = None
    is_admissible: bool = False
    mean_rank: float | None = None


@dataclass(frozen=True)
class ClassDiagnostics:
    """A customer class: what was chosen and why, and what every number of segments would give.

    Attributes:
        fitted_customers: Customers behind the figures, outliers not among them.
        silhouette: Mean silhouette of the segments in use; None where there is one segment.
        null_silhouette: The same of random clouds without groups.
    """

    customer_class: str
    fitted_customers: int
    chosen_k: int
    reason: str
    descriptive_only: bool
    silhouette: float | None
    null_silhouette: float | None
    candidates: list[Candidate]


@dataclass(frozen=True)
class SegmentCount:
    """The classes to draw, and how many more there are."""

    classes: list[ClassDiagnostics]
    left_out: int
    standardisation: str


@dataclass(frozen=True)
class Panel:
    """A small panel: what is on its y axis, and where the rule draws a line.

    Attributes:
        measure: Attribute of a candidate.
        title: Name of the measure, with the direction that is better.
        null_measure: The same of clouds without groups, drawn in grey.
    """

    measure: str
    title: str
    null_measure: str | None = None


PANELS = (
    Panel("inertia", "Inertia: look for an elbow", "null_inertia"),
    Panel("silhouette", "Silhouette, high", "null_silhouette"),
    Panel("davies_bouldin", "Davies-Bouldin, low"),
    Panel("calinski_harabasz", "Calinski-Harabasz, high"),
    Panel("clustering_dispersion", "Dispersion (CDI), low"),
    Panel("mean_index_adequacy", "Adequacy (MIA), low"),
    Panel("stability", "Stability, high"),
    Panel("smallest_segment_fraction", "Smallest segment"),
    Panel("mean_rank", "Mean rank, low"),
)


def read(connection: duckdb.DuckDBPyConnection) -> SegmentCount | None:
    """The diagnostics of the run in use; None when there is nothing to compare."""
    runs = connection.execute("""
        with runs as (
            select
                run_id,
                customer_class,
                sum(customers)::integer as customers,
                count(*) as k,
                coalesce(any_value(k_reason), '') as k_reason,
                coalesce(bool_or(descriptive_only), true) as descriptive_only,
                max(silhouette) as silhouette,
                max(null_silhouette_mean) as null_silhouette,
                max(standardisation) as standardisation
            from marts.dim_segment
            where is_current
            group by run_id, customer_class
        ),
        outliers as (
            select run_id, segments.customer_class, count(*) as outliers
            from marts.fct_customer_segment
            inner join marts.dim_segment as segments using (run_id, segment_id)
            where is_outlier
            group by all
        )
        select
            runs.run_id,
            runs.standardisation,
            runs.customer_class,
            customers - coalesce(outliers, 0),
            k,
            k_reason,
            descriptive_only,
            silhouette,
            null_silhouette
        from runs
        left join outliers on runs.run_id = outliers.run_id and runs.customer_class = outliers.customer_class
        order by customers desc, runs.customer_class
    """).fetchall()
    columns = ", ".join(Candidate.__dataclass_fields__)
    classes = []
    for run_id, _, *found in runs:
        rows = connection.execute(
            f"""
            select {columns}
            from marts.fct_segment_k_diagnostics
            where run_id = $run_id and customer_class = $customer_class
            order by k
            """,
            {"run_id": run_id, "customer_class": found[0]},
        ).fetchall()
        if len(rows) > 1:
            classes.append(ClassDiagnostics(*found, [Candidate(*row) for row in rows]))
    if not classes:
        return None
    return SegmentCount(classes[:MOST_CLASSES], len(classes[MOST_CLASSES:]), runs[0][1])


def draw(count: SegmentCount) -> Figure:
    """Nine small panels for each class, one for each measure."""
    notes = []
    if count.left_out:
        notes.append(f"The {len(count.classes)} largest classes are drawn; {count.left_out} are not.")
    if count.standardisation == "hourly_z_score":
        notes.append("With hourly_z_score, groups can be mere sizes: small, medium and large customers.")
    notes.append(
        f"An admissible number has a silhouette at least {LEAD:g} above the clouds', a stability (adjusted Rand index of "
        f"resamples) of at least {LEAST_STABILITY:g}, and no segment under {LEAST_FRACTION:.0%} of the customers or "
        f"{LEAST_CUSTOMERS} of them. The mean rank is over silhouette, Davies-Bouldin, Calinski-Harabasz, dispersion and "
        "elbow; the lowest decides unless the number is given. Inertia is in percent of that of one segment."
    )
    findings = [
        balanced(finding(found, len(count.classes) > 1), WIDTH - 0.4, BODY_SIZE, "bold") for found in count.classes
    ]
    reasons = [wrapped(found.reason, WIDTH - 0.4, DETAIL_SIZE) for found in count.classes]
    rows_of_panels = -(-len(PANELS) // _PANELS_IN_A_ROW)
    panels_height = rows_of_panels * _PANEL_HEIGHT + 0.2
    words_heights = [
        text_height(name, BODY_SIZE) + text_height(reason, DETAIL_SIZE) + 0.12
        for name, reason in zip(findings, reasons, strict=True)
    ]
    figure = new_page(
        headline(count),
        "Each panel measures every number of segments in another way. Blue dots are admissible numbers, white ones are "
        "not: orange lines are the limits that they miss. The ring is the number in use. Grey lines: random clouds with "
        "the customers' mean and covariance but no groups.",
        note=" ".join(notes),
        plot_height=sum(words_heights) + len(words_heights) * panels_height,
    )
    parts = figure.subfigures(
        2 * len(count.classes), 1, squeeze=False,
        height_ratios=[height for words_height in words_heights for height in (words_height, panels_height)],
    )[:, 0]  # fmt: skip
    for number, diagnostics in enumerate(count.classes):
        words, block = parts[2 * number], parts[2 * number + 1]
        for text, down, size, weight, colour in (
            (findings[number], 0.0, BODY_SIZE, "bold", INK),
            (reasons[number], text_height(findings[number], BODY_SIZE), DETAIL_SIZE, "normal", GREY),
        ):
            words.text(
                0.009, 1 - down / words_heights[number], text, va="top", size=size, weight=weight, color=colour,
                linespacing=1.28,
            )  # fmt: skip
        grid = block.subplots(rows_of_panels, _PANELS_IN_A_ROW, squeeze=False)
        for axes, panel in zip(grid.flat, PANELS, strict=True):
            draw_panel(axes, panel, diagnostics)
        for axes in grid[-1]:
            axes.set_xlabel("number of segments", size=DETAIL_SIZE, color=GREY)
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
    if diagnostics.chosen_k == 1:
        return f"{subject}one segment of {counted(diagnostics.fitted_customers, 'customer')}, nothing to compare."
    segments = f"{subject}{diagnostics.chosen_k} segments"
    if diagnostics.silhouette is None or diagnostics.null_silhouette is None:
        return f"{segments}, silhouette not known."
    clearer = "clearer than chance"
    if diagnostics.descriptive_only:
        # As the two numbers read in the sentence.
        above = round(diagnostics.silhouette, 2) > round(diagnostics.null_silhouette, 2)
        clearer = f"{'hardly' if above else 'no'} {clearer}"
    return f"{segments}, {clearer} (silhouette {diagnostics.silhouette:.2f}, clouds {diagnostics.null_silhouette:.2f})."


def draw_panel(axes: Axes, panel: Panel, diagnostics: ClassDiagnostics) -> None:
    """One measure over all numbers of segments, with the number in use ringed."""
    candidates = diagnostics.candidates
    axes.set_title(panel.title, loc="left", size=DETAIL_SIZE, weight="bold", pad=5)
    axes.set_xlim(0.4, candidates[-1].k + 0.6)
    axes.set_xticks([k for k in (1, 3, 6, 9, 12) if k <= candidates[-1].k])
    axes.margins(y=0.18)
    axes.locator_params(axis="y", nbins=4)
    axes.axvline(diagnostics.chosen_k, color=PALE_GREY, linewidth=1.2, zorder=1)
    points = values(panel.measure, candidates)
    if not points:
        why = "none is admissible" if panel.measure == "mean_rank" else "not known"
        axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", color=GREY, size=DETAIL_SIZE)
        axes.set_yticks([])
        return
    if panel.null_measure is not None:
        clouds = values(panel.null_measure, candidates)
        if clouds:
            axes.plot(*zip(*clouds, strict=True), color=GREY, linewidth=1.4, zorder=2)
    draw_limits(axes, panel, diagnostics)
    axes.plot(*zip(*points, strict=True), color=BLUE, linewidth=1.5, alpha=0.55, zorder=3)
    admissible = {candidate.k for candidate in candidates if candidate.is_admissible}
    for k, value in points:
        axes.plot(
            [k], [value], color=BLUE if k in admissible else "white", marker="o", markersize=4.5,
            markeredgecolor=BLUE if k in admissible else PALE_GREY, markeredgewidth=1.1, zorder=4,
        )  # fmt: skip
    chosen = dict(points).get(diagnostics.chosen_k)
    if chosen is not None:
        axes.plot(
            [diagnostics.chosen_k], [chosen], color="none", marker="o", markersize=11, markeredgecolor=INK,
            markeredgewidth=1.6, zorder=5,
        )  # fmt: skip
    if panel.measure == "smallest_segment_fraction":
        # One segment holds everybody, which says nothing.
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    if panel.measure == "inertia":
        axes.set_ylim(0, 112)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}%")


def draw_limits(axes: Axes, panel: Panel, diagnostics: ClassDiagnostics) -> None:
    """What the rule asks of a candidate in this panel, and the chord that the elbow is measured from."""
    candidates = diagnostics.candidates
    if panel.measure == "silhouette":
        limit = [(k, value + LEAD) for k, value in values("null_silhouette", candidates)]
    elif panel.measure == "stability":
        limit = [(candidates[0].k, LEAST_STABILITY), (candidates[-1].k, LEAST_STABILITY)]
    elif panel.measure == "smallest_segment_fraction":
        share = max(LEAST_FRACTION, LEAST_CUSTOMERS / max(diagnostics.fitted_customers, 1))
        limit = [(candidates[0].k, share), (candidates[-1].k, share)]
    else:
        limit = []
    if limit:
        axes.plot(*zip(*limit, strict=True), color=ORANGE, linewidth=1.6, linestyle=(0, (4, 2)), zorder=2)
    if panel.measure == "inertia":
        inertia = values("inertia", candidates)
        axes.plot(*zip(inertia[0], inertia[-1], strict=True), color=PALE_GREY, linewidth=1, linestyle=":", zorder=2)


def values(measure: str, candidates: list[Candidate]) -> list[tuple[int, float]]:
    """The known values of a measure by number of segments; inertia in percent of that at one segment."""
    known = [(candidate.k, getattr(candidate, measure)) for candidate in candidates]
    if measure in ("inertia", "null_inertia"):
        return relative(known)
    if measure == "smallest_segment_fraction":
        known = [(k, share) for k, share in known if k > 1]
    return [(k, value) for k, value in known if value is not None]


def relative(points: list[tuple[int, float | None]]) -> list[tuple[int, float]]:
    """Percent of the value at k = 1; nothing when that is not known or zero."""
    whole = dict(points).get(1)
    return [(k, 100 * value / whole) for k, value in points if value is not None] if whole else []
