"""Opens a file of readings with the reader that its content asks for, whatever its name."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers import customer_columns_csv, green_button, long_csv, nem12, parquet, wide_daily_csv
from peakwise.readers.columns import READING_NAMES
from peakwise.readers.csv_kind import CUSTOMER_COLUMNS, LONG, WIDE_DAILY, kind_of_csv
from peakwise.readers.file_text import PARQUET_MAGIC, UTF_16_MARKS, first_bytes, path_literal
from peakwise.readers.reading_file import ReadingFile

FORMATS = ("parquet", LONG, WIDE_DAILY, CUSTOMER_COLUMNS, "green_button", "nem12")


def open_readings(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    mapping: Mapping[str, str],
    known_names: Mapping[str, Sequence[str]] = READING_NAMES,
    file_format: str | None = None,
) -> ReadingFile:
    """Open one plain file.

    Args:
        connection: Where the reader may create temporary tables.
        path: The file, unpacked.
        mapping: Field to column name, where the user gave it.
        known_names: Fields wanted, and the names they are recognised by.
        file_format: One of `FORMATS` where the user fixed it; None looks at the content.

    Raises:
        UnusableInput: The file's name is no text, or the file is empty, of an unknown kind, damaged, or lacks a column.
    """
    path_literal(path)
    kind = file_format or sniff(path, mapping, known_names)
    if kind == "parquet":
        return parquet.read(connection, path, mapping, known_names)
    if kind == "green_button":
        return green_button.read(connection, path)
    if kind == "nem12":
        return nem12.read(connection, path)
    if kind == WIDE_DAILY:
        return wide_daily_csv.read(connection, path, mapping)
    if kind == CUSTOMER_COLUMNS:
        return customer_columns_csv.read(connection, path, mapping)
    return long_csv.read(connection, path, mapping, known_names)


def sniff(path: Path, mapping: Mapping[str, str], known_names: Mapping[str, Sequence[str]]) -> str:
    """The format that a file's content shows, one of `FORMATS`.

    Raises:
        UnusableInput: The file cannot be read, is empty, or is no text and no Parquet.
    """
    head = first_bytes(path)
    if head.startswith(PARQUET_MAGIC):
        return "parquet"
    if head.startswith(UTF_16_MARKS) and not green_button.looks_like(head):
        raise UnusableInput(f"{path.name} is UTF-16 text. Save it as UTF-8.")
    if nem12.looks_like(head):
        return "nem12"
    if green_button.looks_like(head):
        return "green_button"
    if b"\x00" in head:
        raise UnusableInput(f"{path.name} is neither Parquet nor text. docs/loading.md lists the formats.")
    return kind_of_csv(path, mapping, known_names)
