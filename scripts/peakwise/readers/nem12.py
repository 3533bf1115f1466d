"""Readings in AEMO's NEM12 format: a day of one register in one record.

A file is a header (100), then for each register its details (200), its days (300), each with the events of single intervals
(400) and details of the meter reading (500), then an end record (900). Files joined end to end are read as one.

The clock is UTC+10 all year. Suffix E is what the customer takes, B what the customer gives back; register number 1 is a
service point's main one and has no register id, any other has its suffix for an id (`E2`), whatever else is in the file.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers.file_text import shown_name
from peakwise.readers.parsed_rows import ParsedRows
from peakwise.readers.reading_file import ReadingFile

LONGEST_LINE_BYTES = 65_536
BLOCK_BYTES = 262_144
LONGEST_ID = 40
LONGEST_SHOWN_VALUE = 200
BLANKS_BEHIND_QUOTE = re.compile(r'"[ \t]+(?=,)')
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
NEM_CLOCK = timezone(timedelta(hours=10))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CHANNELS = {"E": "delivered", "B": "received"}
MAIN_REGISTERS = ("E1", "B1")
INTERVAL_MINUTES = {b"5": 5, b"10": 10, b"15": 15, b"20": 20, b"30": 30, b"60": 60}
# kWh in a unit as a fraction, so that 12.345 Wh is the double next to 0.012345.
ENERGY_UNITS = {"kwh": (1, 1), "wh": (1, 1_000), "mwh": (1_000, 1)}
OTHER_UNITS = frozenset({"varh", "kvarh", "mvarh", "var", "kvar", "mvar", "w", "kw", "mw", "vah", "kvah", "mvah"}) | {
    "va", "kva", "mva", "v", "kv", "a", "ka", "pf",
}  # fmt: skip
NULL_DATA = "null data (quality N): the values are placeholders"


class _Refused(Exception):
    """A record that cannot be used; its text is the reason."""


@dataclass(frozen=True)
class _Register:
    """What a 200 record says of the days below it.

    Attributes:
        service_point_id: The NMI.
        register_id: Its suffix where it is not the main register.
        channel: `delivered` or `received`.
        interval_minutes: Length of its intervals.
        kwh_fraction: One unit in kWh, as numerator and denominator.
    """

    service_point_id: str
    register_id: str | None
    channel: str
    interval_minutes: int
    kwh_fraction: tuple[int, int]


@dataclass
class _Day:
    """A 300 record that may still get events.

    Attributes:
        register: The register it belongs to.
        line_number: Its line.
        line: The line's text.
        labels: Start of each interval.
        kwh: Energy of each interval; None where it cannot be read.
        texts: Text of each value that cannot be read.
        flags: Quality flag of each interval.
        version: Its version stamp.
        origins: Line number and text of the record that gave each flag; None while there is no event.
    """

    register: _Register
    line_number: int
    line: bytes
    labels: tuple[datetime, ...]
    kwh: list[float | None]
    texts: list[str | None]
    flags: list[str]
    version: int | None
    origins: list[tuple[int, bytes]] | None = None


def looks_like(head: bytes) -> bool:
    """Whether a file's first bytes are the header of a NEM12 or NEM13 file; empty lines may stand above it.

    Args:
        head: The first bytes, enough for the header's first two fields.
    """
    text = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    return bool(text) and _format_name(text.splitlines()[0]) in (b"NEM12", b"NEM13")


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> ReadingFile:
    """Read a NEM12 file; records that cannot be used are kept aside with line and reason.

    A record counts as one reject, whatever number of intervals it has. The version stamp is UpdateDateTime, else
    MSATSLoadDateTime, else the header's time, in microseconds since 1970 in UTC.

    Args:
        connection: Where the rows are put.
        path: The file, unpacked.

    Returns:
        The opened file; its labels mark the start of an interval and follow the clock of UTC+10.

    Raises:
        UnusableInput: The file is no NEM12 file, holds accumulation readings (NEM13), or has no usable interval record.
    """
    reader = _Reader(ParsedRows(connection, path))
    with path.open("rb") as file:
        for line in _lines(file):
            reader.take(line)
    reader.finish()
    return reader.rows.as_file("nem12", label="start", label_time_zone="+10:00")


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Lines with any line end, read in blocks; None for a line that is too long, of which nothing is kept."""
    rest, is_cut = b"", False
    while block := file.read(BLOCK_BYTES):
        lines = (rest + block).splitlines(keepends=True)
        # A CR at the end of a block may be half of a CR LF.
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        for line in lines:
            yield None if is_cut or len(line) > LONGEST_LINE_BYTES else line
            is_cut = False
        if len(rest) > LONGEST_LINE_BYTES:
            rest, is_cut = rest[-1:], True
    if rest:
        yield None if is_cut else rest


