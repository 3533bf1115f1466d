"""Readings in a CSV file in long form: one line a reading, a header on top, plain or gzip."""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers.columns import find_columns
from peakwise.readers.file_text import path_literal, trimmed
from peakwise.readers.parquet import text_version_stamp
from peakwise.readers.reading_file import ReadingFile
from peakwise.warehouse import literal

DELIMITERS = ",;\t|"
LONGEST_LINE_BYTES = 65_536
MOST_COLUMNS = 1_000
HEAD_LINES = 50
PACKED_BLOCK_BYTES = 1_048_576
DATE = "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
TIME = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]*)?)?"
OFFSET = "(Z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)"
# Whole texts: DuckDB's own cast reads '05:30 PM' as half past five in the morning and drops offsets without a word.
LOCAL_LABEL = f"{DATE}([T ] *{TIME})?"
OFFSET_LABEL = f"{DATE}[T ] *{TIME} *{OFFSET}"
# What DuckDB calls a line that it cannot take apart, and what we say of it.
LINE_FAULTS = {
    "MISSING COLUMNS": "the line has fewer columns than the header",
    "TOO MANY COLUMNS": "the line has more columns than the header",
    "UNQUOTED VALUE": "a quotation mark stands in the wrong place",
    "INVALID ENCODING": "the line is not UTF-8 text",
    "LINE SIZE OVER MAXIMUM": f"the line is longer than {LONGEST_LINE_BYTES:,} bytes",
}


def is_packed(path: Path) -> bool:
    """Whether the file is gzip, whatever its name says."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked when it is gzip."""
    return gzip.open(path, "rb") if is_packed(path) else path.open("rb")


def check_packing(path: Path) -> None:
    """Unpack a gzip file once from end to end: DuckDB can loop for ever on a damaged one.

    Raises:
        UnusableInput: The file is damaged or cut short.
    """
    try:
        with gzip.open(path, "rb") as file:
            while file.read(PACKED_BLOCK_BYTES):
                pass
    except (OSError, EOFError, zlib.error) as error:
        raise UnusableInput(f"{path.name} cannot be unpacked: it is damaged or cut short.") from error


