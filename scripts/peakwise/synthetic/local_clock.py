"""The utility's calendar: which instants a local month holds, and what the clock on the wall says at each."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from peakwise.synthetic.options import SyntheticOptions

MICROSECONDS_PER_MINUTE = 60_000_000


def month_after(day: date, months: int) -> date:
    """The first day of the month that lies `months` after the one of `day` (before it when negative)."""
    number = month_number(day) + months
    return date(number // 12, number % 12 + 1, 1)


def month_number(day: date) -> int:
    """Months since year 0, the same for a month whatever the first month of the utility."""
    return day.year * 12 + day.month - 1


def microseconds_at_local_midnight(day: date, zone: ZoneInfo) -> int:
    """Microseconds from 1970-01-01 UTC to the local start of a day."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return round(local.timestamp()) * 1_000_000


@dataclass(frozen=True)
class LocalMonth:
    """The intervals that start within one local month. Arrays hold one entry per interval unless a day is said.

    Attributes:
        first_day: First local day.
        first_day_since_start: The same, in local days since the utility's first.
        days: Number of local days.
        interval_minutes: Length of an interval.
        interval_start_at: int64, microseconds since 1970-01-01 UTC.
        day_index: Local day, 0 for the first of the month.
        slot: Interval of the local day by the clock, 0 to 1440 / interval_minutes - 1; repeated when a clock goes back.
        is_weekend: Per day: Saturday, Sunday or public holiday.
        local_hour: Local clock at the middle of the interval, in hours.
        sun_hour: The same on standard time, which the sun keeps.
        day_of_year: Local day of the year from 1.
    """

    first_day: date
    first_day_since_start: int
    days: int
    interval_minutes: int
    interval_start_at: np.ndarray
    day_index: np.ndarray
    slot: np.ndarray
    is_weekend: np.ndarray
    local_hour: np.ndarray
    sun_hour: np.ndarray
    day_of_year: np.ndarray

    @property
    def slots_per_day(self) -> int:
        """Intervals of a local day without a clock change."""
        return 1440 // self.interval_minutes

    @property
    def intervals(self) -> int:
        """Number of intervals of the month."""
        return len(self.interval_start_at)

    @property
    def clock_column(self) -> np.ndarray:
        """Column of each interval in a table that holds a weekday's slots, then those of a weekend day."""
        return self.is_weekend[self.day_index] * self.slots_per_day + self.slot


def local_month(options: SyntheticOptions, index: int) -> LocalMonth:
    """The calendar of the utility's month number `index` from 0.

    Intervals are counted from the utility's first local midnight, so months share no interval and leave none out, even
    where a clock change is no multiple of an interval.
    """
    zone = ZoneInfo(options.time_zone)
    first_day = month_after(options.first_date, index)
    next_day = month_after(first_day, 1)
    step = options.interval_minutes * MICROSECONDS_PER_MINUTE
    origin = microseconds_at_local_midnight(options.first_date, zone)
    first = -(-(microseconds_at_local_midnight(first_day, zone) - origin) // step)
    end = -(-(microseconds_at_local_midnight(next_day, zone) - origin) // step)
    interval_start_at = origin + np.arange(first, end, dtype=np.int64) * step

    offsets, standard_offsets = _clock_offsets(interval_start_at, zone)
    local = interval_start_at + offsets
    day_number, time_of_day = np.divmod(local, 1440 * MICROSECONDS_PER_MINUTE)
    day_index = day_number - (first_day - date(1970, 1, 1)).days
    days = (next_day - first_day).days
    dates = [first_day + timedelta(days=number) for number in range(days)]
    holiday_dates = options.holidays(sorted({first_day.year, next_day.year}))
    middle = step // 2
    hour = 60 * MICROSECONDS_PER_MINUTE
    return LocalMonth(
        first_day=first_day,
        first_day_since_start=(first_day - options.first_date).days,
        days=days,
        interval_minutes=options.interval_minutes,
        interval_start_at=interval_start_at,
        day_index=day_index,
        slot=time_of_day // step,
        is_weekend=np.array([day.weekday() >= 5 or day in holiday_dates for day in dates]),
        local_hour=(time_of_day + middle) / hour,
        sun_hour=((interval_start_at + standard_offsets + middle) / hour) % 24,
        day_of_year=first_day.timetuple().tm_yday + day_index,
    )


def _clock_offsets(interval_start_at: np.ndarray, zone: ZoneInfo) -> tuple[np.ndarray, np.ndarray]:
    """Local minus UTC at each instant, with and without daylight saving, in microseconds."""
    offsets = np.empty(len(interval_start_at), np.int64)
    standard = np.empty(len(interval_start_at), np.int64)
    for position, microseconds in enumerate(interval_start_at.tolist()):
        local = datetime.fromtimestamp(microseconds // 1_000_000, UTC).astimezone(zone)
        offset, saving = local.utcoffset() or timedelta(0), local.dst() or timedelta(0)
        offsets[position] = offset // timedelta(microseconds=1)
        standard[position] = (offset - saving) // timedelta(microseconds=1)
    return offsets, standard
