"""Electricity that a block of service points uses and feeds in, interval by interval of one month."""

import numpy as np

from peakwise.synthetic.archetypes import ACTIVITY_GRID, COOLING_GRID, GRID_POINTS, GRID_POINTS_PER_HOUR, HEATING_GRID
from peakwise.synthetic.daily_draws import DailyDraws
from peakwise.synthetic.equipment_load import (
    full_charge,
    pool_pump_kw,
    storage_heater_kw,
    stored_kw,
    vehicle_kw,
    water_heater_kw,
)
from peakwise.synthetic.local_clock import LocalMonth
from peakwise.synthetic.population import HABIT_WAVES, Agreements
from peakwise.synthetic.weather import Conditions, ReferenceYear, activity_factor

HOURS_PER_YEAR = 8760.0
# At noise = 1; each scales with `noise`.
READING_SPREAD = 0.8  # standard deviation of the logarithm of a reading around its day
DAY_SPREAD = 0.6  # the same of a day around its customer
DAY_PERSISTENCE = 0.6  # of one day's departure, what is left on the next
DAY_MEMORY = 14  # days after which the rest is forgotten
APPLIANCE_PROBABILITY = 0.1  # of a large appliance in a reading
APPLIANCE_FACTOR = 2.5
ROOF_SPREAD = 0.3  # shading and passing clouds of one roof

ACTIVITY_WHEN_AWAY = 0.15
WEATHER_LOAD_WHEN_AWAY = 0.5


def use_kw(
    households: Agreements,
    point_in_block: np.ndarray,
    month: LocalMonth,
    conditions: Conditions,
    reference: ReferenceYear,
    today: DailyDraws,
    before: DailyDraws,
    rng: np.random.Generator,
    noise: float,
    warmest_day: float,
) -> np.ndarray:
    """Mean kW that each household uses in each interval, whatever its roof generates.

    Args:
        households: Agreements, one per row of the result.
        point_in_block: Row of each household's service point in the daily draws.
        month, conditions: Clock and weather of the month's intervals.
        reference: By which annual kWh becomes kW.
        today, before: Daily draws of this month and the one before.
        rng: For what differs from reading to reading.
        noise: The option.
        warmest_day: Day of the year, middle of the season of pool pumps.

    Returns:
        household x interval, float32.
    """
    mean_kw = households.annual_kwh / HOURS_PER_YEAR
    part_kw = households.shares * mean_kw[:, None]
    storers = np.flatnonzero(households.storage_kw)
    stored = households.rows(storers)
    full = full_charge(stored, reference, part_kw[storers, 5])
    # What storage heaters cannot hold is heated when it is wanted.
    part_kw[storers, 3] += part_kw[storers, 5] - stored_kw(stored, reference, full)
    hours = (np.arange(month.slots_per_day) + 0.5) * (24 / month.slots_per_day)
    column = month.clock_column
    away = today.is_away[point_in_block]
    day_factor = _day_factor(today, before, noise)[point_in_block]

    activity = _scaled(_activity(households, hours), part_kw[:, 1], reference.activity)
    load = np.take(activity, column, axis=1)
    load *= activity_factor(conditions)
    load *= _by_day(day_factor * np.where(away, ACTIVITY_WHEN_AWAY, 1.0), month)
    weather_factor = _by_day(np.where(away, WEATHER_LOAD_WHEN_AWAY, 1.0), month)
    for grid, kw, degrees, share in (
        (COOLING_GRID, part_kw[:, 2], conditions.cooling_degrees, reference.cooling),
        (HEATING_GRID, part_kw[:, 3], conditions.heating_degrees, reference.heating),
    ):
        if degrees.any():
            table = _scaled(_looked_up(grid, households.archetype, households.shift_hours, hours), kw, share)
            running = np.take(table, column, axis=1)
            running *= degrees
            running *= weather_factor
            load += running
    load += part_kw[:, :1].astype(np.float32)
    if noise:
        load *= _reading_noise(rng, load.shape, noise)

    drivers = np.flatnonzero(households.shares[:, 4] > 0)
    if len(drivers):
        load[drivers] += vehicle_kw(households.rows(drivers), point_in_block[drivers], month, today, before)
    if len(storers) and conditions.storage_charge.any():
        load[storers] += storage_heater_kw(stored, point_in_block[storers], full, month, conditions, today, before)
    bathers = np.flatnonzero(households.water_kw)
    if len(bathers):
        load[bathers] += water_heater_kw(households.rows(bathers), point_in_block[bathers], month, today, before)
    pools = np.flatnonzero(households.pool_kw)
    if len(pools):
        load[pools] += pool_pump_kw(households.rows(pools), month, warmest_day)
    return load


