"""The second walk through a feed: every reading becomes a row, or is kept aside with the reason."""

import re
from array import array
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from peakwise.readers.green_button.feed import FeedWalker, field_table, qualified, whole_number
from peakwise.readers.green_button.resources import NO_VERSION, UNREADABLE_VERSION, BlockEntries
from peakwise.readers.green_button.series import STEP_SECONDS, Series, why_unlinked
from peakwise.readers.parsed_rows import ParsedRows

EPOCH = datetime(1970, 1, 1)
VALUE = re.compile(r"[+-]?[0-9]{1,18}([.][0-9]{0,12})?")
STEPS_TEXT = "Peakwise needs 5, 10, 15, 20, 30 or 60 minutes"
EARLIEST_LABEL, LATEST_LABEL = -62_135_596_800, 253_402_300_799
# Valid, validated, verified.
GOOD_QUALITIES = ("0", "17", "18")


class SecondWalk(FeedWalker):
    """Hands every reading to the rows, or keeps it aside with the reason."""

    fields = field_table("timePeriod/start", "timePeriod/duration", "IntervalReading/value", "ReadingQuality/quality")

    def __init__(
        self, path: Path, rows: ParsedRows, blocks: BlockEntries, series: list[Series], positions: array
    ) -> None:
        """Prepare to read.

        Args:
            path: The feed.
            rows: Where readings go.
            blocks: The entries with readings.
            series: All series.
            positions: The position in `series` of each entry.
        """
        super().__init__(path)
        self._rows = rows
        self._blocks = blocks
        self._all_series = series
        self._positions = positions
        self._number = -1
        self._is_new_entry = False
        self._series: Series | None = None
        self._reason: str | None = None
        self._version: int | None = None
        self._reading_line = 0
        self.opened[qualified("IntervalReading")] = self._reading_starts
        self.closed[qualified("IntervalReading")] = self._reading_ends

    def entry_starts(self) -> None:
        """Wait for the entry's first reading; most entries have none."""
        self._is_new_entry = True

    def _reading_starts(self, attributes: Mapping[str, str]) -> None:
        """A reading starts."""
        if self._is_new_entry:
            self._is_new_entry = False
            self._find_series()
        self._reading_line = self.line
        self.texts.clear()

    def _find_series(self) -> None:
        """Look up what the first walk found out about the entry."""
        self._number += 1
        if self._number >= len(self._positions):
            raise self.unusable("the file has changed while it was read. Load it again.")
        position, version = self._positions[self._number], self._blocks.versions[self._number]
        self._series = self._all_series[position] if position >= 0 else None
        self._version = None if version == NO_VERSION else version
        if self._series is None:
            self._reason = why_unlinked(position)
        elif version == UNREADABLE_VERSION:
            self._reason = self._series.reason or "the entry's time stamp (updated, else published) is not a time"
        else:
            self._reason = self._series.reason

    def _reading_ends(self) -> None:
        """A reading is complete."""
        if self._reason is not None:
            self._reject(self._reason)
            return
        series, texts = self._series, self.texts
        start = whole_number(texts.get("timePeriod/start"))
        duration_text = texts.get("timePeriod/duration")
        duration = series.interval_seconds if duration_text is None else whole_number(duration_text)
        minutes = STEP_SECONDS.get(duration)
        if start is None or not EARLIEST_LABEL <= start <= LATEST_LABEL:
            self._reject("the reading has no start" if "timePeriod/start" not in texts else "the start is not a time")
            return
        if minutes is None:
            self._reject(_why_not_step(duration, duration_text))
            return
        value = texts.get("IntervalReading/value")
        kwh = float(value + series.exponent) if value is not None and VALUE.fullmatch(value) else None
        qualities = texts.get("ReadingQuality/quality")
        self._rows.add(
            service_point_id=series.service_point_id,
            register_id=series.register_id,
            channel=series.channel,
            interval_minutes=minutes,
            version=self._version,
            line_number=self._reading_line,
            labels=(EPOCH + timedelta(seconds=start),),
            kwh=(kwh,),
            source_flags=(series.default_quality if qualities is None else _worst_quality(qualities),),
            kwh_texts=(value if kwh is None else None,),
        )

    def _reject(self, reason: str) -> None:
        """Keep the reading aside."""
        told = (f"{name.rpartition('/')[2]} {text}" for name, text in self.texts.items())
        self._rows.reject(self._reading_line, reason, ", ".join(told))


def _why_not_step(seconds: int | None, text: str | None) -> str:
    """The reason why an interval has no length that the warehouse keeps."""
    if seconds is None:
        return "the reading has no duration" if text is None else "the duration is not a whole number of seconds"
    return f"the interval is {seconds:,} s long; {STEPS_TEXT}"


def _worst_quality(qualities: str) -> str:
    """Of the quality codes of a reading the first that is not a good one, else the first."""
    codes = qualities.split()
    return next((code for code in codes if code not in GOOD_QUALITIES), codes[0])
