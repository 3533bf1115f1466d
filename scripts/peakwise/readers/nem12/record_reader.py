"""Takes the records of a NEM12 file in their order: which register a day belongs to, what its events change, what is kept aside."""

from peakwise.errors import UnusableInput
from peakwise.readers.file_text import shown_name
from peakwise.readers.nem12.lines import (
    BYTE_ORDER_MARK,
    LONGEST_LINE_BYTES,
    RecordRefused,
    field_at,
    format_name,
    shown_bytes,
    split_fields,
)
from peakwise.readers.nem12.records import (
    LONGEST_SHOWN_VALUE,
    Day,
    Register,
    energy,
    interval_starts,
    is_flag,
    is_null,
    parsed_register,
    version_stamp,
    why_wrong_count,
)
from peakwise.readers.parsed_rows import ParsedRows

NULL_DATA = "null data (quality N): the values are placeholders"


class RecordReader:
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
        self._register: Register | None = None
        self._why_no_register = "no details of a register (200) stand above it"
        self._day: Day | None = None
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
            fields = split_fields(text)
        except RecordRefused as refused:
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
        kind = field_at(fields, 0)
        take = self._records.get(kind)
        if self._has_ended and kind != b"100":
            self._reject("text after the end record (900)", line)
        elif kind in (b"250", b"550"):
            self._lose_register(line, "an accumulation reading (NEM13) has no intervals")
        elif take is None:
            self._lose_register(line, f"no record of NEM12 begins with '{shown_bytes(kind)}'")
        else:
            try:
                take(fields, line)
            except RecordRefused as refused:
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
        name = format_name(line)
        if name == b"NEM13":
            raise UnusableInput(
                f"{self._name} holds accumulation readings (NEM13), which have no intervals. Ask for the interval data (NEM12)."
            )
        if name != b"NEM12":
            raise UnusableInput(
                f"{self._name}, line {self._line_number}: a NEM12 file begins with 100,NEM12 and not with '{shown_bytes(line)}'."
            )
        self._has_header = True
        # So that the header is not taken for a second one.
        self._has_ended = True

    def _reject(self, reason: str, line: bytes, line_number: int | None = None) -> None:
        """Keep a record aside with its line, by default the current one."""
        self.rows.reject(line_number or self._line_number, reason, shown_bytes(line, LONGEST_SHOWN_VALUE))

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
        if field_at(fields, 1).upper() != b"NEM12":
            raise RecordRefused(f"the header is of '{shown_bytes(field_at(fields, 1))}', not of NEM12")
        self._header_version = version_stamp(field_at(fields, 2))

    def _take_register(self, fields: list[bytes], line: bytes) -> None:
        """Take the details of a register (200); what is wrong with them is told of each of its days."""
        self._forget_register("")
        try:
            self._register = parsed_register(fields)
        except RecordRefused as refused:
            self._why_no_register = str(refused)

    def _take_day(self, fields: list[bytes], line: bytes) -> None:
        """Take the intervals of a day (300)."""
        self._close_day()
        self._is_below_refused_day = False
        try:
            self._day = self._parsed_day(fields, line)
        except RecordRefused as refused:
            self._is_below_refused_day = True
            self._refuse_day(str(refused), line)

    def _parsed_day(self, fields: list[bytes], line: bytes) -> Day:
        """The day of a 300 record.

        Raises:
            RecordRefused: It cannot be used.
        """
        register = self._register
        if register is None:
            raise RecordRefused(self._why_no_register)
        count = 1440 // register.interval_minutes
        flag = field_at(fields, count + 2)
        if not is_flag(flag):
            raise RecordRefused(why_wrong_count(fields, register))
        labels = interval_starts(field_at(fields, 1), register.interval_minutes)
        stamp = field_at(fields, count + 5) or field_at(fields, count + 6)
        version = version_stamp(stamp) if stamp else self._header_version
        kwh, texts = energy(fields[2 : count + 2], register.kwh_fraction, is_plain=b"_" not in line)
        flags = [flag.decode("ascii")] * count
        return Day(register, self._line_number, line, labels, kwh, texts, flags, version)

    def _take_event(self, fields: list[bytes], line: bytes) -> None:
        """Give the intervals of the day above the flag of an event (400); of several events the last counts."""
        day = self._day
        if day is None:
            if self._is_below_refused_day:
                return
            raise RecordRefused("no interval record (300) stands above this event (400)")
        first, last, flag = field_at(fields, 1), field_at(fields, 2), field_at(fields, 3)
        count = len(day.flags)
        if not (first.isdigit() and last.isdigit() and len(first) <= 4 and len(last) <= 4):
            raise RecordRefused("the event's intervals are not two whole numbers")
        if not 1 <= int(first) <= int(last) <= count:
            raise RecordRefused(f"the event's intervals {int(first)} to {int(last)} are not within 1 to {count}")
        if flag and not is_flag(flag):
            raise RecordRefused(f"the event's quality flag '{shown_bytes(flag)}' is none")
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
        if day.origins or is_null(day.flags[0]):
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

    def _keep_nulls_aside(self, day: Day) -> None:
        """Take the intervals without a value out of a day; each record that flags some of them is one reject."""
        origins = day.origins or [(day.line_number, day.line)] * len(day.flags)
        kept = [not is_null(flag) for flag in day.flags]
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
