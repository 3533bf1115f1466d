"""How to understand a source of readings: what its labels mark, by which clock, under which column names."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from peakwise.errors import UnusableInput
from peakwise.loading.clock import Clock
from peakwise.loading.survey import CHANNELS
from peakwise.readers import FORMATS, ReadingFile

LABELS = ("start", "end")


@dataclass(frozen=True)
class ReadingOptions:
    """How to understand a source's rows.

    Attributes:
        label: What a time label marks, `start` or `end` of its interval; None when the file's columns tell.
        label_clock: Clock of the labels; None when the file's columns tell.
        columns: Field to column name, where recognition by name is not wanted.
        channel: Channel of rows that name none.
        interval_minutes: Fixed step; None finds it per meter.
        file_format: Fixed format; None looks at each file's content.
        kwh_per_unit: What one unit of the energy column is in kWh, for columns that are not in kWh; formats that tell their
            unit by themselves (NEM12, Green Button) do not need it and do not heed it.
    """

    label: str | None = None
    label_clock: Clock | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    channel: str = "delivered"
    interval_minutes: int | None = None
    file_format: str | None = None
    kwh_per_unit: float = 1

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            UnusableInput: An option has a value that means nothing.
        """
        if self.label not in (None, *LABELS):
            raise UnusableInput(f"LABEL is '{self.label}' but must be start or end: what a time label marks.")
        if self.channel not in CHANNELS:
            raise UnusableInput(f"The channel is '{self.channel}' but must be delivered or received.")
        if self.interval_minutes is not None and (self.interval_minutes < 5 or 60 % self.interval_minutes):
            raise UnusableInput("The interval must be 5, 10, 15, 20, 30 or 60 minutes.")
        if self.file_format is not None and self.file_format not in FORMATS:
            raise UnusableInput(f"FORMAT is '{self.file_format}' but must be auto, {', '.join(FORMATS)}.")
        if not (math.isfinite(self.kwh_per_unit) and self.kwh_per_unit > 0):
            raise UnusableInput("KWH_PER_UNIT must be a number above 0, such as 0.001 for readings in Wh.")


@dataclass(frozen=True)
class Understanding:
    """What the labels of a file are taken for, and who said so.

    Attributes:
        label: `start` or `end`.
        clock: The clock of the labels.
        why: The same in words, for people.
    """

    label: str
    clock: Clock
    why: str


def understand(
    connection: duckdb.DuckDBPyConnection, file: ReadingFile, options: ReadingOptions, *, as_loaded: bool
) -> Understanding:
    """What a file's labels mark and by which clock: what its format fixes, the user's word, what the file says by itself, or
    how the latest load of the same format was understood.

    A guess could silently shift every reading by an hour, so there is none.

    Args:
        connection: The warehouse.
        file: The opened file.
        options: The user's word.
        as_loaded: Whether the latest load of the same format may tell.

    Raises:
        UnusableInput: Nobody says it.
    """
    latest = connection.execute(
        "select label, label_time_zone from raw.load_manifest where file_format = ? and ? order by load_id desc limit 1",
        [file.file_format, as_loaded],
    ).fetchone() or (None, None)
    label, label_by = first_told(
        (file.label if file.label_is_certain else None, "by the format"),
        (options.label, "given"),
        (file.label, "by its column's name"),
        (latest[0], "as in the latest load of this format"),
    )
    if label is None:
        raise UnusableInput(
            f"{file.path.name} does not tell whether its time labels mark the start or the end of an interval. "
            "Say it: LABEL=start or LABEL=end"
        )
    clock, clock_by = first_told(
        (file.label_time_zone, "by the file"),
        (options.label_clock.name if options.label_clock else None, "given"),
        (latest[1], "as in the latest load of this format"),
    )
    if clock is None:
        raise UnusableInput(
            f"{file.path.name} does not tell which clock its time labels follow. Say it: LABEL_TIMEZONE=UTC, a fixed "
            "offset such as +10:00, or a local clock such as Europe/London"
        )
    why = f"labels mark the {label} of an interval ({label_by}), on the clock of {clock} ({clock_by})"
    return Understanding(label, Clock.parse(clock), why)


def first_told(*sources: tuple[str | None, str]) -> tuple[str | None, str]:
    """The first value that is there, and who told it."""
    return next(((value, source) for value, source in sources if value is not None), (None, ""))
