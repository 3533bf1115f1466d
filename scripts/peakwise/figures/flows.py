"""Flows of customers between two lists of segments: ribbons as wide as the customers are many."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from peakwise.figures.page import short_lines
from peakwise.figures.style import BLUE, DETAIL_SIZE, GREY, INK, VERMILION, counted

_GAP = 0.09
"""Space between two blocks, as a share of the height of all."""

_BLOCK = 0.025
"""Width of a block, as a share of the width between the lists."""

LABEL_WIDTH = 2.05
"""Inches beside the blocks for names."""


def draw_flows(
    axes: Axes,
    customers: Mapping[tuple[int, int], int],
    left_names: Mapping[int, str],
    right_names: Mapping[int, str],
) -> None:
    """Blocks of the left and right segments with ribbons between; blue where customers stay, red where they move.

    Args:
        axes: Where to draw; its x axis runs from 0 to 1 between the lists.
        customers: Customers by left and right segment number.
        left_names: Names of the segments on the left, from top to bottom.
        right_names: The same on the right.
    """
    whole = sum(customers.values())
    left = places({number: sum(n for (a, _), n in customers.items() if a == number) for number in left_names}, whole)
    right = places({number: sum(n for (_, b), n in customers.items() if b == number) for number in right_names}, whole)
    left_used = dict.fromkeys(left, 0.0)
    right_used = dict.fromkeys(right, 0.0)
    # In the order of both lists, so that ribbons of a block do not cross before they leave it.
    for start in left_names:
        for end in right_names:
            count = customers.get((start, end), 0)
            if not count:
                continue
            height = count / whole
            y0, y1 = left[start][0] + left_used[start], right[end][0] + right_used[end]
            left_used[start] += height
            right_used[end] += height
            axes.add_patch(ribbon(y0, y1, height, BLUE if start == end else VERMILION))
    for blocks, names, x, side in (
        (left, left_names, 0.0, "right"),
        (right, right_names, 1.0, "left"),
    ):
        for number, (top, height) in blocks.items():
            axes.add_patch(
                Rectangle((x - (_BLOCK if x == 0 else 0), top), _BLOCK, height, color=INK, linewidth=0, zorder=3)
            )
            axes.annotate(
                f"{short_lines(names[number], LABEL_WIDTH, DETAIL_SIZE, most_lines=2)}\n"
                f"{counted(round(height * whole), 'customer')}",
                (x + (-_BLOCK if x == 0 else _BLOCK), top + height / 2),
                xytext=(-5 if x == 0 else 5, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                size=DETAIL_SIZE,
                color=INK if height else GREY,
            )
    axes.set_xlim(-_BLOCK, 1 + _BLOCK)
    axes.set_ylim(max(end_of(left), end_of(right)), 0)
    axes.set_axis_off()


def places(customers: Mapping[int, int], whole: int) -> dict[int, tuple[float, float]]:
    """Top and height of each block, as shares of all customers, with gaps between them."""
    blocks: dict[int, tuple[float, float]] = {}
    top = 0.0
    for number, count in customers.items():
        height = count / whole
        # A thin block keeps the room that its label needs.
        room = max(height, _GAP)
        blocks[number] = (top + (room - height) / 2, height)
        top += room + _GAP
    return blocks


def end_of(blocks: Mapping[int, tuple[float, float]]) -> float:
    """Where the lowest block ends, its label's room included."""
    return max(top + height / 2 + max(height, _GAP) / 2 for top, height in blocks.values())


def ribbon(left_top: float, right_top: float, height: float, colour: str) -> PathPatch:
    """A band of one height that leaves and arrives level."""
    curve = Path.CURVE4
    path = Path(
        [
            (0, left_top), (0.5, left_top), (0.5, right_top), (1, right_top),
            (1, right_top + height), (0.5, right_top + height), (0.5, left_top + height), (0, left_top + height),
            (0, left_top),
        ],
        [Path.MOVETO, curve, curve, curve, Path.LINETO, curve, curve, curve, Path.CLOSEPOLY],
    )  # fmt: skip
    return PathPatch(path, facecolor=colour, alpha=0.3 if colour == BLUE else 0.6, linewidth=0, zorder=2)
