"""Readings in AEMO's NEM12 format: a day of one register in one record.

A file is a header (100), then for each register its details (200), its days (300), each with the events of single intervals
(400) and details of the meter reading (500), then an end record (900). Files joined end to end are read as one.

The clock is UTC+10 all year. Suffix E is what the customer takes, B what the customer gives back; register number 1 is a
service point's main one and has no register id, any other has its suffix for an id (`E2`), whatever else is in the file.
"""

from pathlib import Path

import duckdb

from peakwise.readers.nem12.lines import looks_like, read_lines
from peakwise.readers.nem12.record_reader import RecordReader
from peakwise.readers.parsed_rows import ParsedRows
from peakwise.readers.reading_file import ReadingFile

__all__ = ["looks_like", "read"]


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
    reader = RecordReader(ParsedRows(connection, path))
    with path.open("rb") as file:
        for line in read_lines(file):
            reader.take(line)
    reader.finish()
    return reader.rows.as_file("nem12", label="start", label_time_zone="+10:00")
