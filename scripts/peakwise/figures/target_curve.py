"""Figure: how many expected kW a target list of each size brings, beside a random list of the same people."""

from dataclasses import dataclass

import duckdb
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from peakwise.figures.page import WIDTH, new_page, panel_heading
from peakwise.figures.peak_window import PeakWindow, read_peak_window
from peakwise.figures.style import (
    BLUE,
    BODY_SIZE,
    DETAIL_SIZE,
    GREY,
    HALO,
    VERMILION,
    amount,
    counted,
    percent,
    power_unit,
)

FILE_NAME = "target_curve.png"

MOST_CLASSES = 9
"""Beyond these the classes with most expected kW are drawn, and the figure says that there are more."""

POINTS_OF_A_CURVE = 400


@dataclass(frozen=True)
class TargetCurve:
    """A class's eligible customers from the highest expected kW down, thinned to what a curve needs."""

    customer_class: str
    eligible_customers: int
    eligible_kw: float
    targets: int
    target_kw: float
    points: list[tuple[int, float]]

    @property
    def target_fraction(self) -> float:
        """Share of the eligible customers who are on the list."""
        return self.targets / self.eligible_customers

    @property
    def kw_fraction(self) -> float:
        """Share of the expected kW that the list holds."""
        return self.target_kw / self.eligible_kw if self.eligible_kw else 0.0


@dataclass(frozen=True)
class TargetCurves:
    """The classes to draw, how many more there are, and what the kW rest on."""

    drawn: list[TargetCurve]
    left_out: int
    targets: int
    eligible_customers: int
    target_kw: float
    eligible_kw: float
    flexible_fraction: float | None
    window: PeakWindow | None


def read(connection: duckdb.DuckDBPyConnection) -> TargetCurves | None:
    """The curve of every class with somebody to ask; None when there is nobody."""
    classes = connection.execute("""
        select
            customer_class,
            count(*) as eligible_customers,
            max(cumulative_kw) as eligible_kw,
            count_if(is_target) as targets,
            coalesce(max(cumulative_kw) filter (where is_target), 0) as target_kw
        from marts.mart_dr_targets
        where is_eligible
        group by customer_class
        order by eligible_kw desc, customer_class
    """).fetchall()
    if not classes:
        return None
    points: dict[str, list[tuple[int, float]]] = {}
    for customer_class, rank, kw in connection.execute(f"""
        with ranked as (
            select customer_class, rank, cumulative_kw, max(rank) over (partition by customer_class) as last_rank
            from marts.mart_dr_targets
            where is_eligible
        )
        select customer_class, rank, cumulative_kw
        from ranked
        where rank = 1 or (rank * {POINTS_OF_A_CURVE}) // last_rank > ((rank - 1) * {POINTS_OF_A_CURVE}) // last_rank
        order by customer_class, rank
    """).fetchall():
        points.setdefault(customer_class, [(0, 0.0)]).append((rank, kw))
    curves = [
        TargetCurve(customer_class, eligible, eligible_kw, targets, target_kw, points[customer_class])
        for customer_class, eligible, eligible_kw, targets, target_kw in classes
    ]
    flexible = connection.execute("select max(flexible_fraction) from marts.mart_dr_targets").fetchone()[0]
    return TargetCurves(
        curves[:MOST_CLASSES],
        len(curves[MOST_CLASSES:]),
        sum(curve.targets for curve in curves),
        sum(curve.eligible_customers for curve in curves),
        sum(curve.target_kw for curve in curves),
        sum(curve.eligible_kw for curve in curves),
        flexible,
        read_peak_window(connection),
    )


