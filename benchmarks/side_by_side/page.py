"""Puts what single parts brought into a page that is there already."""

import re
from collections.abc import Sequence
from datetime import date

from side_by_side.bars import HEADER, Bar
from side_by_side.markdown import table
from side_by_side.parts import Measured

BARS = "The bars"
HEADING = re.compile(r"^(?=## )", re.MULTILINE)


def with_measured(page: str, measured: Sequence[Measured], day: date) -> str:
    """The page with sections and bars in place of those of the same name, or behind the others.

    Args:
        page: The page as it is.
        measured: What was measured alone.
        day: When; it stands in the sections, for the rest of the page is of another day.

    Raises:
        ValueError: The page has no bars.
    """
    first, *sections = HEADING.split(page)
    for part in measured:
        sections = with_section(sections, dated(part.section, day))
    bars = [bar for part in measured for bar in part.bars]
    if BARS not in map(title, sections):
        raise ValueError("The page has no bars: measure everything first.")
    sections = [with_bars(section, bars) if title(section) == BARS else section for section in sections]
    return "\n\n".join(text.strip() for text in [first, *sections]) + "\n"


def title(section: str) -> str:
    """The heading of a section."""
    return section.strip().splitlines()[0].removeprefix("## ")


def dated(section: str, day: date) -> str:
    """A section that says below its heading when it was measured."""
    heading, _, text = section.strip().partition("\n")
    return f"{heading}\n\nMeasured by itself on {day:%Y-%m-%d}.\n\n{text.strip()}"


def with_section(sections: list[str], section: str) -> list[str]:
    """The sections with one in place of that of the same title, or at the end."""
    if title(section) not in map(title, sections):
        return [*sections, section]
    return [section if title(other) == title(section) else other for other in sections]


def with_bars(section: str, bars: Sequence[Bar]) -> str:
    """The section of bars with some in place of those that are called the same but for their numbers, or behind all."""
    lines = section.strip().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")][2:]
    for bar in bars:
        same = [number for number, row in enumerate(rows) if without_numbers(row[0]) == without_numbers(bar.name)]
        for number in same or [len(rows)]:
            rows[number : number + 1] = [bar.cells]
    return "\n".join([*(line for line in lines if not line.startswith("|")), table(HEADER, rows, left=2)])


def without_numbers(name: str) -> str:
    """The name of a bar without its numbers, which follow the size of what was measured."""
    return re.sub(r"[0-9,]*[0-9]", "0", name)
