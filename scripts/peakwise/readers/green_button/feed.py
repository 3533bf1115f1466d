"""A walk through an Atom feed that is bounded and safe, whatever the file: nothing is fetched, expanded or kept without end."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.parsers import expat

from peakwise.errors import UnusableInput
from peakwise.readers.file_text import shown_name

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
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,12}")


def looks_like(head: bytes) -> bool:
    """Whether a file is XML, told by its first bytes; a long comment may hide the feed itself, which `read` checks.

    Args:
        head: The first bytes.

    Returns:
        Whether the first of them that is no blank opens a tag.
    """
    return head.removeprefix(BYTE_ORDER_MARK).lstrip().startswith(b"<")


def qualified(name: str) -> str:
    """An element's name as the parser tells it: namespace, blank, name.

    Args:
        name: Its name in Atom or ESPI.
    """
    return f"{ATOM if name in ATOM_NAMES else ESPI} {name}"


def field_table(*paths: str) -> dict[str, dict[str, str]]:
    """Where texts are taken from: by element, by its parent, the field `parent/element`.

    Args:
        paths: Such fields.
    """
    table: dict[str, dict[str, str]] = {}
    for path in paths:
        parent, name = path.split("/")
        table.setdefault(qualified(name), {})[qualified(parent)] = path
    return table


def whole_number(text: str | None) -> int | None:
    """A whole number, None when the text is none.

    Args:
        text: Text of a field; None when the record has none.
    """
    return int(text) if text is not None and WHOLE_NUMBER.fullmatch(text) else None


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
