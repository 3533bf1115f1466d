"""What the CSV readers share: the header, the scan as texts, and the lines that cannot be taken apart."""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers.columns import check_names
from peakwise.readers.file_text import path_literal, skipped_above
from peakwise.warehouse import literal

DELIMITERS = ",;\t|"
LONGEST_LINE_BYTES = 65_536
MOST_COLUMNS = 1_000
# A file with a column for each customer, or for each five minutes, may be wider.
LONGEST_WIDE_LINE_BYTES = 1_048_576
MOST_WIDE_COLUMNS = 20_001
# A file with more lines of other columns than this is not of the format it seems to be.
MOST_UNREADABLE = 100_000
HEAD_LINES = 50
DATE = "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
TIME = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]*)?)?"
OFFSET = "(Z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)"
# Whole texts: DuckDB's own cast reads '05:30 PM' as half past five in the morning and drops offsets without a word.
LOCAL_LABEL = f"{DATE}([T ] *{TIME})?"
OFFSET_LABEL = f"{DATE}[T ] *{TIME} *{OFFSET}"
USUAL_LABEL = re.compile(r"\d{4}-\d{2}-\d{2}([T ])\d{2}:\d{2}(:\d{2})?(Z?)")
# What DuckDB calls a line that it cannot take apart, and what we say of it.
LINE_FAULTS = {
    "MISSING COLUMNS": "the line has fewer columns than the header",
    "TOO MANY COLUMNS": "the line has more columns than the header",
    "UNQUOTED VALUE": "a quotation mark stands in the wrong place",
    "INVALID ENCODING": "the line is not UTF-8 text",
}


