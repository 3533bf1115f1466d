"""Readings in Green Button XML: the resources of NAESB ESPI as entries of an Atom feed.

A feed holds usage points, their meter readings (series), a reading type for each series (unit, direction, power of ten) and
interval blocks with the readings. Entries point at each other by links only, stand in any order, and tell their version after
their content, so the file is walked through twice: first for the entries and their links, which are few, then for the readings.
Neither walk keeps more of the file than bounded tables.

What becomes of it:

- The service point is the UsagePoint's own `id` (its UUID, in small letters), for links such as `UsagePoint/01` repeat from
  customer to customer. Only where an entry has no id its self link takes the place.
- The version is `updated` of the entry with the interval block, else `published`, in microseconds since 1970: the newest export
  counts.
- Flow direction 1 is delivered and 19 received; none leaves the channel open. Net energy (4) is kept as delivered, with its sign,
  unless the usage point has readings of one direction as well, which hold the same energy.
- Of several series of one usage point and direction that overlap in time, a coarser one is refused, because it is the same
  energy again. Those of equal step are registers: the first by id is the main one, the others go by the ids of their entries.
- The source flag is the first quality code of a reading that is not a good one, else the first, else the reading type's default.
- Power (W) is refused even as an average: the reading type does not say over which time.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.parsers import expat

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers.file_text import shown_name
from peakwise.readers.parsed_rows import ParsedRows
from peakwise.readers.reading_file import ReadingFile

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
ATOM = "http://www.w3.org/2005/Atom"
ESPI = "http://naesb.org/espi"
ATOM_NAMES = ("feed", "entry", "id", "link", "updated", "published")
# Python would take any of its codecs for the parser, some of which are no text at all.
ENCODINGS = ("utf-8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-16")
BLOCK_BYTES = 65_536
# The parser keeps an unfinished tag or comment whole, and every distinct name for ever.
LONGEST_TOKEN_BYTES = 1_048_576
MOST_NAMES = 10_000
MOST_NAME_CHARACTERS = 1_000_000
DEEPEST_ELEMENT = 64
LONGEST_TEXT = 256
LONGEST_LINK = 2_000
MOST_LINKS_OF_ENTRY = 100_000
MOST_LINKS = 1_000_000
MOST_RESOURCES = 200_000
MOST_BLOCK_ENTRIES = 1_000_000
MOST_SERIES_OF_POINT = 500

EPOCH = datetime(1970, 1, 1)
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,12}")
VALUE = re.compile(r"[+-]?[0-9]{1,18}([.][0-9]{0,12})?")
STEP_SECONDS = {minutes * 60: minutes for minutes in (5, 10, 15, 20, 30, 60)}
STEPS_TEXT = "Peakwise needs 5, 10, 15, 20, 30 or 60 minutes"
EARLIEST_LABEL, LATEST_LABEL = -62_135_596_800, 253_402_300_799
SHARED = -1
NO_VERSION, UNREADABLE_VERSION = -(2**63), -(2**63) + 1
NO_START = -(2**63)

WATT_HOURS = "72"
UNITS = {
    "0": "none", "5": "A", "29": "V", "31": "J", "33": "Hz", "38": "W (power)", "42": "cubic metres", "61": "VA", "63": "var",
    "65": "power factor", "71": "VAh", "73": "varh", "106": "Ah", "119": "cubic feet", "122": "cubic feet an hour",
    "125": "cubic metres an hour", "128": "US gallons", "129": "US gallons an hour", "130": "imperial gallons",
    "132": "British thermal units", "133": "British thermal units an hour", "134": "litres", "137": "litres an hour",
    "169": "therms",
}  # fmt: skip
SERVICES = {
    "1": "natural gas", "2": "water", "4": "pressure", "5": "heat", "6": "cold", "7": "communication", "8": "time",
}  # fmt: skip
COMMODITIES = {
    "7": "natural gas", "8": "propane", "9": "potable water", "10": "steam", "11": "waste water", "12": "heating fluid",
    "13": "cooling fluid",
}  # fmt: skip
ACCUMULATIONS = {
    "1": "a bulk quantity", "2": "continuously cumulative", "3": "cumulative", "6": "indicating", "9": "a summation",
    "12": "instantaneous", "13": "a latching quantity", "14": "a bounded quantity",
}  # fmt: skip
NET = "4"
CHANNELS = {None: None, "0": None, "1": "delivered", "19": "received", NET: "delivered"}
# What a reading type may say, and each of these may be left out.
ELECTRIC_COMMODITIES = (None, "0", "1", "2")
ENERGY_KINDS = (None, "0", "12")
INTERVAL_ACCUMULATIONS = (None, "0", "4")
PLAIN_QUALIFIERS = (None, "0", "12")
# Valid, validated, verified.
GOOD_QUALITIES = ("0", "17", "18")


def qualified(name: str) -> str:
    """An element's name as the parser tells it: namespace, blank, name."""
    return f"{ATOM if name in ATOM_NAMES else ESPI} {name}"