def read_head(path: Path, least_columns: int = 2) -> tuple[list[str], str, list[str]]:
    """Header, delimiter and first lines of a CSV file.

    Raises:
        UnusableInput: The file is not text, has no header, or its header is unreasonably wide.
    """
    with open_bytes(path) as file:
        lines = [file.readline(LONGEST_LINE_BYTES) for _ in range(HEAD_LINES)]
    if len(lines[0]) >= LONGEST_LINE_BYTES:
        raise UnusableInput(
            f"{path.name}: the first line is longer than {LONGEST_LINE_BYTES:,} bytes; a CSV file has its columns there."
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
    if len(names) > MOST_COLUMNS:
        raise UnusableInput(f"{path.name} has {len(names):,} columns; more than {MOST_COLUMNS:,} are not read.")
    if len(names) < least_columns:
        raise UnusableInput(
            f"{path.name}, line 1: expected a header of columns parted by comma, semicolon, tab or |, found: "
            f"{header.strip()[:80]!r}."
        )
    duplicated = sorted({name for name in names if name.strip() and names.count(name) > 1})
    if duplicated:
        raise UnusableInput(f"{path.name}, line 1: column '{duplicated[0]}' stands twice in the header.")
    return names, delimiter, [line.decode("utf-8", errors="replace") for line in lines[1:] if line.strip()]


def labels_have_offset(path: Path, names: list[str], delimiter: str, lines: list[str], label: str) -> bool:
    """Whether the labels carry an offset from UTC, as the first readable one does.

    Raises:
        UnusableInput: No label among the first lines can be read as a time.
    """
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise UnusableInput(f"{path.name} is not a readable CSV file: {error}.") from error
    position = names.index(label)
    labels = [text for row in rows if len(row) == len(names) and (text := row[position].strip(" \t\xa0"))]
    has_offset = [re.fullmatch(OFFSET_LABEL, text) is not None for text in labels if is_label(text)]
    if labels and not has_offset:
        raise UnusableInput(
            f"{path.name}, column {label.strip()}: '{labels[0][:40]}' is not a time as in 2013-01-31 17:30:00."
        )
    return bool(has_offset) and has_offset[0]


def is_label(text: str) -> bool:
    """Whether a text names a time of day; a date alone says too little of a file."""
    return ":" in text and re.fullmatch(f"{LOCAL_LABEL}|{OFFSET_LABEL}", text) is not None


def scan_all_texts(path: Path, packed: bool, columns: int, delimiter: str) -> str:
    """SQL that scans a CSV file under its header as texts `column_0`, `column_1` …, with no guess of DuckDB's.

    Columns go by position: a header may hold names that SQL would not take, or takes for the same.
    """
    types = "{" + ", ".join(f"column_{position}: 'varchar'" for position in range(columns)) + "}"
    return f"""read_csv(
        {path_literal(path)}, auto_detect = false, columns = {types}, header = true, delim = {literal(delimiter)},
        quote = '"', escape = '"', compression = '{"gzip" if packed else "none"}', hive_partitioning = false)"""


def skipped_lines(path: Path) -> list[int]:
    """Numbers of the lines that start no row: empty ones, which DuckDB skips, and the rest of a row with a break in quotes."""
    numbers = []
    in_quotes = False
    with open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            if in_quotes or not line.strip(b"\r\n"):
                numbers.append(number)
            in_quotes ^= line.count(b'"') % 2 == 1
    return numbers


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
    packed = is_packed(path)
    if packed:
        check_packing(path)
    names, delimiter, first_lines = read_head(path)
    columns = find_columns(path.name, names, mapping, known_names=known_names)
    label = columns.names["label"]
    has_offset = labels_have_offset(path, names, delimiter, first_lines, label)

    options = f"""
        max_line_size = {LONGEST_LINE_BYTES}, store_rejects = true, rejects_table = 'csv_rejects',
        rejects_scan = 'csv_reject_scans'
    """
    scan = f"{scan_all_texts(path, packed, len(names), delimiter)[:-1]}, {options})"

    def text(field: str) -> str:
        return trimmed(f"column_{names.index(columns.names[field])}") if field in columns.names else "null::varchar"

    if has_offset:
        label_at = "timezone('UTC', try_cast(replace(label_text, ' +', '+') as timestamptz))"
    else:
        label_at = "try_cast(label_text as timestamp)"
    right_style = f"regexp_full_match(label_text, {literal(OFFSET_LABEL if has_offset else LOCAL_LABEL)})"
    version, unreadable_version = (
        text_version_stamp("version_text") if "version" in columns.names else ("null::bigint", "null::varchar")
    )
    for table in ("csv_rejects", "csv_reject_scans", "incoming_csv"):
        connection.execute(f"drop table if exists temp.{table}")
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
                    case when {right_style} then {label_at} end as label_at,
                    try_cast(kwh_text as double) as kwh,
                    {version} as version,
                    {unreadable_version} as unreadable_version
                from texts
            )
            select
                service_point_id, channel, label_at, kwh, version, source_flag, unreadable_version,
                case when label_at is null or kwh is null or not isfinite(kwh) then label_text end as label_text,
                case when label_at is null or kwh is null or not isfinite(kwh) then kwh_text end as kwh_text
            from typed
        """)
        unreadable = unreadable_lines(connection, path)
    except duckdb.Error as error:
        raise UnusableInput(why_unreadable(path, error)) from error

    return ReadingFile(
        path=path,
        file_format="csv",
        relation="select *, rowid as row_number from temp.incoming_csv",
        label=columns.label,
        label_time_zone="UTC" if has_offset else None,
        kwh_column=columns.names["kwh"],
        unreadable=unreadable,
        first_line=2,
        skipped_lines=lambda: sorted({line for line, _, _ in unreadable} | set(skipped_lines(path))),
    )


def unreadable_lines(connection: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[int, str, str]]:
    """Number, reason and text of the lines that DuckDB could not take apart.

    Raises:
        UnusableInput: A quotation mark stays open, so that nobody knows how many rows it swallowed.
    """
    lines = connection.execute("""
        select line, arg_min(error_type::varchar, error_type::varchar), arg_min(trim(csv_line, chr(10) || chr(13)), error_type::varchar)
        from csv_rejects group by line order by line
    """).fetchall()
    for line, fault, text in lines:
        if fault == "UNQUOTED VALUE" and (not text or "\n" in text or "\r" in text):
            raise UnusableInput(
                f"{path.name}, line {line}: a quotation mark is opened and not closed, so the rows after it cannot be told "
                "apart. Repair that line."
            )
    return [(line, LINE_FAULTS.get(fault, fault.lower()), text) for line, fault, text in lines]


def why_unreadable(path: Path, error: duckdb.Error) -> str:
    """One sentence on a CSV file that DuckDB gave up on."""
    first_line = str(error).splitlines()[0]
    if "state machine" in first_line:
        return f"{path.name} mixes line ends: some lines end in CR LF, some in LF alone. Save it with one kind."
    return f"{path.name} is not a readable CSV file: {first_line}"
