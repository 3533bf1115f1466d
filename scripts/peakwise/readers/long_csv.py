"""Readings in a CSV file in long form: one line a reading, a header on top, plain or gzip."""

import csv
import gzip
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers.columns import find_columns
from peakwise.readers.reading_file import ReadingFile
from peakwise.warehouse import literal, quoted

DELIMITERS = ",;\t|"
LONGEST_LINE_BYTES = 65_536
MOST_COLUMNS = 1_000
OFFSET = re.compile(r"(Z|[+-]\d{2}(:?\d{2})?)\s*$")
TIME_OF_DAY = re.compile(r"\d[T ]\d{1,2}:\d{2}")


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked when it is gzip."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")


def read_head(path: Path) -> tuple[list[str], str, list[str]]:
    """Header, delimiter and first lines of a CSV file.

    Raises:
        UnusableInput: The file is not text, has no header, or its header is unreasonably wide.
    """
    try:
        with open_bytes(path) as file:
            lines = [file.readline(LONGEST_LINE_BYTES) for _ in range(50)]
    except (OSError, EOFError) as error:
        raise UnusableInput(f"{path.name} cannot be unpacked: it is damaged or cut short.") from error
    if len(lines[0]) >= LONGEST_LINE_BYTES:
        raise UnusableInput(f"{path.name}: the first line is longer than {LONGEST_LINE_BYTES:,} bytes; not a long CSV.")
    try:
        header = lines[0].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableInput(f"{path.name}: the header is not UTF-8 text. Save the file as UTF-8.") from error
    delimiter = max(DELIMITERS, key=header.count)
    names = next(csv.reader(io.StringIO(header), delimiter=delimiter), [])
    if len(names) > MOST_COLUMNS:
        raise UnusableInput(f"{path.name} has {len(names):,} columns; a long CSV has one row a reading.")
    if len(names) < 2:
        raise UnusableInput(
            f"{path.name}, line 1: expected a header of columns parted by comma, semicolon, tab or |, found: "
            f"{header.strip()[:80]!r}."
        )
    duplicated = sorted({name for name in names if names.count(name) > 1})
    if duplicated:
        raise UnusableInput(f"{path.name}, line 1: column '{duplicated[0]}' stands twice in the header.")
    return names, delimiter, [line.decode("utf-8", errors="replace") for line in lines[1:] if line.strip()]


def labels_have_offset(path: Path, names: list[str], delimiter: str, lines: list[str], label: str) -> bool:
    """Whether the first labels carry an offset from UTC.

    Raises:
        UnusableInput: No label among the first lines can be read as a time.
    """
    position = names.index(label)
    labels = [row[position].strip() for row in csv.reader(lines, delimiter=delimiter) if len(row) > position]
    readable = [text for text in labels if re.match(r"\d{4}-\d{2}-\d{2}", text) and TIME_OF_DAY.search(text)]
    if labels and not readable:
        raise UnusableInput(
            f"{path.name}, line 2, column {label}: '{labels[0][:40]}' is not a time as in 2013-01-31 17:30:00."
        )
    return bool(readable) and OFFSET.search(readable[0]) is not None


def blank_lines(path: Path) -> list[int]:
    """Numbers of the empty lines, which DuckDB skips without a word."""
    with open_bytes(path) as file:
        return [number for number, line in enumerate(file, start=1) if not line.strip(b"\r\n")]


def read(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    mapping: Mapping[str, str],
    known_names: Mapping[str, Sequence[str]],
) -> ReadingFile:
    """Read a CSV file into a temporary table, all of it, with nothing dropped.

    Lines that do not have the header's columns are kept aside with their number and text.

    Raises:
        UnusableInput: The file is damaged, not CSV, or lacks a column.
    """
    names, delimiter, first_lines = read_head(path)
    columns = find_columns(path.name, names, mapping, known_names=known_names)
    has_offset = labels_have_offset(path, names, delimiter, first_lines, columns.names["label"])

    types = "{" + ", ".join(f"{literal(name)}: 'varchar'" for name in names) + "}"
    scan = f"""
        read_csv({literal(str(path))}, auto_detect = false, columns = {types}, header = true,
            delim = {literal(delimiter)}, quote = '"', escape = '"', max_line_size = {LONGEST_LINE_BYTES},
            store_rejects = true, rejects_table = 'csv_rejects', rejects_scan = 'csv_reject_scans')
    """

    def text(field: str) -> str:
        return f"nullif(trim({quoted(columns.names[field])}), '')" if field in columns.names else "null::varchar"

    # An offset must be read as one: a plain cast would drop it without a word.
    typed_label = (
        "timezone('UTC', try_cast(label_text as timestamptz))" if has_offset else "try_cast(label_text as timestamp)"
    )
    offset_pattern = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
    right_style = f"regexp_matches(label_text[11:], {literal(offset_pattern)}) = {str(has_offset).lower()}"
    connection.execute("drop table if exists temp.csv_rejects")
    connection.execute("drop table if exists temp.csv_reject_scans")
    connection.execute("drop table if exists temp.incoming_csv")
    try:
        connection.execute(f"""
            create temp table incoming_csv as
            with texts as (
                select
                    {text("service_point_id")} as service_point_id, {text("channel")} as channel,
                    {text("label")} as label_text, {text("kwh")} as kwh_text,
                    {text("version")} as version_text, {text("source_flag")} as source_flag
                from {scan}
            ),
            typed as (
                select
                    *,
                    case when {right_style} then {typed_label} end as label_at,
                    try_cast(kwh_text as double) as kwh,
                    try_cast(version_text as bigint) as version
                from texts
            )
            select
                service_point_id, channel, label_at, kwh, version, source_flag,
                case when label_at is null or kwh is null then label_text end as label_text,
                case when label_at is null or kwh is null then kwh_text end as kwh_text
            from typed
        """)
        unreadable = connection.execute("""
            select line, min(error_message), min(csv_line) from csv_rejects group by line order by line
        """).fetchall()
    except duckdb.Error as error:
        raise UnusableInput(f"{path.name} is not a readable CSV file: {str(error).splitlines()[0]}") from error

    return ReadingFile(
        path=path,
        file_format="csv",
        relation="select *, rowid as row_number from temp.incoming_csv",
        label=columns.label,
        label_time_zone="UTC" if has_offset else None,
        kwh_column=columns.names["kwh"],
        unreadable=unreadable,
        first_line=2,
        skipped_lines=lambda: sorted({line for line, _, _ in unreadable} | set(blank_lines(path))),
    )
