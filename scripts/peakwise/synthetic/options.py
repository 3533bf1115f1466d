"""What a synthetic utility should be like, checked before anything is generated."""

import math
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from peakwise.errors import UnusableInput


def _number(default: float, low: float, high: float, meaning: str, *, fault: bool = False) -> Any:
    """Make a dataclass field with its bounds and meaning; `fault` marks what `without_faults` sets to zero."""
    return field(default=default, metadata={"low": low, "high": high, "meaning": meaning, "fault": fault})


@dataclass(frozen=True)
class SyntheticOptions:
    """Everything that decides the content of a synthetic utility.

    The same options give the same rows in the same order. Fractions are shares between 0 and 1.

    Raises:
        UnusableInput: A value is of the wrong kind, out of bounds, or names an unknown zone or calendar.
    """

    customers: int = _number(
        1000,
        1,
        10_000_000,
        "service points to make; customers are about as many (some hold two points, some points change hands)",
    )
    first_date: date = field(default=date(2025, 1, 1), metadata={"meaning": "first local day, the first of a month"})
    months: int = _number(12, 1, 240, "local calendar months to make, one readings file each")
    interval_minutes: int = _number(60, 5, 60, "minutes of one reading: a divisor of 60 from 5 to 60")
    seed: int = _number(7, 0, 2**63 - 1, "seed of everything random")
    time_zone: str = field(default="America/New_York", metadata={"meaning": "IANA time zone of the utility"})
    holiday_calendar: str = field(
        default="US", metadata={"meaning": "country, or country-region, of the public holidays; empty for none"}
    )
    latitude: float = _number(40.7, -65.0, 65.0, "degrees north, for sun and seasons; negative in the south")
    mean_temperature_celsius: float = _number(12.5, -10.0, 35.0, "mean temperature of a year")
    seasonal_temperature_celsius: float = _number(12.0, 0.0, 30.0, "how far midsummer lies above the mean")
    size_spread: float = _number(0.5, 0.0, 2.0, "standard deviation of the logarithm of annual kWh within a class")
    noise: float = _number(
        0.3, 0.0, 1.0, "how far customers stray from their archetype and readings from their customer"
    )
    small_business_fraction: float = _number(0.08, 0.0, 1.0, "share of service points that are small businesses")
    mover_fraction: float = _number(0.03, 0.0, 1.0, "share of service points that change hands in a year")
    second_point_fraction: float = _number(0.01, 0.0, 0.5, "share of service points that are a customer's second")
    vehicle_fraction: float = _number(0.03, 0.0, 1.0, "share of homes with an electric vehicle")
    new_vehicle_fraction: float = _number(
        0.5, 0.0, 1.0, "share of electric vehicles that come at some day of the history, not at its start"
    )
    water_heater_timer_fraction: float = _number(
        0.06, 0.0, 1.0, "share of homes with a water heater that a timer starts at night"
    )
    pool_pump_fraction: float = _number(0.04, 0.0, 1.0, "share of homes with a pool pump on a timer")
    gap_fraction: float = _number(0.004, 0.0, 0.5, "share of readings that are missing", fault=True)
    gap_hours: float = _number(8.0, 1.0, 240.0, "mean length of a gap in hours")
    resent_fraction: float = _number(0.003, 0.0, 0.5, "share of readings sent twice", fault=True)
    resent_hours: float = _number(24.0, 1.0, 240.0, "mean length of a re-sent block in hours")
    correction_fraction: float = _number(
        0.002, 0.0, 0.5, "share of readings first estimated, then corrected", fault=True
    )
    correction_hours: float = _number(12.0, 1.0, 240.0, "mean length of a corrected block in hours")
    late_fraction: float = _number(0.25, 0.0, 1.0, "share of re-sent and corrected blocks in the next month's file")
    spike_fraction: float = _number(0.00002, 0.0, 0.1, "share of readings that are false spikes", fault=True)
    spike_factor: float = _number(50.0, 2.0, 10_000.0, "median factor by which a spike exceeds the true reading")
    outages_per_customer_year: float = _number(0.5, 0.0, 50.0, "outages a service point has in a year", fault=True)
    momentary_outages_per_customer_year: float = _number(
        0.4, 0.0, 50.0, "interruptions of seconds to minutes that a service point has in a year besides", fault=True
    )
    storm_outage_fraction: float = _number(0.5, 0.0, 1.0, "share of outages that storms bring")
    outage_hours: float = _number(3.0, 0.1, 240.0, "median length of an outage in hours")
    unrecorded_outage_fraction: float = _number(
        0.1, 0.0, 1.0, "share of outages that are not in the utility's file of outages"
    )
    time_of_use_fraction: float = _number(0.2, 0.0, 1.0, "share of homes whose price depends on the hour")
    wrong_bill_fraction: float = _number(0.01, 0.0, 1.0, "share of bills that are wrong")
    contact_factor: float = _number(1.0, 0.0, 20.0, "how often customers call or write, against the usual")
    event_days_per_year: int = _number(12, 0, 60, "days of a year on which each program calls its members")
    offer_fraction: float = _number(0.08, 0.0, 1.0, "share of homes that each quarter's wave of a program asks")
    random_offer_fraction: float = _number(0.5, 0.0, 1.0, "share of offers that go to homes drawn at random")
    holdout_fraction: float = _number(0.1, 0.0, 1.0, "share of members that an event leaves out at random")
    response_factor: float = _number(1.0, 0.0, 3.0, "how strongly members respond to events; 0 when nobody does")

    def __post_init__(self) -> None:
        for item in fields(self):
            if "low" in item.metadata:
                self._check_number(item.name, item.type is int, item.metadata["low"], item.metadata["high"])
        if 60 % self.interval_minutes:
            raise UnusableInput(
                f"interval_minutes must be 5, 6, 10, 12, 15, 20, 30 or 60, not {self.interval_minutes}."
            )
        self._check_first_date()
        self._check_time_zone()
        self._check_holiday_calendar()

    def _check_number(self, name: str, whole: bool, low: float, high: float) -> None:
        value = getattr(self, name)
        is_number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise UnusableInput(f"{name} must be {kind} from {low} to {high}, not {value!r}.")

    def _check_first_date(self) -> None:
        if type(self.first_date) is not date or self.first_date.day != 1:
            raise UnusableInput(
                f"first_date must be the first day of a month, such as 2025-01-01, not {self.first_date}."
            )
        last_year = self.first_date.year + (self.first_date.month + self.months - 1) // 12
        if self.first_date.year < 1971 or last_year > 2099:
            raise UnusableInput("first_date and months must lie within the years 1971 to 2099.")

    def _check_time_zone(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError, TypeError) as error:
            raise UnusableInput(
                f"time_zone must be an IANA name such as America/New_York, not {self.time_zone!r}."
            ) from error

    def _check_holiday_calendar(self) -> None:
        try:
            self.holidays([self.first_date.year])
        except (NotImplementedError, AttributeError, TypeError) as error:
            raise UnusableInput(
                f"holiday_calendar must be a country or region such as US or US-NY, not {self.holiday_calendar!r}."
            ) from error

    def holidays(self, years: list[int]) -> set[date]:
        """Public holidays of the utility's calendar in these years."""
        if self.holiday_calendar == "":
            return set()
        country, _, region = self.holiday_calendar.partition("-")
        return set(holidays.country_holidays(country, subdiv=region or None, years=years))

    def without_faults(self) -> "SyntheticOptions":
        """The same utility with perfect metering: no gaps, re-sent blocks, corrections, spikes or outages."""
        return replace(self, **{item.name: 0.0 for item in fields(self) if item.metadata.get("fault")})
