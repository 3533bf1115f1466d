"""What an analyst can say about the clustering of days, checked before anything is read."""

from dataclasses import dataclass

from peakwise.errors import UnusableInput

DEFAULT_K = 12
"""Of 8, 12, 16 and 20 on London's households, the smallest k from which a greater one ranks customers by entropy much the
same, and a dozen names can still be read (docs/day-shapes.md)."""

DEFAULT_SEED = 7
HIGHEST_SEED = 2**32 - 1
MOST_DAY_SHAPES = 100
"""Nobody reads more shapes than this."""

SAMPLED_DAYS = 50_000
"""Above this many customer-days, a random sample of this size shapes the centroids."""


@dataclass(frozen=True)
class DayShapesSettings:
    """Settings of a run.

    Attributes:
        k: Day shapes wanted; there are fewer where days do not differ enough.
        seed: Seed of the sample and of K-means.

    Raises:
        UnusableInput: A setting is out of bounds.
    """

    k: int = DEFAULT_K
    seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        if not 1 <= self.k <= MOST_DAY_SHAPES:
            raise UnusableInput(f"The number of day shapes must be from 1 to {MOST_DAY_SHAPES}, not {self.k}.")
        if not 0 <= self.seed <= HIGHEST_SEED:
            raise UnusableInput(f"The seed must be from 0 to {HIGHEST_SEED}, not {self.seed}.")