def _fields(line: bytes) -> list[bytes]:
    """Fields of a line.

    Raises:
        _Refused: A quotation mark stands in the wrong place.
    """
    if b'"' not in line:
        return line.split(b",")
    try:
        # Latin-1 gives every byte back as it was.
        text = BLANKS_BEHIND_QUOTE.sub('"', line.decode("latin-1"))
        (fields,) = csv.reader([text], strict=True, skipinitialspace=True)
    except (csv.Error, ValueError) as error:
        raise _Refused("a quotation mark stands in the wrong place") from error
    return [field.encode("latin-1") for field in fields]


def _format_name(line: bytes) -> bytes:
    """Second field of a header, as in NEM12; empty when the line is no header."""
    try:
        fields = _fields(line.strip())
    except _Refused:
        return b""
    return _field(fields, 1).upper() if _field(fields, 0) == b"100" else b""


def _field(fields: list[bytes], position: int) -> bytes:
    """A field without blanks around it; empty where the record ends before."""
    return fields[position].strip() if position < len(fields) else b""


def _shown(text: bytes, most: int = 20) -> str:
    """A text of the file fit to be printed."""
    shown = text[:most].decode("utf-8", errors="replace")
    return "".join(character if character.isprintable() else "\ufffd" for character in shown)


@lru_cache(maxsize=512)
def _labels(date: bytes, minutes: int) -> tuple[datetime, ...]:
    """Start of each interval of a day.

    Raises:
        _Refused: The text is no date.
    """
    try:
        if len(date) != 8 or not date.isdigit():
            raise ValueError
        midnight = datetime(int(date[:4]), int(date[4:6]), int(date[6:]))
    except ValueError as error:
        raise _Refused(f"the interval date '{_shown(date)}' is not a date as in 20240131") from error
    return tuple(midnight + timedelta(minutes=start) for start in range(0, 1440, minutes))


def _stamp(text: bytes) -> int | None:
    """Microseconds since 1970 in UTC of a time such as 20240131173000 or 202401311730; None for an empty text.

    Raises:
        _Refused: The text is no time.
    """
    if not text:
        return None
    try:
        if len(text) not in (12, 14) or not text.isdigit():
            raise ValueError
        parts = [int(text[:4]), *(int(text[start : start + 2]) for start in range(4, len(text), 2))]
        moment = datetime(*parts, tzinfo=NEM_CLOCK)
        # A stamp of the year 9999 would be the newest for ever.
        if not 1990 <= moment.year < 2100:
            raise ValueError
    except ValueError as error:
        raise _Refused(f"the version stamp '{_shown(text)}' is not a time as in 20240131173000") from error
    return (moment - EPOCH) // MICROSECOND


def _is_flag(text: bytes) -> bool:
    """Whether a text is a quality flag: a letter, and the two digits of a method where it has one."""
    return len(text) <= 3 and text[:1].isalpha() and (len(text) == 1 or text[1:].isdigit())


def _is_null(flag: str) -> bool:
    """Whether a quality flag says that there is no value."""
    return flag[0] in "Nn"


def _parsed_register(fields: list[bytes]) -> _Register:
    """Register that a 200 record describes.

    Raises:
        _Refused: It is no register of energy, or cannot be read.
    """
    try:
        service_point_id = _field(fields, 1).decode("utf-8")
        suffix = _field(fields, 4).decode("ascii").upper()
    except UnicodeDecodeError as error:
        raise _Refused("the NMI or the suffix of its register is not UTF-8 text") from error
    if not service_point_id or len(service_point_id) > LONGEST_ID or not service_point_id.isprintable():
        raise _Refused("its register has no NMI, or one that cannot be")
    if not 1 <= len(suffix) <= 2 or not suffix.isalnum():
        raise _Refused(f"its register has no suffix as in E1: '{_shown(_field(fields, 4))}'")
    unit = _shown(_field(fields, 7))
    kwh_fraction = _kwh_fraction(suffix, unit)
    if suffix[0] not in CHANNELS:
        raise _Refused(f"register {suffix} in {unit} is neither taken from the grid (E) nor given to it (B)")
    minutes = INTERVAL_MINUTES.get(_field(fields, 8).lstrip(b"0"))
    if minutes is None:
        raise _Refused(f"intervals of '{_shown(_field(fields, 8))}' minutes are not 5, 10, 15, 20, 30 or 60")
    register_id = None if suffix in MAIN_REGISTERS else suffix
    return _Register(service_point_id, register_id, CHANNELS[suffix[0]], minutes, kwh_fraction)