def draw(curves: TargetCurves) -> Figure:
    """One large panel for a class, two columns of panels for several."""
    several = len(curves.drawn) > 1
    columns = 2 if several else 1
    rows = -(-len(curves.drawn) // columns)
    when = (
        f"in the peak window, {curves.window.hours} on {curves.window.season} peak days"
        if curves.window
        else "at the peak"
    )
    notes = []
    if curves.flexible_fraction is not None:
        notes.append(
            f"Expected kW rest on an assumption: {curves.flexible_fraction:.0%} of the load {when}, is flexible."
        )
    if curves.left_out:
        notes.append(f"The {len(curves.drawn)} classes with most expected kW are drawn; {curves.left_out} are not.")
    figure = new_page(
        headline(curves),
        "Expected kW of a list, by its size. Dashed: the mean of random lists of the same size.",
        note=" ".join(notes),
        plot_height=rows * 3.25 if several else 4.6,
    )
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for axes, curve in zip(panels, curves.drawn, strict=False):
        if several:
            panel_heading(axes, curve.customer_class, [share_sentence(curve)], WIDTH / 2 - 1)
        draw_curve(axes, curve, large=not several)
    for axes in list(figure.axes)[len(curves.drawn) :]:
        axes.set_visible(False)
    return figure


def headline(curves: TargetCurves) -> str:
    """What share of the expected kW the lists hold."""
    if not curves.targets:
        return f"{counted(curves.eligible_customers, 'customer')} can be asked, none is on a target list"
    kw_fraction = curves.target_kw / curves.eligible_kw if curves.eligible_kw else 0.0
    return (
        f"{percent(curves.targets / curves.eligible_customers)} of eligible customers hold "
        f"{percent(kw_fraction)} of the expected kW"
    )


def share_sentence(curve: TargetCurve) -> str:
    """The headline of one class."""
    if not curve.targets:
        return "no target list"
    return f"{percent(curve.target_fraction)} of the eligible hold {percent(curve.kw_fraction)} of the kW"


def draw_curve(axes: Axes, curve: TargetCurve, *, large: bool) -> None:
    """The curve of one class with the end of its list, and the straight line of a random list."""
    kw_per_unit, unit = power_unit(curve.eligible_kw)
    people = curve.eligible_customers
    whole = curve.eligible_kw / kw_per_unit
    ranks, kw = zip(*curve.points, strict=True)
    kw = [value / kw_per_unit for value in kw]
    axes.plot([0, people], [0, whole], color=GREY, linewidth=1.4, linestyle=(0, (5, 3)), zorder=2)
    axes.plot(ranks, kw, color=BLUE, linewidth=2.6, zorder=3)
    axes.set_xlim(0, people * 1.02)
    axes.set_ylim(0, 1.08 * whole if whole > 0 else 1)
    axes.set_xlabel("customers on the list, highest expected kW first", size=DETAIL_SIZE, color=GREY)
    axes.set_ylabel(f"expected {unit}", size=DETAIL_SIZE, color=GREY)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value == int(value) else "")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axes.locator_params(axis="x", nbins=6 if large else 4, integer=True)
    axes.locator_params(axis="y", nbins=6 if large else 5)
    size = BODY_SIZE + 0.5 if large else DETAIL_SIZE
    # Under the dashed line, at the right, nothing can be in the way: no list brings less than a random one.
    if curve.targets:
        listed = curve.target_kw / kw_per_unit
        random = whole * curve.target_fraction
        axes.plot([curve.targets] * 2, [0, listed], color=VERMILION, linewidth=1.2, zorder=2)
        lists = [(listed, 0.24, "target" if curve.targets == 1 else "targets", VERMILION, "bold", 9)]
        if curve.targets < people:
            lists.append((random, 0.11, "at random", GREY, "normal", 6))
        for kw_of_list, height, name, colour, weight, marker_size in lists:
            axes.plot([curve.targets], [kw_of_list], color=colour, marker="o", markersize=marker_size, zorder=4)
            axes.annotate(
                f"{curve.targets:,} {name}: {amount(kw_of_list)} {unit}",
                (curve.targets, kw_of_list),
                xytext=(0.44, height),
                textcoords="axes fraction",
                va="center",
                size=size,
                color=colour,
                weight=weight,
                path_effects=HALO,
                zorder=5,
                arrowprops={
                    "arrowstyle": "-",
                    "color": colour,
                    "linewidth": 0.8,
                    "shrinkA": 3,
                    "shrinkB": 5,
                    "relpos": (0, 0.5),
                },
            )
