"""How every figure looks: colours that colour-blind readers can tell apart, fonts, and the writing of quantities."""

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
from matplotlib.patheffects import AbstractPathEffect, withStroke

# Okabe and Ito's palette, and greys.
BLUE = "#0072B2"
VERMILION = "#D55E00"
ORANGE = "#E69F00"
GREEN = "#009E73"
INK = "#222222"
GREY = "#666666"
PALE_GREY = "#B8B8B8"
GRID = "#E6E6E6"

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Names of months, whatever the language settings of the machine."""

BODY_SIZE = 10.5
DETAIL_SIZE = 9.5

_SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": BODY_SIZE,
    "text.color": INK,
    # A dollar sign in a name is a dollar sign.
    "text.parse_math": False,
    "axes.edgecolor": PALE_GREY,
    "axes.labelcolor": INK,
    "axes.labelsize": BODY_SIZE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": PALE_GREY,
    "ytick.color": PALE_GREY,
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "xtick.labelsize": DETAIL_SIZE,
    "ytick.labelsize": DETAIL_SIZE,
    "ytick.major.size": 0,
    "lines.solid_capstyle": "round",
}


HALO: list[AbstractPathEffect] = [withStroke(linewidth=3, foreground="white")]
"""White around letters that may lie on lines."""


@contextmanager
def peakwise_style() -> Iterator[None]:
    """Draw with these settings whatever the user's own matplotlib settings are, and put those back."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def amount(value: float) -> str:
    """A quantity in about three digits: 0.041, 0.87, 12.3, 456, 7,890."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    if abs(value) >= 0.1:
        return f"{value:.2f}"
    return f"{value:.2g}"


def percent(fraction: float) -> str:
    """A share in whole percent, and smaller ones without pretending to be nothing."""
    if 0 < fraction < 0.01:
        return "under 1%"
    if 0.99 < fraction < 1:
        return "over 99%"
    return f"{fraction:.0%}"


def power_unit(greatest_kw: float) -> tuple[float, str]:
    """The unit that keeps the numbers on an axis short: how many kW it is, and its name."""
    if greatest_kw >= 10_000_000:
        return 1_000_000, "GW"
    if greatest_kw >= 10_000:
        return 1_000, "MW"
    return 1, "kW"


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """A count with its noun: 1 customer, 1,200 customers."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