def _kwh_fraction(suffix: str, unit: str) -> tuple[int, int]:
    """One unit of a register in kWh, as numerator and denominator.

    Raises:
        _Refused: The unit is none of energy.
    """
    kwh_fraction = ENERGY_UNITS.get(unit.lower())
    if kwh_fraction is None and not unit:
        raise _Refused(f"register {suffix} has no unit")
    if kwh_fraction is None and unit.lower() in OTHER_UNITS:
        raise _Refused(f"register {suffix} is in {unit}, which is not energy")
    if kwh_fraction is None:
        raise _Refused(f"register {suffix} is in an unknown unit: {unit}")
    return kwh_fraction


def _energy(
    values: list[bytes], kwh_fraction: tuple[int, int], *, is_plain: bool
) -> tuple[list[float | None], list[str | None]]:
    """Energy of each value in kWh, and the text of each that is no number.

    Args:
        values: As they stand in the file.
        kwh_fraction: One unit in kWh.
        is_plain: Whether no value holds an underscore, which Python would take for a separator of digits.
    """
    texts: list[str | None] = [None] * len(values)
    numerator, denominator = kwh_fraction
    try:
        if not is_plain:
            raise ValueError
        numbers: list[float | None] = list(map(float, values))
        if numerator != denominator:
            numbers = [number * numerator / denominator for number in numbers]
    except ValueError:
        numbers = [_number(value) for value in values]
        texts = [
            _shown(value.strip(), LONGEST_SHOWN_VALUE) or None if number is None else None
            for value, number in zip(values, numbers, strict=True)
        ]
        numbers = [None if number is None else number * numerator / denominator for number in numbers]
    return numbers, texts


def _number(value: bytes) -> float | None:
    """The number that a value is; None when it is none."""
    try:
        return None if b"_" in value else float(value)
    except ValueError:
        return None


def _wrong_count(fields: list[bytes], register: _Register) -> str:
    """Why the quality flag does not stand behind the last value of a day."""
    expected = 1440 // register.interval_minutes
    found = next((position - 2 for position in range(2, len(fields)) if _is_flag(_field(fields, position))), None)
    if found is None or found == expected:
        return f"no quality flag stands behind its {expected} values"
    return f"{found} values stand before its quality flag; {register.interval_minutes}-minute intervals make {expected}"


