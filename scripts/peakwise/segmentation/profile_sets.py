"""Which profiles of a customer make up the shape that is clustered: one season and day type, or several side by side."""

from dataclasses import dataclass

from peakwise.errors import UnusableInput

SEASONS = ("winter", "spring", "summer", "autumn")
DAY_TYPES = ("weekday", "weekend")


@dataclass(frozen=True)
class ProfileSet:
    """Profiles that together make one vector for each customer: 24 values for each part.

    Attributes:
        parts: Season and day type of each part, in the order in which their hours stand side by side.
    """

    parts: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """As the ml tables have it: season/day_type, joined by +."""
        return " + ".join(f"{season}/{day_type}" for season, day_type in self.parts)


@dataclass(frozen=True)
class ProfileChoice:
    """The segmentations that a name stands for.

    Attributes:
        sets: One run is made for each.
        purpose: `targeting`: target lists are made of its segments; `season`: to compare seasons only.
        takes_first: Whether the first set for which a customer has a shape is the only one.
    """

    sets: tuple[ProfileSet, ...]
    purpose: str = "targeting"
    takes_first: bool = False


def _set(*parts: tuple[str, str]) -> ProfileSet:
    return ProfileSet(parts)


CHOICES = {
    # `all` needs more good days than `weekday` does, so a short history has shapes of weekdays first.
    "all-days": ProfileChoice((_set(("all", "all")), _set(("all", "weekday"))), takes_first=True),
    "weekday-weekend": ProfileChoice((_set(("all", "weekday"), ("all", "weekend")),)),
    "summer-winter": ProfileChoice((_set(("summer", "all"), ("winter", "all")),)),
    "seasons": ProfileChoice((_set(*((season, "all") for season in SEASONS)),)),
    "seasons-weekday-weekend": ProfileChoice((_set(*((season, day) for season in SEASONS for day in DAY_TYPES)),)),
    "each-season": ProfileChoice(tuple(_set((season, "all")) for season in SEASONS), purpose="season"),
    "each-season-weekday-weekend": ProfileChoice(
        tuple(_set((season, day)) for season in SEASONS for day in DAY_TYPES), purpose="season"
    ),
}
DEFAULT_CHOICE = "all-days"


def profile_choice(name: str) -> ProfileChoice:
    """The profiles that a name stands for: one of `CHOICES`, or season/day_type such as winter/weekday.

    Raises:
        UnusableInput: The name is neither.
    """
    if name in CHOICES:
        return CHOICES[name]
    season, separator, day_type = name.partition("/")
    if not separator or not season or not day_type or "/" in day_type:
        raise UnusableInput(
            f"Profiles must be one of {', '.join(CHOICES)}, or a season and day type such as winter/weekday, not '{name}'."
        )
    return ProfileChoice((_set((season, day_type)),))