def subtract_generation(
    load: np.ndarray,
    households: Agreements,
    conditions: Conditions,
    reference: ReferenceYear,
    rng: np.random.Generator,
    noise: float,
) -> None:
    """Take the generation of solar roofs off the kW of their households; below zero, a roof feeds in.

    Args:
        load: Household x interval, changed in place.
        households: Agreements, one per row.
        conditions, reference: Sun of the month and of a year.
        rng: For what differs from reading to reading.
        noise: The option.
    """
    roofs = np.flatnonzero(households.solar_share > 0)
    if len(roofs):
        load[roofs] -= _generation_kw(households.rows(roofs), conditions, reference, rng, noise)


def _looked_up(grid: np.ndarray, archetype: np.ndarray, shift_hours: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Day shapes on each household's own clock: household x (weekday, weekend) x slot."""
    own_hours = hours[None, :] - shift_hours[:, None]
    position = np.rint(own_hours * GRID_POINTS_PER_HOUR).astype(np.int64) % GRID_POINTS
    return grid[archetype[:, None, None], np.arange(2)[None, :, None], position[:, None, :]]


def _activity(households: Agreements, hours: np.ndarray) -> np.ndarray:
    """Activity of each household: its archetype's, another's mixed in, and habits of its own."""
    own = _normalised(_looked_up(ACTIVITY_GRID, households.archetype, households.shift_hours, hours))
    other = _normalised(_looked_up(ACTIVITY_GRID, households.other_archetype, households.shift_hours, hours))
    share = households.other_share[:, None, None]
    cycles = np.arange(1, HABIT_WAVES + 1)[:, None] * (2 * np.pi / 24) * hours[None, :]
    waves = households.habit_waves @ np.concatenate([np.cos(cycles), np.sin(cycles)])
    return ((1 - share) * own + share * other) * np.exp(waves)[:, None, :]


def _normalised(shapes: np.ndarray) -> np.ndarray:
    return shapes / shapes.mean(axis=(1, 2), keepdims=True)


def _scaled(shapes: np.ndarray, kw: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Tables household x (weekday slots, weekend slots) whose product with the weather averages `kw` in a year."""
    slots_per_hour = shapes.shape[2] // 24
    hourly = shapes.reshape(len(shapes), 2, 24, slots_per_hour).mean(axis=3)
    mean = (hourly * reference).sum(axis=(1, 2))
    factor = np.divide(kw, mean, out=np.zeros_like(kw), where=mean > 1e-9)
    return (shapes * factor[:, None, None]).reshape(len(shapes), -1).astype(np.float32)


def _by_day(values: np.ndarray, month: LocalMonth) -> np.ndarray:
    """Values per day, spread over the day's intervals."""
    return np.take(values.astype(np.float32), month.day_index, axis=1)


def _day_factor(today: DailyDraws, before: DailyDraws, noise: float) -> np.ndarray:
    """Good and bad days of a household that fade over the days after: service point x day, mean 1."""
    weights = DAY_PERSISTENCE ** np.arange(DAY_MEMORY)
    weights /= np.sqrt((weights**2).sum())
    days = today.departure.shape[1]
    draws = np.concatenate([before.departure[:, -(DAY_MEMORY - 1) :], today.departure], axis=1)
    memory = sum(
        weight * draws[:, DAY_MEMORY - 1 - lag : DAY_MEMORY - 1 - lag + days] for lag, weight in enumerate(weights)
    )
    spread = DAY_SPREAD * noise
    return np.exp(spread * memory - spread**2 / 2)


def _reading_noise(rng: np.random.Generator, shape: tuple[int, int], noise: float) -> np.ndarray:
    """Factors of mean 1: a lognormal one, multiplied now and then by a large appliance."""
    spread = np.float32(READING_SPREAD * noise)
    probability = APPLIANCE_PROBABILITY * noise
    mean = 1 + probability * (APPLIANCE_FACTOR - 1)
    factor = rng.standard_normal(shape, dtype=np.float32)
    factor *= spread
    factor -= spread**2 / 2 + np.float32(np.log(mean))
    np.exp(factor, out=factor)
    factor[rng.random(shape, dtype=np.float32) < probability] *= APPLIANCE_FACTOR
    return factor


def _generation_kw(
    households: Agreements, conditions: Conditions, reference: ReferenceYear, rng: np.random.Generator, noise: float
) -> np.ndarray:
    """Solar generation of each roof: household x interval."""
    mean_kw = households.annual_kwh * households.solar_share / HOURS_PER_YEAR
    roof_size = mean_kw / (households.roof_facing @ reference.sunlight)
    generation = (roof_size[:, None] * households.roof_facing).astype(np.float32) @ conditions.sunlight
    if noise:
        spread = np.float32(ROOF_SPREAD * noise)
        generation *= np.exp(spread * rng.standard_normal(generation.shape, dtype=np.float32))
    return generation
