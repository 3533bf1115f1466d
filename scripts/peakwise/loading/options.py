"""How to understand a source of readings: what its labels mark, by which clock, under which column names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import duckdb

from peakwise.errors import UnusableInput
from peakwise.loading.clock import Clock
from peakwise.loading.survey import CHANNELS
from peakwise.readers import ReadingFile

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
    """

    label: str | None = None
    label_clock: Clock | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    channel: str = "delivered"
    interval_minutes: int | None = None

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


def complete_options(connection: duckdb.DuckDBPyConnection, options: ReadingOptions) -> ReadingOptions:
    """Options with label and clock of the latest load where the user gave none."""
    latest = connection.execute(
        "select label, label_time_zone from raw.load_manifest order by load_id desc limit 1"
    ).fetchone()
    if latest is None:
        return options
    label, clock = latest
    return replace(options, label=options.label or label, label_clock=options.label_clock or Clock.parse(clock))


def label_and_clock(file: ReadingFile, options: ReadingOptions) -> tuple[str, Clock]:
    """What the labels mark and by which clock, from the user's word or from the file's own.

    A guess could silently shift every reading by an hour, so there is none.

    Raises:
        UnusableInput: Neither the user nor the file says it.
    """
    label = options.label or file.label
    if label is None:
        raise UnusableInput(
            f"{file.path.name} does not tell whether its time labels mark the start or the end of an interval. "
            "Say it: LABEL=start or LABEL=end"
        )
    if options.label_clock is None and file.label_time_zone is None:
        raise UnusableInput(
            f"{file.path.name} does not tell which clock its time labels follow. Say it: LABEL_TIMEZONE=UTC, a fixed "
            "offset such as +10:00, or a local clock such as Europe/London"
        )
    if file.label_time_zone is not None:
        return label, Clock.parse(file.label_time_zone)
    return label, options.label_clock
