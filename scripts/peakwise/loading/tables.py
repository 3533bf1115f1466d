"""Small files that come beside the readings (customers, weather, outages): how they are opened, read and refused."""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.loading.clock import UTC_CLOCK, Clock
from peakwise.loading.survey import EARLIEST, LATEST
from peakwise.readers.columns import check_not_alike, columns_named, columns_told
from peakwise.readers.csv_text import (
    LOCAL_LABEL,
    LONGEST_LINE_BYTES,
    OFFSET_LABEL,
    CsvScan,
    numbered_lines,
    read_head,
    shown_lines,
    why_unreadable,
)
from peakwise.readers.file_text import (
    PARQUET_MAGIC,
    UTF_16_MARKS,
    first_bytes,
    shown_name,
    shown_text,
    trimmed,
)
from peakwise.readers.parquet_file import parquet_columns, parquet_scan
from peakwise.readers.parquet_file import why_unreadable as why_parquet_unreadable
from peakwise.warehouse import literal

LINE_OF_FAULT = re.compile(r"CSV Error on Line: (\d+)")
COLUMNS_OF_FAULT = re.compile(r"^Expected Number of Columns: (\d+) Found: (\d+)", re.MULTILINE)
# How DuckDB begins the line on what is wrong, and what we say of it.
LINE_FAULTS = {
    "Value with unterminated quote": "a quotation mark stands in the wrong place or stays open",
    "Invalid unicode": "the line is not UTF-8 text",
    "Maximum line size": f"the line is longer than {LONGEST_LINE_BYTES:,} bytes",
}


@dataclass(frozen=True)
class Table:
    """One opened file of rows.

    Attributes:
        path: The file.
        kind: What it should be, as in `customers`; for sentences.
        scan: SQL that scans its rows.
        columns: The file's own column names, each with the SQL of its text over the scan.
        csv: The scan of a CSV file, whose rows stand on lines under a header; None for Parquet.
    """

    path: Path
    kind: str
    scan: str
    columns: Sequence[tuple[str, str]]
    csv: CsvScan | None = None

    @property
    def name(self) -> str:
        """The file's name, fit to be printed."""
        return shown_name(self.path)

    @property
    def column_names(self) -> list[str]:
        """The file's own column names."""
        return [name for name, _ in self.columns]

    @property
    def columns_told(self) -> str:
        """The file's column names for a sentence that says what is missing."""
        return columns_told(self.column_names)

    def text(self, column: str) -> str:
        """SQL of a column's text without blanks around it, null when nothing is left.

        Args:
            column: The file's own name of the column.
        """
        return trimmed(dict(reversed(self.columns))[column])

    def place(self, row_number: int) -> str:
        """Where a row stands, as in `line 7`, or `row 6` in Parquet.

        Args:
            row_number: The row's number from 0, as `rowid` of the table that `read_texts` makes.
        """
        return f"row {row_number + 1}" if self.csv is None else f"line {_line_of_row(self.csv, row_number)}"


def _line_of_row(scan: CsvScan, row_number: int) -> int:
    """Number of the line on which a row of a CSV file begins, as an editor shows it.

    Args:
        scan: The file.
        row_number: The row's number from 0, below the header.
    """
    starts = (
        number
        for number, goes_on, is_empty in numbered_lines(scan)
        if not goes_on and not (is_empty and scan.skips_empty_lines)
    )
    return next(islice(starts, row_number + 1, None), row_number + 2)


def open_table(connection: duckdb.DuckDBPyConnection, path: Path, kind: str) -> Table:
    """Open a file of rows; Parquet and CSV are told apart by their first bytes.

    Args:
        connection: The warehouse.
        path: The file.
        kind: What the file should be, as in `customers`; for sentences.

    Returns:
        The opened file; nothing of it is read but its columns.

    Raises:
        UnusableInput: The file's name is no text, or the file is empty, of an unknown kind, damaged, or has no header.
    """
    head = first_bytes(path)
    name = shown_name(path)
    if head.startswith(PARQUET_MAGIC):
        return _open_parquet(connection, path, kind)
    if head.startswith(UTF_16_MARKS):
        raise UnusableInput(f"{name} is UTF-16 text. Save it as UTF-8.")
    if b"\x00" in head:
        raise UnusableInput(f"{name} is neither Parquet nor text. Give {kind} as Parquet or CSV.")
    return _open_csv(path, kind)


def _open_parquet(connection: duckdb.DuckDBPyConnection, path: Path, kind: str) -> Table:
    """Open a Parquet file.

    Raises:
        UnusableInput: The file cannot be read, or a column's name stands twice.
    """
    columns = [(column.name, column.text) for column in parquet_columns(connection, path)]
    return Table(path, kind, parquet_scan(path), columns)


def _open_csv(path: Path, kind: str) -> Table:
    """Open a CSV file.

    Raises:
        UnusableInput: The file is damaged or has no header.
    """
    present, delimiter, _ = read_head(path, least_columns=1)
    # Without a table of faults, which would grow with them: the first one refuses the file.
    scan = CsvScan(path, len(present), delimiter)
    columns = [(name, f"column_{position}") for position, name in enumerate(present)]
    return Table(path, kind, scan.sql(), columns, scan)


def candidates(table: Table, known_names: Sequence[str]) -> list[str]:
    """The columns of a file that could hold a field, the likeliest first.

    Args:
        table: The file.
        known_names: Names by which the field is recognised, compared without case, blanks and punctuation.
    """
    return columns_named(table.column_names, known_names)


