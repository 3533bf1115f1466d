"""Kilowatts of equipment that runs by itself, interval by interval of one month; all of it follows the local clock."""

import numpy as np

from peakwise.synthetic.daily_draws import DailyDraws, of_nights
from peakwise.synthetic.equipment import STORAGE_WINDOW_HOURS
from peakwise.synthetic.local_clock import LocalMonth
from peakwise.synthetic.population import Agreements
from peakwise.synthetic.weather import Conditions, ReferenceYear

CHARGE_START_SPREAD_HOURS = 0.6
STORAGE_LENGTH_SPREAD = 0.04  # of a night against what the weather asks for
WATER_LENGTH_SPREAD = 0.12  # of a night: people draw more or less hot water
WATER_LENGTH_BOUNDS = (0.6, 1.4)
WATER_WHEN_AWAY = 0.25  # the tank loses heat even then


def vehicle_kw(
    households: Agreements, point_in_block: np.ndarray, month: LocalMonth, today: DailyDraws, before: DailyDraws
) -> np.ndarray:
    """Charging of vehicles, household x interval.

    A night lasts from noon to noon; night 0 began on the last day of the month before. A vehicle charges first in the
    night that begins on its day.
    """

    def nights(name: str) -> np.ndarray:
        return of_nights(today, before, name)[point_in_block]

    charges = (nights("charges") < households.charge_probability[:, None]) & ~nights("is_away")
    first_night = households.vehicle_from_day - month.first_day_since_start + 1
    charges &= (households.vehicle_from_day < 0)[:, None] | (np.arange(month.days + 1) >= first_night[:, None])
    start = households.charge_from_hour[:, None] + CHARGE_START_SPREAD_HOURS * nights("charge_start")
    end = start + households.charge_hours[:, None] * nights("charge_length")
    # A night that would not end by noon begins earlier instead.
    early = np.maximum(end - 23.5, 0)
    start, end = np.maximum(start - early, 0), end - early
    end = np.where(charges, end, start)

    night = _night(month)
    middle = (month.local_hour + 12) % 24
    half = month.interval_minutes / 120
    overlap = np.minimum(end[:, night], middle + half) - np.maximum(start[:, night], middle - half)
    return (np.clip(overlap, 0, None) / (2 * half) * households.charger_kw[:, None]).astype(np.float32)


def full_charge(households: Agreements, reference: ReferenceYear, mean_kw: np.ndarray) -> np.ndarray:
    """How full storage heaters are charged in the coldest nights, by which a year's heat becomes hours of charging.

    Args:
        households: Those with storage heaters.
        reference: How cold its nights are.
        mean_kw: Annual kWh of storage heat over the hours of a year.

    Returns:
        From 0 to 1 per household. Heat beyond 1 has to come from elsewhere.
    """
    most_kw = stored_kw(households, reference, np.ones(len(households)))
    return np.minimum(np.divide(mean_kw, most_kw, out=np.zeros_like(mean_kw), where=most_kw > 0), 1.0)


def stored_kw(households: Agreements, reference: ReferenceYear, full: np.ndarray) -> np.ndarray:
    """Mean kW over a year of storage heaters that are charged this full (0 to 1) in the coldest nights."""
    early = households.storage_early_share
    both_stages = 1 - early + early * households.storage_early_length
    return full * households.storage_kw * both_stages * STORAGE_WINDOW_HOURS * reference.storage_charge / 24


def storage_heater_kw(
    households: Agreements,
    point_in_block: np.ndarray,
    full: np.ndarray,
    month: LocalMonth,
    conditions: Conditions,
    today: DailyDraws,
    before: DailyDraws,
) -> np.ndarray:
    """Charging of storage heaters, household x interval: every night after a cold day, longer the colder it was.

    Args:
        households: Those with storage heaters.
        point_in_block: Row of each household's service point in the daily draws.
        full: See `full_charge`.
        month, conditions: Clock and weather of the month.
        today, before: Daily draws of this month and the one before.
    """
    varies = np.clip(1 + STORAGE_LENGTH_SPREAD * of_nights(today, before, "thermostat")[point_in_block], 0.85, 1.15)
    hours = full[:, None] * STORAGE_WINDOW_HOURS * conditions.storage_charge * varies
    hours = hours[:, _night(month)]
    early = households.storage_early_share[:, None]
    running = (1 - early) * _running(month, households.storage_from_hour, hours)
    running += early * _running(month, households.storage_from_hour, hours * households.storage_early_length[:, None])
    return (running * households.storage_kw[:, None]).astype(np.float32)


def water_heater_kw(
    households: Agreements, point_in_block: np.ndarray, month: LocalMonth, today: DailyDraws, before: DailyDraws
) -> np.ndarray:
    """Water heaters on a timer, household x interval: the same start every night; a thermostat ends it."""
    draws = of_nights(today, before, "thermostat")[point_in_block]
    varies = np.clip(1 + WATER_LENGTH_SPREAD * draws, *WATER_LENGTH_BOUNDS)
    varies = np.where(of_nights(today, before, "is_away")[point_in_block], WATER_WHEN_AWAY, varies)
    hours = (households.water_hours[:, None] * varies)[:, _night(month)]
    return (_running(month, households.water_from_hour, hours) * households.water_kw[:, None]).astype(np.float32)


def pool_pump_kw(households: Agreements, month: LocalMonth, warmest_day: float) -> np.ndarray:
    """Pool pumps, household x interval: the same hours every day of the warm half of the year.

    Args:
        households: Those with a pump.
        month: The clock.
        warmest_day: Day of the year around which the season lies.
    """
    away = np.abs((month.day_of_year - warmest_day + 182.625) % 365.25 - 182.625)
    in_season = away < households.pool_half_season_days[:, None]
    running = _running(month, households.pool_from_hour, households.pool_hours[:, None])
    return (in_season * running * households.pool_kw[:, None]).astype(np.float32)


def _night(month: LocalMonth) -> np.ndarray:
    """Night of each interval, from noon to noon."""
    return month.day_index + (month.local_hour >= 12)


def _running(month: LocalMonth, from_hour: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Part of each interval in which something runs that starts at a local hour, across midnight if need be.

    Args:
        month: The clock.
        from_hour: Per household, 0 to 24.
        hours: Household x interval (or x 1): for how long, less than 23.
    """
    length = month.interval_minutes / 60
    since_start = (month.local_hour - length / 2 - from_hour[:, None]) % 24
    # An interval may lie in the run that began before it, or have the beginning of the next one within it.
    inside = np.clip(hours - since_start, 0, length)
    begins = np.clip(np.minimum(since_start + length - 24, hours), 0, None)
    return (inside + begins) / length
