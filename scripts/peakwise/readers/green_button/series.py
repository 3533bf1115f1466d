"""Series of readings: each meter reading joined with its usage point, its reading type and its interval blocks by their links."""

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from peakwise.readers.green_button.electricity import CHANNELS, NET, why_no_electricity, why_no_interval_energy
from peakwise.readers.green_button.feed import whole_number
from peakwise.readers.green_button.resources import BlockEntries, Resource

STEP_SECONDS = {minutes * 60: minutes for minutes in (5, 10, 15, 20, 30, 60)}
# In place of a position: two resources lay claim to a link, or none does.
SHARED, UNLINKED = -1, -2


@dataclass
class Series:
    """A meter reading: a series of readings of one type.

    Attributes:
        id: The id of its entry.
        service_point_id: Id of its usage point.
        texts: Texts of its reading type, empty when there is none.
        reason: Why none of its readings can be taken; None when they can.
        register_id: Its register; None for the main one.
        first_start: Earliest start of a reading, epoch seconds.
        last_start: Latest start of a reading.
        channel: `delivered` or `received`; None when the type leaves it open.
        interval_seconds: Length of an interval that does not tell its own; None when the type does not tell it.
        exponent: The end of a number's text, as in `e-3`, that makes kWh of a value.
        default_quality: Quality code of a reading that has none of its own.
    """

    id: str
    service_point_id: str
    texts: dict[str, str]
    reason: str | None
    register_id: str | None = None
    first_start: int | None = None
    last_start: int | None = None
    channel: str | None = field(init=False)
    interval_seconds: int | None = field(init=False)
    exponent: str = field(init=False)
    default_quality: str | None = field(init=False)

    def __post_init__(self) -> None:
        """Read what every reading needs of the type."""
        self.channel = CHANNELS.get(self.texts.get("flowDirection"))
        self.interval_seconds = whole_number(self.texts.get("intervalLength"))
        # Thousandths of a kWh: the text of the value and this exponent make one number without rounding on the way.
        self.exponent = f"e{(whole_number(self.texts.get('powerOfTenMultiplier')) or 0) - 3}"
        self.default_quality = self.texts.get("defaultQuality")

    @property
    def is_net(self) -> bool:
        """Whether it holds delivered less received energy."""
        return self.texts.get("flowDirection") == NET

    def overlaps(self, other: "Series") -> bool:
        """Whether both have readings of the same time."""
        if self.first_start is None or other.first_start is None:
            return False
        return self.first_start <= other.last_start and other.first_start <= self.last_start

    def is_coarser(self, other: "Series") -> bool:
        """Whether its step is known to be longer than that of another."""
        steps = (self.interval_seconds, other.interval_seconds)
        return all(step in STEP_SECONDS for step in steps) and steps[0] > steps[1]


def find_series(resources: Mapping[str, Mapping[str, Resource]]) -> list[Series]:
    """Join every meter reading with its usage point and its reading type.

    Args:
        resources: By kind and id, from the first walk.

    Returns:
        One series a meter reading, in the same order, with the reason where it is no interval energy of electricity.
    """
    points = list(resources["UsagePoint"].values())
    types = list(resources["ReadingType"].values())
    point_by_link = _owners(points, lambda point: point.claims)
    type_by_link: dict[int, list[dict[str, str]]] = {}
    for one in types:
        # Two entries of the same link are one type if they say the same.
        known = type_by_link.setdefault(one.self_link, [])
        if one.self_link and one.texts not in known and len(known) < 2:
            known.append(one.texts)
    series = []
    for meter in resources["MeterReading"].values():
        position = _owner(point_by_link, meter.names)
        point = points[position] if position not in (None, SHARED) else None
        found = _reading_types(meter, type_by_link)
        reason = _why_without_point(position) or why_no_electricity(point.texts) or _why_without_type(len(found))
        reason = reason or why_no_interval_energy(found[0])
        series.append(Series(meter.id, point.id if point else "", found[0] if len(found) == 1 else {}, reason))
    return series


def place_blocks(blocks: BlockEntries, resources: Mapping[str, Mapping[str, Resource]], series: list[Series]) -> array:
    """Find the series of each entry with readings, and widen the span of that series.

    Args:
        blocks: The entries, from the first walk.
        resources: By kind and id, from the first walk.
        series: One a meter reading, in the same order, as `find_series` gives them.

    Returns:
        Positions in `series`; SHARED where two series have the link and UNLINKED where none is linked.
    """
    series_by_link = _owners(resources["MeterReading"].values(), lambda meter: meter.claims)
    positions = array("q")
    for number, names in enumerate(zip(blocks.self_links, blocks.up_links, strict=True)):
        position = _owner(series_by_link, names)
        positions.append(UNLINKED if position is None else position)
        first, last = blocks.first_starts[number], blocks.last_starts[number]
        if position not in (None, SHARED) and first <= last:
            one = series[position]
            one.first_start = first if one.first_start is None else min(first, one.first_start)
            one.last_start = last if one.last_start is None else max(last, one.last_start)
    return positions


def why_unlinked(position: int) -> str:
    """The reason why an interval block has no series.

    Args:
        position: SHARED or UNLINKED, as `place_blocks` gives it.

    Returns:
        The reason, for a person.
    """
    if position == SHARED:
        return "two MeterReading entries have the same link"
    return "no MeterReading entry is linked with the interval block"


def _owners(resources: Iterable[Resource], links_of: Callable[[Resource], Iterable[int]]) -> dict[int, int]:
    """By link, the position of the resource that it belongs to; SHARED when two lay claim to it."""
    found: dict[int, int] = {}
    for position, resource in enumerate(resources):
        for link in links_of(resource):
            if link and found.setdefault(link, position) != position:
                found[link] = SHARED
    return found


def _owner(owner_by_link: Mapping[int, int], names: Iterable[int]) -> int | None:
    """Position of the resource that one of the names belongs to, the narrowest name first; None when there is none."""
    return next((owner_by_link[name] for name in names if name in owner_by_link), None)


def _reading_types(meter: Resource, type_by_link: Mapping[int, list[dict[str, str]]]) -> list[dict[str, str]]:
    """The different reading types that a meter reading is linked with, two at most."""
    found: list[dict[str, str]] = []
    for link in meter.related:
        found += [texts for texts in type_by_link.get(link, ()) if texts not in found]
        if len(found) > 1:
            break
    return found


def _why_without_point(position: int | None) -> str | None:
    """The reason why a meter reading has no usage point."""
    if position is None:
        return "no UsagePoint entry is linked with the meter reading"
    return "two UsagePoint entries have the same link" if position == SHARED else None


def _why_without_type(found: int) -> str | None:
    """The reason why a meter reading has not exactly one reading type."""
    if found == 1:
        return None
    how_many = "no" if found == 0 else "more than one"
    return f"the meter reading is linked with {how_many} ReadingType: its unit is unknown"