class _Reader:
    """Takes the lines of a file one after the other and puts the days into rows.

    A line that cannot be told apart may have been the details of a register. So no day counts below it until the next
    readable details: at worst readings are kept aside, and never given to another customer.
    """

    def __init__(self, rows: ParsedRows) -> None:
        """Start before the first line.

        Args:
            rows: Where readings and rejects go.
        """
        self.rows = rows
        self._name = shown_name(rows.path)
        self._line_number = 0
        self._has_header = False
        self._has_ended = False
        self._header_version: int | None = None
        self._register: _Register | None = None
        self._why_no_register = "no details of a register (200) stand above it"
        self._day: _Day | None = None
        self._is_below_refused_day = False
        self._first_refused_day = ""
        self._records = {
            b"100": self._take_header,
            b"200": self._take_register,
            b"300": self._take_day,
            b"400": self._take_event,
            b"500": self._take_visit,
            b"900": self._take_end,
        }

    def take(self, line: bytes | None) -> None:
        """Take the next line.

        Args:
            line: Its bytes; None when it is too long.

        Raises:
            UnusableInput: It is the first line and not the header of a NEM12 file.
        """
        self._line_number += 1
        if line is None:
            self._take_long_line()
            return
        text = line.removeprefix(BYTE_ORDER_MARK).strip()
        if not text:
            return
        if not self._has_header:
            self._check_format(text)
        try:
            fields = _fields(text)
        except _Refused as refused:
            self._lose_register(text, str(refused))
            return
        self._take_record(fields, text)

    def _take_long_line(self) -> None:
        """Keep a line aside that is too long to be looked at."""
        too_long = f"the line is longer than {LONGEST_LINE_BYTES:,} bytes"
        if not self._has_header:
            raise UnusableInput(
                f"{self._name}, line {self._line_number}: {too_long}; a NEM12 file begins with 100,NEM12."
            )
        self._lose_register(b"", too_long)

    def _take_record(self, fields: list[bytes], line: bytes) -> None:
        """Take a record by its kind, the first field."""
        kind = _field(fields, 0)
        take = self._records.get(kind)
        if self._has_ended and kind != b"100":
            self._reject("text after the end record (900)", line)
        elif kind in (b"250", b"550"):
            self._lose_register(line, "an accumulation reading (NEM13) has no intervals")
        elif take is None:
            self._lose_register(line, f"no record of NEM12 begins with '{_shown(kind)}'")
        else:
            try:
                take(fields, line)
            except _Refused as refused:
                self._reject(str(refused), line)

    def finish(self) -> None:
        """Take in what is left behind the last line.

        Raises:
            UnusableInput: There is no reading.
        """
        self._close_day()
        if not self._has_header:
            raise UnusableInput(f"{self._name} has no line that is not empty.")
        if self.rows.count == 0:
            raise UnusableInput(f"{self._name} holds no reading: {self._why_empty()}.")
        if not self._has_ended:
            self._miss_end()

    def _why_empty(self) -> str:
        """What is wrong with the first day, or with the first line where no day is there."""
        if self._first_refused_day:
            return f"of its first interval record, {self._first_refused_day}"
        without_days = "it has no interval record (300)"
        if not self.rows.unreadable:
            return without_days
        line_number, reason, _ = self.rows.unreadable[0]
        return f"{without_days}; line {line_number}: {reason}"

    def _check_format(self, line: bytes) -> None:
        """Check the first line that is not empty.

        Raises:
            UnusableInput: The file is no NEM12 file.
        """
        name = _format_name(line)
        if name == b"NEM13":
            raise UnusableInput(
                f"{self._name} holds accumulation readings (NEM13), which have no intervals. Ask for the interval data (NEM12)."
            )
        if name != b"NEM12":
            raise UnusableInput(
                f"{self._name}, line {self._line_number}: a NEM12 file begins with 100,NEM12 and not with '{_shown(line)}'."
            )
        self._has_header = True
        # So that the header is not taken for a second one.
        self._has_ended = True

    def _reject(self, reason: str, line: bytes, line_number: int | None = None) -> None:
        """Keep a record aside with its line, by default the current one."""
        self.rows.reject(line_number or self._line_number, reason, _shown(line, LONGEST_SHOWN_VALUE))

    def _refuse_day(self, reason: str, line: bytes, line_number: int | None = None) -> None:
        """Keep a day aside; the first one is told when the file has no reading."""
        self._first_refused_day = self._first_refused_day or f"line {line_number or self._line_number}, {reason}"
        self._reject(reason, line, line_number)

    def _forget_register(self, reason: str) -> None:
        """Let no day count until the next details of a register."""
        self._close_day()
        self._register, self._why_no_register, self._is_below_refused_day = None, reason, False

    def _lose_register(self, line: bytes, reason: str) -> None:
        """Keep aside a line that may have been the details of a register."""
        self._forget_register(
            f"line {self._line_number} above it cannot be read and may have been the details of its register (200)"
        )
        self._reject(reason, line)

    def _miss_end(self) -> None:
        """Tell that a file stops without its end."""
        self._reject("the end record (900) is missing above here: the file may be cut short", b"")

    def _take_header(self, fields: list[bytes], line: bytes) -> None:
        """Take a header (100); a further one begins the next of several files joined end to end."""
        self._forget_register("no details of a register (200) stand above it")
        if not self._has_ended:
            self._miss_end()
        self._has_ended, self._header_version = False, None
        if _field(fields, 1).upper() != b"NEM12":
            raise _Refused(f"the header is of '{_shown(_field(fields, 1))}', not of NEM12")
        self._header_version = _stamp(_field(fields, 2))

    def _take_register(self, fields: list[bytes], line: bytes) -> None:
        """Take the details of a register (200); what is wrong with them is told of each of its days."""
        self._forget_register("")
        try:
            self._register = _parsed_register(fields)
        except _Refused as refused:
            self._why_no_register = str(refused)

    def _take_day(self, fields: list[bytes], line: bytes) -> None:
        """Take the intervals of a day (300)."""
        self._close_day()
        self._is_below_refused_day = False
        try:
            self._day = self._parsed_day(fields, line)
        except _Refused as refused:
            self._is_below_refused_day = True
            self._refuse_day(str(refused), line)

    def _parsed_day(self, fields: list[bytes], line: bytes) -> _Day:
        """The day of a 300 record.

        Raises:
            _Refused: It cannot be used.
        """
        register = self._register
        if register is None:
            raise _Refused(self._why_no_register)
        count = 1440 // register.interval_minutes
        flag = _field(fields, count + 2)
        if not _is_flag(flag):
            raise _Refused(_wrong_count(fields, register))
        labels = _labels(_field(fields, 1), register.interval_minutes)
        stamp = _field(fields, count + 5) or _field(fields, count + 6)
        version = _stamp(stamp) if stamp else self._header_version
        kwh, texts = _energy(fields[2 : count + 2], register.kwh_fraction, is_plain=b"_" not in line)
        flags = [flag.decode("ascii")] * count
        return _Day(register, self._line_number, line, labels, kwh, texts, flags, version)

    def _take_event(self, fields: list[bytes], line: bytes) -> None:
        """Give the intervals of the day above the flag of an event (400); of several events the last counts."""
        day = self._day
        if day is None:
            if self._is_below_refused_day:
                return
            raise _Refused("no interval record (300) stands above this event (400)")
        first, last, flag = _field(fields, 1), _field(fields, 2), _field(fields, 3)
        count = len(day.flags)
        if not (first.isdigit() and last.isdigit() and len(first) <= 4 and len(last) <= 4):
            raise _Refused("the event's intervals are not two whole numbers")
        if not 1 <= int(first) <= int(last) <= count:
            raise _Refused(f"the event's intervals {int(first)} to {int(last)} are not within 1 to {count}")
        if flag and not _is_flag(flag):
            raise _Refused(f"the event's quality flag '{_shown(flag)}' is none")
        if flag:
            events = slice(int(first) - 1, int(last))
            length = int(last) - int(first) + 1
            day.origins = day.origins or [(day.line_number, day.line)] * count
            # Lines are shown in part only; whole ones would add up.
            day.origins[events] = [(self._line_number, line[:LONGEST_SHOWN_VALUE])] * length
            day.flags[events] = [flag.decode("ascii")] * length

    def _take_visit(self, fields: list[bytes], line: bytes) -> None:
        """Pass over the details of a meter reading (500), which say nothing of intervals."""

    def _take_end(self, fields: list[bytes], line: bytes) -> None:
        """Take the end record (900)."""
        self._forget_register("no details of a register (200) stand above it")
        self._has_ended = True

    def _close_day(self) -> None:
        """Put the day into rows, now that no event can follow."""
        day, self._day = self._day, None
        if day is None:
            return
        if day.origins or _is_null(day.flags[0]):
            self._keep_nulls_aside(day)
        if day.labels:
            self.rows.add(
                service_point_id=day.register.service_point_id,
                register_id=day.register.register_id,
                channel=day.register.channel,
                interval_minutes=day.register.interval_minutes,
                version=day.version,
                line_number=day.line_number,
                labels=day.labels,
                kwh=day.kwh,
                source_flags=day.flags,
                kwh_texts=day.texts,
            )

    def _keep_nulls_aside(self, day: _Day) -> None:
        """Take the intervals without a value out of a day; each record that flags some of them is one reject."""
        origins = day.origins or [(day.line_number, day.line)] * len(day.flags)
        kept = [not _is_null(flag) for flag in day.flags]
        for line_number, line in dict.fromkeys(
            origin for origin, is_kept in zip(origins, kept, strict=True) if not is_kept
        ):
            self._refuse_day(NULL_DATA, line, line_number)
        rows = zip(day.labels, day.kwh, day.texts, day.flags, strict=True)
        left = [row for row, is_kept in zip(rows, kept, strict=True) if is_kept]
        columns = zip(*left, strict=True) if left else ((), [], [], [])
        labels, *others = columns
        day.labels = tuple(labels)
        day.kwh, day.texts, day.flags = (list(column) for column in others)