def field_table(*paths: str) -> dict[str, dict[str, str]]:
    """Where texts are taken from: by element, by its parent, the field `parent/element`."""
    table: dict[str, dict[str, str]] = {}
    for path in paths:
        parent, name = path.split("/")
        table.setdefault(qualified(name), {})[qualified(parent)] = path
    return table


def looks_like(head: bytes) -> bool:
    """Whether a file is XML, told by its first bytes; a long comment may hide the feed itself, which `read` checks."""
    return head.removeprefix(BYTE_ORDER_MARK).lstrip().startswith(b"<")


class FeedWalker:
    """Walks through an Atom feed block by block; a subclass says at which elements it stops and which texts it takes.

    Attributes:
        path: The feed.
        texts: Texts taken so far by field; whoever opens a record empties it.
    """

    fields: Mapping[str, Mapping[str, str]] = {}

    def __init__(self, path: Path) -> None:
        """Prepare a parser that refuses whatever could make it fetch, expand or keep things without end."""
        self.path = path
        self.texts: dict[str, str] = {}
        self.opened: dict[str, Callable[[Mapping[str, str]], None]] = {qualified("entry"): self._entry_starts}
        self.closed: dict[str, Callable[[], None]] = {qualified("entry"): self._entry_ends}
        self._elements: list[str] = []
        self._entry_depth = 0
        self._text: list[str] = []
        self._text_length = 0
        self._field: str | None = None
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.XmlDeclHandler = self._declared
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        # Without it the parser would not tell of prefixes, which it keeps too.
        self._parser.StartNamespaceDeclHandler = lambda prefix, uri: None

    @property
    def line(self) -> int:
        """Number of the line at which the parser stands."""
        return self._parser.CurrentLineNumber

    @property
    def is_in_entry(self) -> bool:
        """Whether an entry is open."""
        return self._entry_depth > 0

    def unusable(self, what: str) -> UnusableInput:
        """An error that names the file and the line at which the parser stands."""
        return UnusableInput(f"{shown_name(self.path)}, line {self.line}: {what}")

    def walk(self) -> None:
        """Walk through the whole file.

        Raises:
            UnusableInput: It is no well-formed Atom feed, or goes beyond a bound.
        """
        try:
            with self.path.open("rb") as file:
                fed = 0
                while block := file.read(BLOCK_BYTES):
                    self._parser.Parse(block, False)
                    fed += len(block)
                    self._check_bounds(fed)
                self._parser.Parse(b"", True)
                self._check_namespaces()
        except expat.ExpatError as error:
            raise UnusableInput(
                f"{shown_name(self.path)}, line {error.lineno}: the XML is damaged or cut short"
                f" ({expat.errors.messages.get(error.code, 'unknown fault')}). Export the file again."
            ) from error
        except OSError as error:
            raise UnusableInput(f"{shown_name(self.path, whole=True)} cannot be read: {error.strerror}.") from error

    def entry_starts(self) -> None:
        """Take note of a new entry."""

    def entry_ends(self) -> None:
        """Take note that the entry is complete."""

    def is_directly_in(self, parent: str) -> bool:
        """Whether the element that has just started stands right in such a parent."""
        return len(self._elements) > 1 and self._elements[-2] == qualified(parent)

    def _check_bounds(self, fed: int) -> None:
        """Refuse a file of which the parser would have to keep too much."""
        if fed - self._parser.CurrentByteIndex > LONGEST_TOKEN_BYTES:
            raise self.unusable(f"a tag or comment is longer than {LONGEST_TOKEN_BYTES:,} bytes.")
        names = self._parser.intern
        if len(names) > MOST_NAMES or sum(len(name) for name in names if name) > MOST_NAME_CHARACTERS:
            raise self.unusable("it has too many or too long names of elements; a Green Button file has some dozen.")

    def _check_namespaces(self) -> None:
        """Refuse readings of an unknown namespace, which the walk has passed over."""
        for name in self._parser.intern:
            namespace, _, element = (name or "").rpartition(" ")
            if element == "IntervalReading" and namespace != ESPI:
                raise UnusableInput(
                    f"{shown_name(self.path)}: it has an IntervalReading in the namespace {' '.join(namespace.split())[:80]!r};"
                    f" Green Button has {ESPI}."
                )

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        """Refuse an encoding that is not a usual one."""
        if encoding is not None and encoding.lower() not in ENCODINGS:
            raise self.unusable(f"the encoding {encoding[:40]!r} is not read. Save the file as UTF-8.")

    def _refuse_doctype(self, *declaration: object) -> None:
        """Refuse what only an attack would bring: entities that grow or point elsewhere."""
        raise self.unusable("it declares a document type; a Green Button file has none, and entities are not read.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        """An element starts."""
        elements = self._elements
        if not elements:
            self._check_root(name)
        elif len(elements) >= DEEPEST_ELEMENT:
            raise self.unusable(f"elements are nested more than {DEEPEST_ELEMENT} deep.")
        elements.append(name)
        parents = self.fields.get(name)
        if self._field:
            # A field with a child is no text.
            self._parser.CharacterDataHandler = None
        self._field = parents.get(elements[-2]) if parents and len(elements) > 1 else None
        if self._field:
            self._text.clear()
            self._text_length = 0
            self._parser.CharacterDataHandler = self._more_text
        opened = self.opened.get(name)
        if opened:
            opened(attributes)

    def _end(self, name: str) -> None:
        """An element ends."""
        if self._field:
            # Text that waits in the parser comes before the handler goes.
            self._parser.CharacterDataHandler = None
            self._take_text()
        closed = self.closed.get(name)
        if closed:
            closed()
        self._elements.pop()

    def _take_text(self) -> None:
        """Keep the text of a field; a second one joins the first, and no single number reads like that."""
        text = " ".join("".join(self._text).split())
        if text and self._field:
            before = self.texts.get(self._field)
            self.texts[self._field] = text if before is None else f"{before} {text}"
            if len(self.texts[self._field]) > LONGEST_TEXT:
                raise self.unusable(f"{self._field} is said too often in one record.")
        self._field = None

    def _more_text(self, text: str) -> None:
        """A piece of the text of a field."""
        self._text_length += len(text)
        if self._text_length > LONGEST_TEXT:
            raise self.unusable(f"the text of {self._field} is longer than {LONGEST_TEXT} characters.")
        self._text.append(text)

    def _check_root(self, name: str) -> None:
        """Refuse XML that is no Atom feed."""
        if name not in (qualified("feed"), qualified("entry")):
            raise self.unusable(
                f"the file is XML, but its root is <{name.rpartition(' ')[2][:40]}>; Green Button is a <feed> of {ATOM}."
            )

    def _entry_starts(self, attributes: Mapping[str, str]) -> None:
        """An entry starts, unless it stands within another."""
        if not self.is_in_entry:
            self._entry_depth = len(self._elements)
            self.entry_starts()

    def _entry_ends(self) -> None:
        """An entry ends, unless it stands within another."""
        if len(self._elements) == self._entry_depth:
            self.entry_ends()
            self._entry_depth = 0


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


def whole_number(text: str | None) -> int | None:
    """A whole number, None when the text is none."""
    return int(text) if text is not None and WHOLE_NUMBER.fullmatch(text) else None


def link_path(href: str) -> str:
    """A link without server and outer slashes: files mix whole and partial links."""
    return re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*", "", " ".join(href.split())).strip("/")


def link_number(path: str) -> int:
    """A link as a number: a few bytes however long it is; 0 when there is none."""
    return hash(path) if path else 0


def version_stamp(text: str | None) -> int:
    """Microseconds since 1970 of a time as Atom writes it; without an offset it is read as UTC."""
    if text is None:
        return NO_VERSION
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC)
        return (moment - EPOCH.replace(tzinfo=UTC)) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return UNREADABLE_VERSION


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
        names = (link_number(self_path), link_number(up_path))
        if self._kind:
            self._keep_resource(self._kind, self_path, names)
        if self._readings:
            if len(self.blocks) >= MOST_BLOCK_ENTRIES:
                raise self.unusable(f"it has more than {MOST_BLOCK_ENTRIES:,} entries with readings. Split the file.")
            version = version_stamp(self.texts.get("entry/updated") or self.texts.get("entry/published"))
            self.blocks.add(names, version, self._first_start, self._last_start, self._readings)

    def _one_link(self, relation: str) -> str:
        """The first link of a relation, empty when there is none."""
        return next(iter(self._links.get(relation, ())), "")

    def _keep_resource(self, kind: str, self_path: str, names: tuple[int, ...]) -> None:
        """Keep a usage point, meter reading or reading type."""
        related = tuple(link_number(path) for path in self._links.get("related", ()))
        claims = related
        if self_path and kind in self.CHILDREN:
            claims = (names[0], link_number(f"{self_path}/{self.CHILDREN[kind]}"), *related)
        self._kept_links += len(related)
        identity = readable_id(self.texts.get("entry/id")) or self_path[:LONGEST_TEXT] or f"line {self.line}"
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
        if path := link_path(href):
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


def readable_id(text: str | None) -> str | None:
    """An entry's id; a UUID without its prefix and in small letters, which are the same UUID."""
    if text is not None and text.lower().startswith("urn:uuid:"):
        return text[len("urn:uuid:") :].strip().lower() or None
    return text


def owners(resources: Iterable[Resource], links_of: Callable[[Resource], Iterable[int]]) -> dict[int, int]:
    """By link, the position of the resource that it belongs to; SHARED when two lay claim to it."""
    found: dict[int, int] = {}
    for position, resource in enumerate(resources):
        for link in links_of(resource):
            if link and found.setdefault(link, position) != position:
                found[link] = SHARED
    return found


def owner(owner_by_link: Mapping[int, int], names: Iterable[int]) -> int | None:
    """Position of the resource that one of the names belongs to, the narrowest name first; None when there is none."""
    return next((owner_by_link[name] for name in names if name in owner_by_link), None)


def find_series(resources: Mapping[str, Mapping[str, Resource]]) -> list[Series]:
    """Join every meter reading with its usage point and its reading type.

    Args:
        resources: By kind and id, from the first walk.

    Returns:
        One series a meter reading, in the same order, with the reason where it is no interval energy of electricity.
    """
    points = list(resources["UsagePoint"].values())
    types = list(resources["ReadingType"].values())
    point_by_link = owners(points, lambda point: point.claims)
    type_by_link: dict[int, list[dict[str, str]]] = {}
    for one in types:
        # Two entries of the same link are one type if they say the same.
        known = type_by_link.setdefault(one.self_link, [])
        if one.self_link and one.texts not in known and len(known) < 2:
            known.append(one.texts)
    series = []
    for meter in resources["MeterReading"].values():
        position = owner(point_by_link, meter.names)
        point = points[position] if position not in (None, SHARED) else None
        found = reading_types(meter, type_by_link)
        reason = why_without_point(position) or why_no_electricity(point.texts) or why_without_type(len(found))
        reason = reason or why_no_interval_energy(found[0])
        series.append(Series(meter.id, point.id if point else "", found[0] if len(found) == 1 else {}, reason))
    return series


def reading_types(meter: Resource, type_by_link: Mapping[int, list[dict[str, str]]]) -> list[dict[str, str]]:
    """The different reading types that a meter reading is linked with, two at most."""
    found: list[dict[str, str]] = []
    for link in meter.related:
        found += [texts for texts in type_by_link.get(link, ()) if texts not in found]
        if len(found) > 1:
            break
    return found


def why_without_point(position: int | None) -> str | None:
    """The reason why a meter reading has no usage point."""
    if position is None:
        return "no UsagePoint entry is linked with the meter reading"
    return "two UsagePoint entries have the same link" if position == SHARED else None


def why_without_type(found: int) -> str | None:
    """The reason why a meter reading has not exactly one reading type."""
    if found == 1:
        return None
    how_many = "no" if found == 0 else "more than one"
    return f"the meter reading is linked with {how_many} ReadingType: its unit is unknown"


def why_no_electricity(point: Mapping[str, str]) -> str | None:
    """The reason why a usage point is not of electricity."""
    kind = point.get("kind", "0")
    if kind == "0":
        return None
    return f"the usage point is {named(SERVICES, kind)}, not electricity (ServiceCategory kind {kind})"


def why_no_interval_energy(texts: Mapping[str, str]) -> str | None:
    """The reason why a reading type is not electric energy of an interval."""
    unit = texts.get("uom")
    commodity = texts.get("commodity")
    accumulation = texts.get("accumulationBehaviour")
    power_of_ten = texts.get("powerOfTenMultiplier", "0")
    if commodity not in ELECTRIC_COMMODITIES:
        return f"the readings are of {named(COMMODITIES, commodity)}, not electricity (commodity {commodity})"
    if unit is None:
        return "the reading type names no unit (uom)"
    if unit != WATT_HOURS:
        return f"the unit is {named(UNITS, unit)}, not Wh (uom {unit})"
    if accumulation not in INTERVAL_ACCUMULATIONS:
        return f"the readings are {named(ACCUMULATIONS, accumulation)}, not per interval (accumulationBehaviour {accumulation})"
    for name, plain in (("kind", ENERGY_KINDS), ("dataQualifier", PLAIN_QUALIFIERS)):
        if texts.get(name) not in plain:
            return f"the readings are not the energy of their intervals ({name} {texts[name]})"
    if texts.get("flowDirection") not in CHANNELS:
        return f"the flow direction is neither forward, reverse nor net (flowDirection {texts['flowDirection']})"
    exponent = whole_number(power_of_ten)
    if exponent is None or abs(exponent) > 15:
        return f"the power of ten is none (powerOfTenMultiplier {power_of_ten})"
    return None


def named(names: Mapping[str, str], code: str) -> str:
    """What a code stands for."""
    return names.get(code, "of an unknown code")


def place_blocks(blocks: BlockEntries, resources: Mapping[str, Mapping[str, Resource]], series: list[Series]) -> array:
    """Find the series of each entry with readings, and widen the span of that series.

    Returns:
        Positions in `series`; -1 where two series share the link and -2 where none is linked.
    """
    series_by_link = owners(resources["MeterReading"].values(), lambda meter: meter.claims)
    positions = array("q")
    for number, names in enumerate(zip(blocks.self_links, blocks.up_links, strict=True)):
        position = owner(series_by_link, names)
        positions.append(-2 if position is None else position)
        first, last = blocks.first_starts[number], blocks.last_starts[number]
        if position not in (None, SHARED) and first <= last:
            one = series[position]
            one.first_start = first if one.first_start is None else min(first, one.first_start)
            one.last_start = last if one.last_start is None else max(last, one.last_start)
    return positions


def part_registers(name: str, series: Iterable[Series]) -> None:
    """See that no energy of a usage point counts twice: refuse what repeats it, tell registers apart.

    Raises:
        UnusableInput: A usage point has too many series.
    """
    points: dict[str, list[Series]] = {}
    for one in series:
        if one.reason is None and one.first_start is not None:
            points.setdefault(one.service_point_id, []).append(one)
    for service_point_id, of_point in points.items():
        if len(of_point) > MOST_SERIES_OF_POINT:
            raise UnusableInput(
                f"{name}: usage point {service_point_id} has more than {MOST_SERIES_OF_POINT} meter readings with readings."
            )
        refuse_net_beside_directions(of_point)
        for is_received in (False, True):
            alike = [one for one in of_point if one.reason is None and (one.channel == "received") == is_received]
            part_registers_of_direction(alike)


def refuse_net_beside_directions(series: list[Series]) -> None:
    """Refuse net energy where the same usage point has delivered or received energy of the same time."""
    directed = [one for one in series if not one.is_net]
    for net in (one for one in series if one.is_net):
        if any(net.overlaps(one) for one in directed):
            net.reason = "net energy of a usage point that has delivered or received energy, too: it would count twice"


def part_registers_of_direction(series: list[Series]) -> None:
    """Among series of one usage point and direction refuse repeats in a coarser step and name further registers."""
    kept: list[Series] = []
    for one in sorted(series, key=lambda one: (step_order(one), one.id)):
        rivals = [other for other in kept if one.overlaps(other)]
        if any(one.is_coarser(other) for other in rivals):
            one.reason = "the usage point has the same direction in a finer step, too: the energy would count twice"
            continue
        if any(other.register_id is None for other in rivals):
            one.register_id = one.id
        kept.append(one)


def step_order(series: Series) -> int:
    """Rank of a series by its step, unknown steps last."""
    return series.interval_seconds if series.interval_seconds in STEP_SECONDS else 3_601


class SecondWalk(FeedWalker):
    """Hands every reading to the rows, or keeps it aside with the reason."""

    fields = field_table("timePeriod/start", "timePeriod/duration", "IntervalReading/value", "ReadingQuality/quality")

    def __init__(
        self, path: Path, rows: ParsedRows, blocks: BlockEntries, series: list[Series], positions: array
    ) -> None:
        """Prepare to read.

        Args:
            path: The feed.
            rows: Where readings go.
            blocks: The entries with readings.
            series: All series.
            positions: The position in `series` of each entry.
        """
        super().__init__(path)
        self._rows = rows
        self._blocks = blocks
        self._all_series = series
        self._positions = positions
        self._number = -1
        self._is_new_entry = False
        self._series: Series | None = None
        self._reason: str | None = None
        self._version: int | None = None
        self._reading_line = 0
        self.opened[qualified("IntervalReading")] = self._reading_starts
        self.closed[qualified("IntervalReading")] = self._reading_ends

    def entry_starts(self) -> None:
        """Wait for the entry's first reading; most entries have none."""
        self._is_new_entry = True

    def _reading_starts(self, attributes: Mapping[str, str]) -> None:
        """A reading starts."""
        if self._is_new_entry:
            self._is_new_entry = False
            self._find_series()
        self._reading_line = self.line
        self.texts.clear()

    def _find_series(self) -> None:
        """Look up what the first walk found out about the entry."""
        self._number += 1
        if self._number >= len(self._positions):
            raise self.unusable("the file has changed while it was read. Load it again.")
        position, version = self._positions[self._number], self._blocks.versions[self._number]
        self._series = self._all_series[position] if position >= 0 else None
        self._version = None if version == NO_VERSION else version
        if self._series is None:
            self._reason = why_unlinked(position)
        elif version == UNREADABLE_VERSION:
            self._reason = self._series.reason or "the entry's time stamp (updated, else published) is not a time"
        else:
            self._reason = self._series.reason

    def _reading_ends(self) -> None:
        """A reading is complete."""
        if self._reason is not None:
            self._reject(self._reason)
            return
        series, texts = self._series, self.texts
        start = whole_number(texts.get("timePeriod/start"))
        duration_text = texts.get("timePeriod/duration")
        duration = series.interval_seconds if duration_text is None else whole_number(duration_text)
        minutes = STEP_SECONDS.get(duration)
        if start is None or not EARLIEST_LABEL <= start <= LATEST_LABEL:
            self._reject("the reading has no start" if "timePeriod/start" not in texts else "the start is not a time")
            return
        if minutes is None:
            self._reject(why_not_step(duration, duration_text))
            return
        value = texts.get("IntervalReading/value")
        kwh = float(value + series.exponent) if value is not None and VALUE.fullmatch(value) else None
        qualities = texts.get("ReadingQuality/quality")
        self._rows.add(
            service_point_id=series.service_point_id,
            register_id=series.register_id,
            channel=series.channel,
            interval_minutes=minutes,
            version=self._version,
            line_number=self._reading_line,
            labels=(EPOCH + timedelta(seconds=start),),
            kwh=(kwh,),
            source_flags=(series.default_quality if qualities is None else worst_quality(qualities),),
            kwh_texts=(value if kwh is None else None,),
        )

    def _reject(self, reason: str) -> None:
        """Keep the reading aside."""
        told = (f"{name.rpartition('/')[2]} {text}" for name, text in self.texts.items())
        self._rows.reject(self._reading_line, reason, ", ".join(told))


def why_unlinked(position: int) -> str:
    """The reason why an interval block has no series."""
    if position == SHARED:
        return "two MeterReading entries have the same link"
    return "no MeterReading entry is linked with the interval block"


def why_not_step(seconds: int | None, text: str | None) -> str:
    """The reason why an interval has no length that the warehouse keeps."""
    if seconds is None:
        return "the reading has no duration" if text is None else "the duration is not a whole number of seconds"
    return f"the interval is {seconds:,} s long; {STEPS_TEXT}"


def worst_quality(qualities: str) -> str:
    """Of the quality codes of a reading the first that is not a good one, else the first."""
    codes = qualities.split()
    return next((code for code in codes if code not in GOOD_QUALITIES), codes[0])


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> ReadingFile:
    """Read a Green Button file into a temporary table, all of it, with nothing dropped.

    Readings that cannot be taken are kept aside, each with its line and the reason.

    Args:
        connection: Where the temporary table is made.
        path: The file.

    Returns:
        The opened file; its labels are starts in UTC.

    Raises:
        UnusableInput: The file is no well-formed Atom feed, declares a document type, goes beyond a bound, or has no
            interval readings of electric energy.
    """
    name = shown_name(path)
    first_walk = FirstWalk(path)
    first_walk.walk()
    blocks = first_walk.blocks
    if not blocks.readings:
        raise UnusableInput(f"{name} has no interval readings (IntervalReading). Export the usage with its intervals.")
    series = find_series(first_walk.resources)
    positions = place_blocks(blocks, first_walk.resources, series)
    part_registers(name, series)
    reasons = [series[position].reason if position >= 0 else why_unlinked(position) for position in positions]
    if None not in reasons:
        raise UnusableInput(
            f"{name}: none of its {blocks.readings:,} readings is electric energy of an interval; of the first one, {reasons[0]}."
        )
    rows = ParsedRows(connection, path)
    SecondWalk(path, rows, blocks, series, positions).walk()
    return rows.as_file("green_button", label="start", label_time_zone="UTC")
