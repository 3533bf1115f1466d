"""The page of a figure: headline, subtitle and note around the axes, text that fits its width, and the file."""

from functools import lru_cache
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from peakwise.figures.style import BODY_SIZE, DETAIL_SIZE, GREY, INK, VERMILION

WIDTH = 7.5
"""Inches of every page, so that all figures have letters of one size on a phone, a slide or paper; about the width of a
sheet of paper between its margins."""

_MARGIN = 0.18
_HEADLINE_SIZE = 15.0
_LINE_HEIGHT = 1.28
_DOTS_PER_INCH = 180
_DECIMALS = 6
"""Of shares of the page."""


def new_page(headline: str, subtitle: str = "", *, warning: str = "", note: str = "", plot_height: float) -> Figure:
    """An empty page with its words, as high as they need.

    Args:
        headline: What the figure says, in a sentence or a clear name.
        subtitle: How to read it.
        warning: What would mislead a reader who missed it, in bold under the subtitle.
        note: What to know about the data, in small letters at the bottom.
        plot_height: Inches for the axes, which lay themselves out between the words.
    """
    headline = balanced(headline, WIDTH - 2 * _MARGIN, _HEADLINE_SIZE, weight="bold")
    subtitle = wrapped(subtitle, WIDTH - 2 * _MARGIN, BODY_SIZE)
    warning = balanced(warning, WIDTH - 2 * _MARGIN, BODY_SIZE, weight="bold")
    note = wrapped(note, WIDTH - 2 * _MARGIN, DETAIL_SIZE)
    headline_height = text_height(headline, _HEADLINE_SIZE)
    warning_down = _MARGIN + headline_height + 0.05 + text_height(subtitle, BODY_SIZE) + 0.08
    note_height = text_height(note, DETAIL_SIZE)
    top = warning_down + (text_height(warning, BODY_SIZE) + 0.08 if warning else 0.0) + 0.08
    bottom = (note_height + 0.12 if note else 0.06) + 0.1
    height = top + plot_height + bottom
    figure = Figure(figsize=(WIDTH, height), layout="constrained", facecolor="white")
    figure.get_layout_engine().set(
        rect=(0.12 / WIDTH, bottom / height, 1 - 0.24 / WIDTH, plot_height / height), w_pad=0.06, h_pad=0.06
    )
    left = _MARGIN / WIDTH
    for text, down, size, weight, colour in (
        (headline, _MARGIN, _HEADLINE_SIZE, "bold", INK),
        (subtitle, _MARGIN + headline_height + 0.05, BODY_SIZE, "normal", GREY),
        (warning, warning_down, BODY_SIZE, "bold", VERMILION),
        (note, height - 0.1 - note_height, DETAIL_SIZE, "normal", GREY),
    ):
        figure.text(
            left, 1 - down / height, text, size=size, weight=weight, color=colour, va="top", linespacing=_LINE_HEIGHT
        )
    return figure


def text_height(text: str, size: float) -> float:
    """Inches that the lines of a text take."""
    return (text.count("\n") + 1) * size * _LINE_HEIGHT / 72 if text else 0.0


@lru_cache(maxsize=8192)
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Inches that a line of text takes."""
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 72


def wrapped(text: str, width: float, size: float, weight: str = "normal", most_lines: int | None = None) -> str:
    """The text in lines of at most `width` inches; words longer than a line are cut, lines above the most fall away."""
    lines: list[str] = []
    current = ""
    for word in text.split():
        candidate = f"{current} {word}" if current else word
        if text_width(candidate, size, weight) <= width:
            current = candidate
            continue
        if current:
            lines.append(current)
        while text_width(word, size, weight) > width and len(word) > 1:
            fitting = next(
                n for n in range(len(word) - 1, 0, -1) if n == 1 or text_width(word[:n], size, weight) <= width
            )
            lines.append(word[:fitting])
            word = word[fitting:]
        current = word
    if current:
        lines.append(current)
    if most_lines is not None and len(lines) > most_lines:
        lines = lines[:most_lines]
        lines[-1] = lines[-1][: max(len(lines[-1]) - 2, 1)].rstrip(" ,") + " …"
    return "\n".join(lines)


def balanced(text: str, width: float, size: float, weight: str = "normal") -> str:
    """The text in as few lines as `width` inches allow, of about one length, so that no word stands alone."""
    best = wrapped(text, width, size, weight)
    lines = best.count("\n")
    while lines and (width := 0.97 * width) > 0.5:
        narrower = wrapped(text, width, size, weight)
        if narrower.count("\n") > lines:
            break
        best = narrower
    return best


def short_lines(text: str, width: float, size: float, weight: str = "normal", *, most_lines: int) -> str:
    """A name in lines of about one length, at most so many; what does not fit falls away with a mark."""
    lines = balanced(text, width, size, weight)
    return lines if lines.count("\n") < most_lines else wrapped(text, width, size, weight, most_lines)


def panel_heading(axes: Axes, name: str, details: list[str], width: float) -> None:
    """A bold name with lines of detail under it, above a panel that is `width` inches wide."""
    detail = "\n".join(wrapped(line, width, DETAIL_SIZE) for line in details)
    name = short_lines(name, width, BODY_SIZE, "bold", most_lines=2)
    place = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "baseline", "linespacing": _LINE_HEIGHT}
    above = 8.0
    if detail:
        axes.annotate(detail, (0, 1), xytext=(0, above), size=DETAIL_SIZE, color=GREY, **place)
        above += 72 * text_height(detail, DETAIL_SIZE) + 1
    axes.annotate(name, (0, 1), xytext=(0, above), size=BODY_SIZE, weight="bold", **place)


def settle(figure: Figure) -> None:
    """Lay the page out, and round where everything is to a thousandth of a pixel.

    The solver behind the layout adds in an order that differs from run to run, so the last digits of its answer do too,
    and with them, now and then, the shade of a pixel.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    parts = list(figure.subfigs)
    while parts:
        part = parts.pop()
        part.bbox_relative.set_points(part.bbox_relative.get_points().round(_DECIMALS))
        parts += part.subfigs
    for axes in figure.axes:
        left, bottom, width, height = axes.get_position(original=True).bounds
        axes.set_position(
            (round(left, _DECIMALS), round(bottom, _DECIMALS), round(width, _DECIMALS), round(height, _DECIMALS))
        )


def write_png(figure: Figure, path: Path) -> None:
    """Write the figure under a temporary name and rename it, so that a reader never sees half a file."""
    settle(figure)
    partial = path.with_name(f".{path.name}.partial")
    try:
        # Without the version of matplotlib in the file, equal figures are equal bytes.
        figure.savefig(partial, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
