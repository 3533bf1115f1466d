"""The first walk through a feed: its usage points, meter readings and reading types, their links, and the entries with readings."""

import re
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from peakwise.readers.green_button.feed import LONGEST_TEXT, FeedWalker, field_table, qualified, whole_number

LONGEST_LINK = 2_000
MOST_LINKS_OF_ENTRY = 100_000
MOST_LINKS = 1_000_000
MOST_RESOURCES = 200_000
MOST_BLOCK_ENTRIES = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_VERSION, UNREADABLE_VERSION = -(2**63), -(2**63) + 1
NO_START = -(2**63)


@dataclass
class Resource:
    """An entry with a usage point, a meter reading or a reading type; links stand as numbers, which are small.

    Attributes:
        id: The entry's id, else its self link.
        self_link: The self link; 0 when there is none.
        names: Links by which a parent may know the entry, the narrowest first.
        claims: Links of children that the entry says are its own.
        related: Its related links alone.
        texts: Texts of its content.
    """

    id: str
    self_link: int
    names: tuple[int, ...]
    claims: tuple[int, ...]
    related: tuple[int, ...]
    texts: dict[str, str]


class BlockEntries:
    """What the first walk keeps of every entry with readings, in file order: numbers only."""

    def __init__(self) -> None:
        """Start without an entry."""
        self.self_links, self.up_links, self.versions = array("q"), array("q"), array("q")
        self.first_starts, self.last_starts = array("q"), array("q")
        self.readings = 0

    def __len__(self) -> int:
        return len(self.versions)

    def add(self, names: tuple[int, ...], version: int, first_start: int, last_start: int, readings: int) -> None:
        """Add an entry."""
        self.self_links.append(names[0])
        self.up_links.append(names[1])
        self.versions.append(version)
        self.first_starts.append(first_start)
        self.last_starts.append(last_start)
        self.readings += readings