def read_head(
    path: Path,
    least_columns: int = 2,
    *,
    longest_line: int = LONGEST_LINE_BYTES,
    most_columns: int = MOST_COLUMNS,
    has_names: bool = True,
) -> tuple[list[str], str, list[str]]:
    """Header, delimiter and first lines of a CSV file.

    Args:
        path: The file.
        least_columns: What makes a header.
        longest_line: Bytes beyond which the first line is no header.
        most_columns: Columns beyond which the file is not read.
        has_names: False where the first line may be a row, which may hold the same text twice.

    Returns:
        The names in the header, the delimiter, and up to 49 lines that follow and are not empty.

    Raises:
        UnusableInput: The file is not text, has no header, or its header is unreasonably wide.
    """
    with path.open("rb") as file:
        lines = [file.readline(longest_line) for _ in range(HEAD_LINES)]
    if len(lines[0]) >= longest_line:
        raise UnusableInput(
            f"{path.name}: the first line is longer than {longest_line:,} bytes; a CSV file has its columns there."
        )
    try:
        header = lines[0].decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UnusableInput(f"{path.name}: the header is not UTF-8 text. Save the file as UTF-8.") from error
    delimiter = max(DELIMITERS, key=header.count)
    try:
        names = next(csv.reader(io.StringIO(header), delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise UnusableInput(
            f"{path.name}, line 1: the header is not one line of CSV: a quotation mark stays open, or lines end in CR alone."
        ) from error
    if len(names) > most_columns:
        raise UnusableInput(f"{path.name} has {len(names):,} columns; more than {most_columns:,} are not read.")
    if len(names) < least_columns:
        raise UnusableInput(
            f"{path.name}, line 1: expected a header of columns parted by comma, semicolon, tab or |, found: "
            f"{header.strip()[:80]!r}."
        )
    if has_names:
        check_names(f"{path.name}, line 1", names)
    return names, delimiter, [line.decode("utf-8", errors="replace") for line in lines[1:] if line.strip()]


def labels_have_offset(path: Path, names: list[str], delimiter: str, lines: list[str], label: str) -> bool:
    """Whether the labels carry an offset from UTC, as the first readable one does.

    Raises:
        UnusableInput: No label among the first lines can be read as a time.
    """
    first = first_label(path, names, delimiter, lines, label)
    return first is not None and re.fullmatch(OFFSET_LABEL, first) is not None


def first_label(path: Path, names: list[str], delimiter: str, lines: list[str], label: str) -> str | None:
    """The first readable label among the first lines of a file; None when they hold no label at all.

    Raises:
        UnusableInput: No label among them can be read as a time.
    """
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise UnusableInput(f"{path.name} is not a readable CSV file: {error}.") from error
    position = names.index(label)
    labels = [text for row in rows if len(row) == len(names) and (text := row[position].strip(" \t\xa0"))]
    readable = [text for text in labels if is_label(text)]
    if labels and not readable:
        raise UnusableInput(
            f"{path.name}, column {label.strip() or position + 1}: '{labels[0][:40]}' is not a time as in 2013-01-31 17:30:00."
        )
    return readable[0] if readable else None


def usual_label_format(label: str) -> str | None:
    """The `strptime` format of a label written in one of the usual ways; None for any other, which costs more to read."""
    parts = USUAL_LABEL.fullmatch(label)
    return parts and f"%Y-%m-%d{parts[1]}%H:%M{':%S' if parts[2] else ''}{parts[3]}"


def label_of(text: str, has_offset: bool) -> str:
    """Expression of the time that a text expression holds, in UTC where labels have an offset; null when it is none."""
    style = f"regexp_full_match({text}, {literal(OFFSET_LABEL if has_offset else LOCAL_LABEL)})"
    if has_offset:
        return f"case when {style} then timezone('UTC', try_cast(replace({text}, ' +', '+') as timestamptz)) end"
    return f"case when {style} then try_cast({text} as timestamp) end"


def is_label(text: str) -> bool:
    """Whether a text names a time of day; a date alone says too little of a file."""
    return ":" in text and re.fullmatch(f"{LOCAL_LABEL}|{OFFSET_LABEL}", text) is not None


@dataclass(frozen=True)
class CsvScan:
    """A CSV file, scanned under its header as texts `column_0`, `column_1` …, with no guess of DuckDB's.

    Columns go by position: a header may hold names that SQL would not take, or takes for the same.

    Attributes:
        path: The file.
        columns: How many columns each row has.
        delimiter: What parts them.
        has_header: Whether the first line is none of the rows.
        longest_line: Bytes beyond which a line cannot be taken apart.
    """

    path: Path
    columns: int
    delimiter: str
    has_header: bool = True
    longest_line: int = LONGEST_LINE_BYTES

    def sql(self, *, keeps_faults: bool = False) -> str:
        """The table function; lines that cannot be taken apart end it, or are kept in `csv_rejects`."""
        types = "{" + ", ".join(f"column_{position}: 'varchar'" for position in range(self.columns)) + "}"
        faults = ", store_rejects = true, rejects_table = 'csv_rejects', rejects_scan = 'csv_reject_scans'"
        return f"""read_csv(
            {path_literal(self.path)}, auto_detect = false, columns = {types}, header = {str(self.has_header).lower()},
            delim = {literal(self.delimiter)}, quote = '"', escape = '"', compression = 'none',
            hive_partitioning = false, max_line_size = {self.longest_line}{faults if keeps_faults else ""})"""

    @property
    def skips_empty_lines(self) -> bool:
        """Whether an empty line is no row; in a file of one column it is one without a value."""
        return self.columns > 1


@cache
def whole_lines(delimiter: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Patterns of a line that leaves no text in quotes open: one that starts a row, and one that goes on with such a text.

    Quotation marks count only where a field begins, as in `5" pipe` they do not; what follows a closed text is left alone,
    as DuckDB leaves it.
    """
    part = re.escape(delimiter).encode()
    rest_of_text, rest_of_field = rb'[^"]*+(?:""[^"]*+)*+"', rb"[^%b]*+" % part
    field = rb'(?: *"%b|(?! *"))%b' % (rest_of_text, rest_of_field)
    more = rb"(?:%b%b)*+" % (part, field)
    return re.compile(field + more), re.compile(rest_of_text + rest_of_field + more)


def numbered_lines(scan: CsvScan) -> Iterator[tuple[int, bool, bool]]:
    """Number of each line as an editor shows it, whether it goes on with a text in quotes, and whether it is empty."""
    starting, going_on = whole_lines(scan.delimiter)
    number, in_quotes, starts_line = 0, False, True
    with scan.path.open("rb") as file:
        # A line may be as long as the file.
        while piece := file.readline(LONGEST_WIDE_LINE_BYTES):
            if starts_line:
                number += 1
                yield number, in_quotes, not piece.strip(b"\r\n")
            if in_quotes or b'"' in piece:
                in_quotes = (going_on if in_quotes else starting).fullmatch(piece) is None
            starts_line = piece.endswith(b"\n")


def skipped_lines(scan: CsvScan) -> list[int]:
    """Numbers of the lines that start no row: empty ones, which DuckDB skips, and the rest of a row with a break in quotes.

    In a file of one column an empty line is a row without a value.
    """
    return [
        number for number, goes_on, is_empty in numbered_lines(scan) if goes_on or (is_empty and scan.skips_empty_lines)
    ]


def shown_lines(scan: CsvScan, counts: Collection[int]) -> dict[int, int]:
    """Numbers of lines as an editor shows them, by how DuckDB counts: a row is one line, whatever breaks its texts hold."""
    starts = (number for number, goes_on, _ in numbered_lines(scan) if not goes_on)
    return {count: number for count, number in enumerate(starts, start=1) if count in counts}


@contextmanager
def told_as_unusable(path: Path) -> Iterator[None]:
    """Turn DuckDB's errors on the content of a file into one sentence; a mistake in a statement stays one.

    Raises:
        UnusableInput: DuckDB gave up on the file.
    """
    try:
        yield
    except (duckdb.DataError, duckdb.OperationalError, duckdb.InvalidInputException) as error:
        raise UnusableInput(why_unreadable(path, error)) from error


def fill_table(
    connection: duckdb.DuckDBPyConnection,
    scan: CsvScan,
    table: str,
    select: Callable[[str], str],
) -> list[tuple[int, str, str]]:
    """Create a temporary table from the rows of a CSV file; lines that cannot be taken apart are put aside.

    Args:
        connection: Where the table is made, in place of a former one.
        scan: The file.
        table: Name of the table.
        select: Gives the select statement over the scan's SQL.

    Returns:
        Number, reason and text of the lines that could not be taken apart.

    Raises:
        UnusableInput: The file is not CSV, or too many of its lines cannot be taken apart.
    """
    connection.execute(f"drop table if exists temp.{table}")
    try:
        connection.execute(f"create temp table {table} as {select(scan.sql())}")
        return []
    except duckdb.Error:
        # DuckDB holds the faults in memory, so it writes them down only where there are few.
        check_faults_are_few(scan)
    for name in ("csv_rejects", "csv_reject_scans"):
        connection.execute(f"drop table if exists temp.{name}")
    try:
        connection.execute(f"create temp table {table} as {select(scan.sql(keeps_faults=True))}")
        return unreadable_lines(connection, scan)
    except duckdb.Error as error:
        raise UnusableInput(why_unreadable(scan.path, error)) from error


def check_faults_are_few(scan: CsvScan) -> None:
    """Count the lines of a CSV file that plainly do not have its columns, or are no UTF-8 text.

    Raises:
        UnusableInput: There are too many of them.
    """
    delimiter = scan.delimiter.encode()
    faults, first = 0, 0
    with scan.path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_WIDE_LINE_BYTES), b""), start=1):
            has_columns = b'"' in line or line.count(delimiter) == scan.columns - 1 or not line.strip()
            if has_columns and is_utf_8(line):
                continue
            faults += 1
            first = first or number
            if faults > MOST_UNREADABLE:
                raise UnusableInput(
                    f"{scan.path.name}: more than {MOST_UNREADABLE:,} lines do not have the header's columns, the first of "
                    f"them line {first}."
                )


def is_utf_8(line: bytes) -> bool:
    """Whether bytes are UTF-8 text."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def unreadable_lines(connection: duckdb.DuckDBPyConnection, scan: CsvScan) -> list[tuple[int, str, str]]:
    """Number, reason and text of the lines that DuckDB could not take apart.

    Raises:
        UnusableInput: A quotation mark stays open, so that nobody knows how many rows it swallowed.
    """
    lines = connection.execute("""
        select line, fault, left(text, 200), coalesce(text, '') = '' or contains(text, chr(10)) or contains(text, chr(13))
        from (
            select
                line, arg_min(error_type::varchar, error_type::varchar) as fault,
                arg_min(trim(csv_line, chr(10) || chr(13)), error_type::varchar) as text
            from csv_rejects group by line
        )
        order by line
    """).fetchall()
    shown = shown_lines(scan, {line for line, *_ in lines}) if lines else {}
    lines = [(shown.get(line, line), *rest) for line, *rest in lines]
    for line, fault, _, is_several_lines in lines:
        if fault == "UNQUOTED VALUE" and is_several_lines:
            raise UnusableInput(
                f"{scan.path.name}, line {line}: a quotation mark is opened and not closed, so the rows after it cannot be told "
                "apart. Repair that line."
            )
    faults = LINE_FAULTS | {"LINE SIZE OVER MAXIMUM": f"the line is longer than {scan.longest_line:,} bytes"}
    return [(line, faults.get(fault, fault.lower()), text) for line, fault, text, _ in lines]


def fill_numbered_texts(
    connection: duckdb.DuckDBPyConnection, scan: CsvScan, columns: Sequence[str]
) -> tuple[str, list[tuple[int, str, str]]]:
    """Read a wide CSV file into a temporary table of texts, each row with the number of its line.

    Args:
        connection: Where the table is made.
        scan: The file.
        columns: Expressions to keep, each with its name.

    Returns:
        A relation with `row_position`, `line_number` and the columns, in the file's order; and number, reason and text of
        the lines that could not be taken apart.

    Raises:
        UnusableInput: The file is not CSV, or too many of its lines cannot be taken apart.
    """
    unreadable = fill_table(
        connection, scan, "incoming_texts", lambda scanned: f"select {', '.join(columns)} from {scanned}"
    )
    first_line = 2 if scan.has_header else 1
    skipped = sorted({line for line, _, _ in unreadable} | set(skipped_lines(scan)))
    if not skipped:
        return (
            f"(select rowid as row_position, rowid + {first_line} as line_number, * from temp.incoming_texts)",
            unreadable,
        )
    with told_as_unusable(scan.path):
        connection.execute(
            f"""
            create or replace temp table incoming_numbered_texts as
            with {skipped_above(first_line)}
            select
                texts.row_position, texts.row_position + {first_line} + coalesce(skipped, 0) as line_number,
                texts.* exclude (row_position)
            from (select rowid as row_position, * from temp.incoming_texts) as texts
            asof left join skipped_above on texts.row_position >= skipped_above.rows_above
            order by texts.row_position
            """,
            [skipped],
        )
        connection.execute("drop table temp.incoming_texts")
    return "(select * from temp.incoming_numbered_texts)", unreadable


def drop_texts(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what `fill_numbered_texts` made."""
    for table in ("incoming_texts", "incoming_numbered_texts", "csv_rejects", "csv_reject_scans"):
        connection.execute(f"drop table if exists temp.{table}")


def decimals_have_comma(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str], delimiter: str
) -> bool | None:
    """Whether the values of a file are written as 0,5, told by what they hold more of; a comma that parts columns is none.

    Args:
        connection: Where the relation is.
        relation: Rows of texts.
        columns: The columns that hold values.
        delimiter: What parts the file's columns.

    Returns:
        None when no value has a comma or a point.
    """
    if delimiter == ",":
        return False
    commas, points = connection.execute(f"""
        select
            coalesce(sum(length(texts) - length(replace(texts, ',', ''))), 0),
            coalesce(sum(length(texts) - length(replace(texts, '.', ''))), 0)
        from (select concat({", ".join(columns)}) as texts from {relation})
    """).fetchone()
    return commas > points if commas or points else None


def number(text: str, has_comma: bool) -> str:
    """Expression of the number that a text expression holds, null when it is none, as 1.234,5 or 1,234.5."""
    if not has_comma:
        return f"try_cast({text} as double)"
    return f"case when not contains({text}, '.') then try_cast(replace({text}, ',', '.') as double) end"


def why_unreadable(path: Path, error: duckdb.Error) -> str:
    """One sentence on a CSV file that DuckDB gave up on."""
    first_line = str(error).splitlines()[0]
    if "state machine" in first_line:
        return f"{path.name} mixes line ends: some lines end in CR LF, some in LF alone. Save it with one kind."
    return f"{path.name} is not a readable CSV file: {first_line}"
