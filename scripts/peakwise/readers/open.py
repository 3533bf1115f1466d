"""Opens a file of readings with the reader that its content asks for."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers import long_csv, parquet
from peakwise.readers.columns import READING_NAMES
from peakwise.readers.file_text import path_literal
from peakwise.readers.reading_file import ReadingFile

PARQUET_MAGIC = b"PAR1"
GZIP_MAGIC = b"\x1f\x8b"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def open_readings(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    mapping: Mapping[str, str],
    known_names: Mapping[str, Sequence[str]] = READING_NAMES,
) -> ReadingFile:
    """Open one file; Parquet and long CSV (plain or gzip) are told apart by their first bytes.

    Args:
        connection: Where the reader may create temporary tables.
        path: The file.
        mapping: Field to column name, where the user gave it.
        known_names: Fields wanted, and the names they are recognised by.

    Raises:
        UnusableInput: The file's name is no text, or the file is empty, of an unknown kind, damaged, or lacks a column.
    """
    path_literal(path)
    try:
        with path.open("rb") as file:
            head = file.read(8192)
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read: {error.strerror}.") from error
    if not head:
        raise UnusableInput(f"{path.name} is empty.")
    if head.startswith(PARQUET_MAGIC):
        return parquet.read(connection, path, mapping, known_names)
    if head.startswith(UTF_16_MARKS):
        raise UnusableInput(f"{path.name} is UTF-16 text. Save it as UTF-8.")
    if b"\x00" in head and not head.startswith(GZIP_MAGIC):
        raise UnusableInput(f"{path.name} is neither Parquet nor text. Give readings as Parquet or as long CSV.")
    return long_csv.read(connection, path, mapping, known_names)
