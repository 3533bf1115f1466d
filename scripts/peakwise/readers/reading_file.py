"""What every reader hands to the loader: a relation with fixed columns, and what the file says of its clock."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

# Columns of every reader's relation: service_point_id varchar, channel varchar, label_at timestamp (the source's label,
# not yet UTC), kwh double, version bigint, source_flag varchar, row_number bigint (from 0), line_number bigint (null where
# rows and lines go side by side), label_text and kwh_text, the raw texts, which may be null where the typed value is there,
# and unreadable_version, the text of a stamp that is none. Where `tells` names them, too: register_id varchar, the one of
# several registers of a service point, and interval_minutes smallint. Texts have no blanks around them and are null rather
# than empty.


@dataclass(frozen=True)
class ReadingFile:
    """One opened file of readings.

    Attributes:
        path: The file.
        file_format: The format's name, as in `parquet` or `long_csv`.
        relation: A select statement with the columns named above, in the file's order by `row_number`.
        label: `start` or `end` when the file itself says what its labels mark, else None.
        label_time_zone: `UTC` when the file itself fixes the clock of its labels, else None.
        kwh_column: The file's own name of the energy column.
        unreadable: (line number, reason, text) of rows that do not even have the file's columns.
        first_line: Number a person gives to the first row: 2 under a CSV header, 1 in Parquet.
        skipped_lines: Finds the numbers of all lines that are no row of the relation, when asked.
        label_is_certain: Whether the format fixes the label, so that nobody can know better.
        unit_is_certain: Whether the file tells the unit of its values, so that they are in kWh already.
        companion: A second file that the readings come from, too.
        is_stamped: Whether rows may have a version or a flag.
        tells: Which of `channel`, `register_id` and `interval_minutes` the file tells of its rows.
    """

    path: Path
    file_format: str
    relation: str
    label: str | None
    label_time_zone: str | None
    kwh_column: str
    unreadable: list[tuple[int, str, str]]
    first_line: int
    skipped_lines: Callable[[], list[int]]
    label_is_certain: bool = False
    unit_is_certain: bool = False
    companion: Path | None = None
    is_stamped: bool = True
    tells: tuple[str, ...] = ()


def drop_incoming(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what opening a file, whether it succeeded or not, left in the connection."""
    for table in ("incoming_csv", "incoming_rows", "incoming_texts", "incoming_numbered_texts", "incoming_times"):
        connection.execute(f"drop table if exists temp.{table}")
