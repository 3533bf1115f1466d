"""What `make bench` holds its measurements against."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from side_by_side.markdown import table

HEADER = ("Bar", "Verdict", "At most", "Measured", "Of medians")


class Timed(Protocol):
    """Anything with a least and a median time."""

    @property
    def seconds(self) -> float:
        """Least time of all rounds."""

    @property
    def median_seconds(self) -> float:
        """Median time of all rounds."""


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        name: What is measured.
        at_most: The most that meets the bar.
        least: What was measured, from the least times of all rounds.
        median: The same from the medians.
        unit: Unit with a space before it; empty for ratios.
    """

    name: str
    at_most: float
    least: float
    median: float
    unit: str = ""

    @classmethod
    def ratio(cls, name: str, at_most: float, ours: Timed, theirs: Timed) -> "Bar":
        """A bar on how many times as long one thing takes as another."""
        return cls(name, at_most, ours.seconds / theirs.seconds, ours.median_seconds / theirs.median_seconds)

    @classmethod
    def time(cls, name: str, at_most: float, ours: Timed) -> "Bar":
        """A bar on seconds."""
        return cls(name, at_most, ours.seconds, ours.median_seconds, " s")

    @property
    def cells(self) -> list[str]:
        """Its row of the table."""
        return [
            self.name,
            verdict(self.least, self.at_most),
            f"{self.at_most:.1f}{self.unit}",
            f"{self.least:.2f}{self.unit}",
            f"{self.median:.2f}{self.unit}",
        ]


def verdict(measured: float, at_most: float) -> str:
    """Whether what was measured holds its target."""
    return "met" if measured <= at_most else "missed"


def bars_table(bars: Sequence[Bar]) -> str:
    """One row a bar."""
    return table(HEADER, [bar.cells for bar in bars], left=2)
