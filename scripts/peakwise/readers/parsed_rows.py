"""Takes the readings of a file that Python parses into a temporary table, batch by batch, so that memory stays small."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from peakwise.errors import UnusableInput
from peakwise.readers.reading_file import ReadingFile

ROWS_AT_ONCE = 200_000
# A file with more than this is not of the format it seems to be.
MOST_UNREADABLE = 1_000_000
COLUMNS = pa.schema([
    ("service_point_id", pa.string()),
    ("register_id", pa.string()),
    ("channel", pa.string()),
    ("label_at", pa.timestamp("us")),
    ("interval_minutes", pa.int16()),
    ("kwh", pa.float64()),
    ("version", pa.int64()),
    ("source_flag", pa.string()),
    ("line_number", pa.int64()),
    ("label_text", pa.string()),
    ("kwh_text", pa.string()),
])  # fmt: skip


class ParsedRows:
    """Collects rows in file order into `temp.incoming_rows`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        """Start an empty table.

        Args:
            connection: Where the table is made.
            path: The file the rows come from.
        """
        self.connection = connection
        self.path = path
        self.unreadable: list[tuple[int, str, str]] = []
        self.count = 0
        self._batch: list[list] = [[] for _ in COLUMNS]
        # Also ends a query that a caller has not fetched to its end; nothing can be registered beside one.
        connection.execute("drop table if exists temp.incoming_rows")
        empty = COLUMNS.empty_table()
        connection.register("parsed_batch", empty)
        connection.execute("create or replace temp table incoming_rows as select * from parsed_batch")
        connection.unregister("parsed_batch")

    def add(
        self,
        *,
        service_point_id: str,
        register_id: str | None = None,
        channel: str | None,
        interval_minutes: int,
        version: int | None,
        line_number: int,
        labels: Sequence[datetime],
        kwh: Sequence[float | None],
        source_flags: Sequence[str | None],
        kwh_texts: Sequence[str | None],
    ) -> None:
        """Add the readings of one record of the file.

        Args:
            service_point_id: Id of the service point.
            register_id: Id of the register among those of the service point in this channel; None for the only or main one.
            channel: `delivered`, `received`, or None when the file does not tell.
            interval_minutes: Length of each interval.
            version: The source's version stamp, None when it has none.
            line_number: Line of the file on which the record stands, from 1.
            labels: Time label of each reading, naive, by the file's own clock.
            kwh: Energy of each reading; None where it cannot be read.
            source_flags: The source's own quality flag of each reading.
            kwh_texts: The text of each value that could not be read, None beside a value that could.
        """
        count = len(labels)
        values = (
            [service_point_id] * count, [register_id] * count, [channel] * count, labels, [interval_minutes] * count, kwh,
            [version] * count, source_flags, [line_number] * count, [None] * count, kwh_texts,
        )  # fmt: skip
        for column, more in zip(self._batch, values, strict=True):
            column.extend(more)
        self.count += count
        if len(self._batch[0]) >= ROWS_AT_ONCE:
            self._flush()

    def reject(self, line_number: int, reason: str, text: str) -> None:
        """Keep aside a record that cannot be taken apart; it counts as one row.

        Raises:
            UnusableInput: There are too many of them.
        """
        if len(self.unreadable) >= MOST_UNREADABLE:
            raise UnusableInput(
                f"{self.path.name}: more than {MOST_UNREADABLE:,} records cannot be read; of the first one, line "
                f"{self.unreadable[0][0]}, {self.unreadable[0][1]}."
            )
        self.unreadable.append((line_number, reason, text[:80]))

    def _flush(self) -> None:
        """Write the batch to the table."""
        batch = pa.table(
            [pa.array(column, field.type) for column, field in zip(self._batch, COLUMNS, strict=True)], COLUMNS
        )
        self._batch = [[] for _ in COLUMNS]
        self.connection.register("parsed_batch", batch)
        self.connection.execute("insert into temp.incoming_rows select * from parsed_batch")
        self.connection.unregister("parsed_batch")

    def as_file(self, file_format: str, *, label: str | None, label_time_zone: str | None) -> ReadingFile:
        """The opened file, once all rows are in.

        Args:
            file_format: Its name for the manifest, as in `nem12`.
            label: What the format's labels mark, `start` or `end`; None when the format does not tell.
            label_time_zone: The clock of the format's labels: `UTC`, or an offset as in `+10:00`; None when it does not tell.
        """
        self._flush()
        return ReadingFile(
            path=self.path,
            file_format=file_format,
            relation="select *, rowid as row_number, null::varchar as unreadable_version from temp.incoming_rows",
            label=label,
            label_time_zone=label_time_zone,
            kwh_column="kwh",
            unreadable=self.unreadable,
            first_line=1,
            skipped_lines=list,
            label_is_certain=label is not None,
            unit_is_certain=True,
            tells=("channel", "register_id", "interval_minutes"),
        )