class FirstWalk(FeedWalker):
    """Collects the resources and their links, and of each entry with readings its links, version and span.

    Attributes:
        resources: By kind (`UsagePoint`, `MeterReading`, `ReadingType`) the resources by id; a repeated one counts as it stands last.
        blocks: The entries with readings.
    """

    CHILDREN: Mapping[str, str] = {"UsagePoint": "MeterReading", "MeterReading": "IntervalBlock"}
    fields = field_table(
        "entry/id",
        "entry/updated",
        "entry/published",
        "ServiceCategory/kind",
        "timePeriod/start",
        *(
            f"ReadingType/{name}"
            for name in (
                "accumulationBehaviour", "commodity", "dataQualifier", "defaultQuality", "flowDirection", "intervalLength",
                "kind", "powerOfTenMultiplier", "uom",
            )
        ),
    )  # fmt: skip

    def __init__(self, path: Path) -> None:
        """Prepare to collect."""
        super().__init__(path)
        self.resources: dict[str, dict[str, Resource]] = {"UsagePoint": {}, "MeterReading": {}, "ReadingType": {}}
        self.blocks = BlockEntries()
        self._links: dict[str, list[str]] = {}
        self._link_count = 0
        self._kept_links = 0
        self._kind: str | None = None
        self._readings = 0
        self._is_in_reading = False
        self._first_start, self._last_start = -NO_START - 1, NO_START
        self.opened[qualified("link")] = self._link
        self.opened[qualified("IntervalReading")] = self._reading_starts
        self.closed[qualified("IntervalReading")] = self._reading_ends
        for kind in self.resources:
            self.opened[qualified(kind)] = lambda attributes, kind=kind: self._resource(kind)

    def entry_starts(self) -> None:
        """Forget the entry before."""
        self.texts = {}
        self._links = {}
        self._link_count = 0
        self._kind = None
        self._readings = 0
        self._first_start, self._last_start = -NO_START - 1, NO_START

    def entry_ends(self) -> None:
        """Keep what the entry holds."""
        self_path = self._one_link("self")
        up_path = self._one_link("up") or self_path.rpartition("/")[0]
        names = (_link_number(self_path), _link_number(up_path))
        if self._kind:
            self._keep_resource(self._kind, self_path, names)
        if self._readings:
            if len(self.blocks) >= MOST_BLOCK_ENTRIES:
                raise self.unusable(f"it has more than {MOST_BLOCK_ENTRIES:,} entries with readings. Split the file.")
            version = _version_stamp(self.texts.get("entry/updated") or self.texts.get("entry/published"))
            self.blocks.add(names, version, self._first_start, self._last_start, self._readings)

    def _one_link(self, relation: str) -> str:
        """The first link of a relation, empty when there is none."""
        return next(iter(self._links.get(relation, ())), "")

    def _keep_resource(self, kind: str, self_path: str, names: tuple[int, ...]) -> None:
        """Keep a usage point, meter reading or reading type."""
        related = tuple(_link_number(path) for path in self._links.get("related", ()))
        claims = related
        if self_path and kind in self.CHILDREN:
            claims = (names[0], _link_number(f"{self_path}/{self.CHILDREN[kind]}"), *related)
        self._kept_links += len(related)
        identity = _readable_id(self.texts.get("entry/id")) or self_path[:LONGEST_TEXT] or f"line {self.line}"
        content = "ServiceCategory/" if kind == "UsagePoint" else "ReadingType/"
        texts = {name.partition("/")[2]: text for name, text in self.texts.items() if name.startswith(content)}
        self.resources[kind][identity] = Resource(identity, names[0], names, claims, related, texts)
        if self._kept_links > MOST_LINKS or sum(map(len, self.resources.values())) > MOST_RESOURCES:
            raise self.unusable(
                f"it has more than {MOST_RESOURCES:,} usage points, meter readings and reading types, or more than"
                f" {MOST_LINKS:,} links. Split the file."
            )

    def _link(self, attributes: Mapping[str, str]) -> None:
        """Take note of a link of the entry."""
        if not self.is_in_entry or not self.is_directly_in("entry"):
            return
        href = attributes.get("href", "")
        self._link_count += 1
        if len(href) > LONGEST_LINK or self._link_count > MOST_LINKS_OF_ENTRY:
            raise self.unusable(
                f"a link is longer than {LONGEST_LINK:,} characters, or an entry has more than {MOST_LINKS_OF_ENTRY:,} of them."
            )
        if path := _link_path(href):
            self._links.setdefault(attributes.get("rel", "alternate").strip().lower(), []).append(path)

    def _resource(self, kind: str) -> None:
        """Take note of the entry's kind; the first element of a kind tells it."""
        if self.is_in_entry and self._kind is None:
            self._kind = kind

    def _reading_starts(self, attributes: Mapping[str, str]) -> None:
        """A reading starts."""
        if not self.is_in_entry:
            raise self.unusable("an IntervalReading stands outside all entries, so that nothing says whose it is.")
        if self._is_in_reading:
            raise self.unusable("an IntervalReading stands within another.")
        self._is_in_reading = True
        self.texts.pop("timePeriod/start", None)

    def _reading_ends(self) -> None:
        """A reading ends."""
        self._is_in_reading = False
        self._readings += 1
        start = whole_number(self.texts.pop("timePeriod/start", None))
        if start is not None:
            self._first_start = min(self._first_start, start)
            self._last_start = max(self._last_start, start)


def _link_path(href: str) -> str:
    """A link without server and outer slashes: files mix whole and partial links."""
    return re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*", "", " ".join(href.split())).strip("/")


def _link_number(path: str) -> int:
    """A link as a number: a few bytes however long it is; 0 when there is none."""
    return hash(path) if path else 0


def _version_stamp(text: str | None) -> int:
    """Microseconds since 1970 of a time as Atom writes it; without an offset it is read as UTC."""
    if text is None:
        return NO_VERSION
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC)
        return (moment - EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return UNREADABLE_VERSION


def _readable_id(text: str | None) -> str | None:
    """An entry's id; a UUID without its prefix and in small letters, which are the same UUID."""
    if text is not None and text.lower().startswith("urn:uuid:"):
        return text[len("urn:uuid:") :].strip().lower() or None
    return text
