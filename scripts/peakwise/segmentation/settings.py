"""What an analyst can say about a segmentation, checked before anything is read."""

from dataclasses import dataclass
from typing import Literal

from peakwise.errors import UnusableInput
from peakwise.segmentation.algorithms import ALGORITHMS

DEFAULT_K = 3
DEFAULT_SEED = 7
DEFAULT_ALGORITHM = "kmeans"
HIGHEST_SEED = 2**32 - 1
MOST_SEGMENTS = 100
"""Nobody reads more load shapes than this."""


@dataclass(frozen=True)
class SegmentationSettings:
    """Settings of a segmentation.

    Attributes:
        k: Segments for each customer class, or `auto` for the rule of `choosing.py`.
        business_k: Segments under `auto` where no number of segments shows structure.
        seed: Seed of every random choice.
        algorithm: One of `ALGORITHMS`.
        screens_outliers: Whether customers of unusual shapes are kept from shaping the segments.

    Raises:
        UnusableInput: A setting is out of bounds.
    """

    k: int | Literal["auto"] = DEFAULT_K
    business_k: int = DEFAULT_K
    seed: int = DEFAULT_SEED
    algorithm: str = DEFAULT_ALGORITHM
    screens_outliers: bool = True

    def __post_init__(self) -> None:
        for segments in (self.business_k, *([] if self.k == "auto" else [self.k])):
            if not isinstance(segments, int) or not 1 <= segments <= MOST_SEGMENTS:
                raise UnusableInput(
                    f"The number of segments must be auto or from 1 to {MOST_SEGMENTS}, not {segments}."
                )
        if not 0 <= self.seed <= HIGHEST_SEED:
            raise UnusableInput(f"The seed must be from 0 to {HIGHEST_SEED}, not {self.seed}.")
        if self.algorithm not in ALGORITHMS:
            raise UnusableInput(f"The algorithm must be one of {', '.join(ALGORITHMS)}, not '{self.algorithm}'.")


def k_from_text(text: str) -> int | Literal["auto"]:
    """The number of segments as given on a command line.

    Raises:
        UnusableInput: The text is neither `auto` nor a whole number.
    """
    if text == "auto":
        return "auto"
    try:
        return int(text)
    except ValueError:
        raise UnusableInput(f"The number of segments must be auto or a whole number, not '{text}'.") from None
