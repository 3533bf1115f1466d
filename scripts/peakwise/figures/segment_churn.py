"""Figure: which customers a new run of the segmentation moves to another segment."""

from dataclasses import dataclass

import duckdb
from matplotlib.figure import Figure

from peakwise.figures.flows import draw_flows
from peakwise.figures.page import new_page
from peakwise.figures.style import BODY_SIZE, DETAIL_SIZE, GREY, percent

FILE_NAME = "segment_churn.png"

MOST_CLASSES = 4
"""Beyond these the classes with most customers are drawn, and the figure says that there are more."""

_HEIGHT_OF_A_SEGMENT = 0.85


@dataclass(frozen=True)
class ClassChurn:
    """Customers of a class by their segment in the earlier and the later run, and the names of both."""

    customer_class: str
    customers: dict[tuple[int, int], int]
    earlier_names: dict[int, str]
    later_names: dict[int, str]

    @property
    def number(self) -> int:
        """Customers whom both runs know."""
        return sum(self.customers.values())

    @property
    def movers(self) -> int:
        """Customers who are in another segment than before."""
        return sum(customers for (before, after), customers in self.customers.items() if before != after)


@dataclass(frozen=True)
class SegmentChurn:
    """The newest run that has one to compare with, and the classes to draw."""

    is_candidate: bool
    classes: list[ClassChurn]
    left_out: int


def read(connection: duckdb.DuckDBPyConnection) -> SegmentChurn | None:
    """The moves of the newest run; None when there is no earlier one to compare it with."""
    # A run's id begins with its time.
    rows = connection.execute("""
        select status, customer_class, from_segment_id, from_segment_name, to_segment_id, to_segment_name, customers
        from marts.mart_segment_churn
        where purpose = 'targeting'
        qualify run_id = max(run_id) over ()
        order by customer_class, from_segment_id, to_segment_id
    """).fetchall()
    if not rows:
        return None
    classes: dict[str, ClassChurn] = {}
    for _, customer_class, before, earlier_name, after, later_name, customers in rows:
        churn = classes.setdefault(customer_class, ClassChurn(customer_class, {}, {}, {}))
        churn.customers[before, after] = customers
        churn.earlier_names[before] = f"{before} {earlier_name}" if earlier_name else f"Segment {before}"
        churn.later_names[after] = f"{after} {later_name}" if later_name else f"Segment {after}"
    ordered = sorted(
        (
            ClassChurn(
                found.customer_class, found.customers, found.earlier_names, dict(sorted(found.later_names.items()))
            )
            for found in classes.values()
        ),
        key=lambda found: (-found.number, found.customer_class),
    )
    return SegmentChurn(rows[0][0] == "candidate", ordered[:MOST_CLASSES], len(ordered[MOST_CLASSES:]))


def draw(churn: SegmentChurn) -> Figure:
    """One block of flows a class."""
    heights = [
        0.55 + _HEIGHT_OF_A_SEGMENT * max(len(found.earlier_names), len(found.later_names)) for found in churn.classes
    ]
    later = "the candidate run, which is not in use yet" if churn.is_candidate else "the run in use"
    figure = new_page(
        headline(churn),
        f"Left: customers by their segment in the earlier run. Right: the same customers in {later}. "
        "Blue: they stay in the segment of that number. Red: they move. Only customers whom both runs know.",
        note=f"The {len(churn.classes)} largest classes are drawn; {churn.left_out} are not." if churn.left_out else "",
        plot_height=sum(heights),
    )
    panels = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, found in zip(panels, churn.classes, strict=True):
        draw_flows(axes, found.customers, found.earlier_names, found.later_names)
        if len(churn.classes) > 1:
            axes.set_title(class_sentence(found), size=BODY_SIZE, weight="bold", pad=8)
        else:
            axes.set_title("earlier run → later run", size=DETAIL_SIZE, color=GREY, pad=8)
    return figure


def headline(churn: SegmentChurn) -> str:
    """How many customers move."""
    customers = sum(found.number for found in churn.classes)
    movers = sum(found.movers for found in churn.classes)
    run = "candidate run" if churn.is_candidate else "newest run"
    if not movers:
        return f"The {run} leaves every customer in the same segment"
    return f"The {run} moves {percent(movers / customers)} of customers to another segment"


def class_sentence(found: ClassChurn) -> str:
    """The headline of one class."""
    return f"{found.customer_class}: {percent(found.movers / found.number)} of {found.number:,} move"