def first_candidates(table: Table, known_names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The likeliest column of each field that the file has.

    Args:
        table: The file.
        known_names: Names by which each field is recognised.

    Raises:
        UnusableInput: Two columns of nearly the same name could be one field.
    """
    found = {field: candidates(table, names) for field, names in known_names.items()}
    for field, names in found.items():
        check_not_alike(table.name, names, f"Rename or remove the one that is not the {field}.")
    return {field: names[0] for field, names in found.items() if names}


def mapped_column(table: Table, column: str) -> str:
    """The file's column that the user named.

    Args:
        table: The file.
        column: The name as the user gave it; blanks around the file's own name do not matter.

    Returns:
        The file's own name of the column.

    Raises:
        UnusableInput: There is none, or there are two.
    """
    found = [name for name in table.column_names if name.strip() == column]
    if not found:
        raise UnusableInput(
            f"{table.name} has no column '{shown_text(column)}'; its columns are: {table.columns_told}."
        )
    check_not_alike(table.name, found, "Rename or remove the one that does not count.")
    return found[0]


def read_texts(
    connection: duckdb.DuckDBPyConnection, table: Table, target: str, columns: Mapping[str, str | None]
) -> None:
    """Create a temporary table with the texts of some columns; its `rowid` is the row's number from 0.

    Args:
        connection: The warehouse.
        table: The file.
        target: Name of the temporary table; it takes the place of a former one.
        columns: Field to the file's column, None where the file has none; the field's text is called `<field>_text`.

    Raises:
        UnusableInput: The file breaks off, or a line cannot be taken apart.
    """
    texts = ", ".join(
        f"{'null::varchar' if column is None else table.text(column)} as {field}_text"
        for field, column in columns.items()
    )
    try:
        connection.execute(f"create or replace temp table {target} as select {texts} from {table.scan}")
    except duckdb.Error as error:
        raise UnusableInput(_why_unreadable(table, error)) from error


def _why_unreadable(table: Table, error: duckdb.Error) -> str:
    """One sentence on a file that DuckDB gave up on."""
    if table.csv is None:
        return why_parquet_unreadable(table.path, error)
    text = str(error)
    found = LINE_OF_FAULT.search(text)
    if found is None:
        return why_unreadable(table.path, error)
    reason = next((ours for theirs, ours in LINE_FAULTS.items() if f"\n{theirs}" in text), "the text is not CSV")
    columns = COLUMNS_OF_FAULT.search(text)
    if columns:
        how = "fewer" if int(columns[2]) < int(columns[1]) else "more"
        reason = f"the line has {how} columns than the header"
    count = int(found[1])
    line = shown_lines(table.csv, {count}).get(count, count)
    return f"{table.name} is not a readable {table.kind} file: in line {line}, {reason}. Repair that line."


def labels_tell_offset(connection: duckdb.DuckDBPyConnection, target: str, text: str) -> bool | None:
    """Whether times carry an offset from UTC, as the first readable one does.

    Args:
        connection: The warehouse.
        target: The table that `read_texts` made.
        text: Its column of times.

    Returns:
        None when no time can be read.
    """
    style = f"regexp_full_match({text}, {{}})"
    found = connection.execute(f"""
        select {style.format(literal(OFFSET_LABEL))} from {target}
        where {style.format(literal(OFFSET_LABEL))} or {style.format(literal(LOCAL_LABEL))}
        order by rowid limit 1
    """).fetchone()
    return None if found is None else found[0]


def why_no_time(text: str, label_at: str, what: str) -> str:
    """Branches of an SQL `case` that say why a text is not a usable time.

    Args:
        text: Column of the text.
        label_at: Column of the time that was made of it.
        what: What the time is called in the sentence.
    """
    return f"""
        when {label_at} is null and try_cast({text} as timestamp) is not null
            then '{what} is written in another way than the first ones (offset, AM or PM)'
        when {label_at} is null then '{what} is not a time as in 2024-01-31 17:00:00'
        when {label_at} not between timestamp '{EARLIEST}' and timestamp '{LATEST}' then '{what} is outside 1990 to 2100'
    """


def clock_of(table: Table, tells_offset: bool | None, given: Clock | None) -> Clock:
    """The clock that a file's times follow; a guess could shift all of them, so there is none.

    Args:
        table: The file.
        tells_offset: Whether its times carry an offset; None when it has no times.
        given: The clock that the user named.

    Returns:
        UTC where times carry an offset, for they are read as UTC then; else the user's clock.

    Raises:
        UnusableInput: Neither the file nor the user tells it.
    """
    if tells_offset or tells_offset is None:
        return UTC_CLOCK
    if given is None:
        raise UnusableInput(
            f"{table.name} does not tell which clock its times follow. Write them with an offset, as in "
            "2024-01-31 17:00+01:00, or say the clock: UTC, a fixed offset such as +10:00, or a local clock such as "
            "Europe/London."
        )
    return given


@contextmanager
def temporary_tables(connection: duckdb.DuckDBPyConnection, *names: str) -> Iterator[None]:
    """Drop temporary tables when the block ends, however it ends.

    Args:
        connection: The warehouse.
        names: Tables that the block may make.
    """
    try:
        yield
    finally:
        for name in names:
            with contextlib.suppress(duckdb.Error):
                connection.execute(f"drop table if exists temp.{name}")
