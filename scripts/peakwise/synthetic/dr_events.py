"""Demand response events: which days they fall on, by a weather forecast that errs a little."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from peakwise.synthetic.local_clock import month_after
from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.random_streams import Purpose, stream
from peakwise.synthetic.weather import Weather

FORECAST_ERROR_CELSIUS = 1.0  # standard deviation
AFTERNOON_HOURS = (12, 20)
# A colder utility peaks in winter and calls on its coldest days.
CALLS_IN_SUMMER_ABOVE_CELSIUS = 16.0  # mean of the warmest weeks
USUAL_SUMMER_CELSIUS, USUAL_WINTER_CELSIUS = 30.0, -5.0  # of afternoons with an event
TOLD_ON_THE_DAY = 0.3  # of events; of others members learn the day before
TOLD_HOUR_BEFORE, TOLD_HOUR_OF_DAY = 17, 9


@dataclass(frozen=True)
class EventHours:
    """Local hours (end excluded) in which a program calls its members."""

    first: int
    end: int


@dataclass(frozen=True)
class Events:
    """Events as parallel arrays, by day and program.

    Attributes:
        program: Position of the program.
        day: Local day since the utility's first.
        start_at, end_at, notified_at: Microseconds from 1970-01-01 UTC.
        degrees: Mean temperature of the afternoon in Celsius.
        stress_degrees: By how much it is worse than on an ordinary event day: warmer, or colder where it is winter.
    """

    program: np.ndarray
    day: np.ndarray
    start_at: np.ndarray
    end_at: np.ndarray
    notified_at: np.ndarray
    degrees: np.ndarray
    stress_degrees: np.ndarray

    def __len__(self) -> int:
        return len(self.day)


def plan_events(options: SyntheticOptions, weather: Weather, hours: list[EventHours]) -> Events:
    """Choose the days of events, on which each program calls its members in its own hours."""
    degrees = afternoon_degrees(weather)
    days = _event_days(options, degrees)
    zone = ZoneInfo(options.time_zone)
    told_on_day = stream(options.seed, Purpose.EVENTS, 1).random(max(len(degrees), 1)) < TOLD_ON_THE_DAY
    rows = []
    for day in days.tolist():
        local = options.first_date + timedelta(days=day)
        for program, span in enumerate(hours):
            if told_on_day[day]:
                notified = _instant(local, TOLD_HOUR_OF_DAY, zone)
            else:
                notified = _instant(local - timedelta(days=1), TOLD_HOUR_BEFORE, zone)
            rows.append((program, day, _instant(local, span.first, zone), _instant(local, span.end, zone), notified))
    columns = np.array(rows, np.int64).reshape(-1, 5).T
    found = degrees[columns[1]]
    stress = found - USUAL_SUMMER_CELSIUS if calls_in_summer(options) else USUAL_WINTER_CELSIUS - found
    return Events(*columns, degrees=found, stress_degrees=stress)


def calls_in_summer(options: SyntheticOptions) -> bool:
    """Whether the utility peaks on hot days, not on cold ones."""
    return options.mean_temperature_celsius + options.seasonal_temperature_celsius > CALLS_IN_SUMMER_ABOVE_CELSIUS


def afternoon_degrees(weather: Weather) -> np.ndarray:
    """Mean temperature of the afternoon of each day, by standard time."""
    days = len(weather.temperature_celsius) // 24
    return weather.temperature_celsius[: days * 24].reshape(days, 24)[:, slice(*AFTERNOON_HOURS)].mean(axis=1)


def _event_days(options: SyntheticOptions, degrees: np.ndarray) -> np.ndarray:
    """Days of the history that the forecast puts among the most extreme working days of twelve months."""
    history = (month_after(options.first_date, options.months) - options.first_date).days
    dates = [options.first_date + timedelta(days=day) for day in range(len(degrees))]
    holiday_dates = options.holidays(sorted({day.year for day in dates}))
    works = np.array([day.weekday() < 5 and day not in holiday_dates for day in dates])
    error = FORECAST_ERROR_CELSIUS * stream(options.seed, Purpose.EVENTS, 0).standard_normal(len(degrees))
    forecast = np.where(works, (degrees if calls_in_summer(options) else -degrees) + error, -np.inf)
    chosen: list[int] = []
    for month in range(0, options.months, 12):
        first, end = (
            (month_after(options.first_date, number) - options.first_date).days for number in (month, month + 12)
        )
        year = np.arange(first, min(end, len(degrees)))
        ranked = year[np.argsort(-forecast[year], kind="stable")]
        chosen.extend(day for day in ranked[: options.event_days_per_year].tolist() if day < history)
    return np.sort(np.array(chosen, np.int64))


def _instant(day: date, hour: int, zone: ZoneInfo) -> int:
    """Microseconds from 1970-01-01 UTC to a local hour of a day."""
    return round(datetime(day.year, day.month, day.day, hour, tzinfo=zone).timestamp()) * 1_000_000
