"""Equipment that runs by itself: vehicles, storage heaters, water heaters and pool pumps, how strong and from when.

Equipment has a real power within bounds. A larger customer runs it longer or on more nights, so that mean shapes depend
on size as little as those bounds allow.
"""

from dataclasses import dataclass

import numpy as np

from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.random_streams import Purpose, stream

DAYS_PER_YEAR = 365.0

TYPICAL_CHARGER_KW = 7.2
CHARGER_KW_BOUNDS = (3.3, 11.0)
SOCKET_KW_BOUNDS = (1.3, 1.5)
SOCKET_WISH = 0.30  # of drivers; a quarter of all when those who drive too much for a socket are left out
MOST_SOCKET_HOURS = 11.0
MOST_NIGHTS = 0.92  # of charging

STORAGE_KW_BOUNDS = (2, 6)  # whole kilowatts
STORAGE_KWH_PER_KW = 600.0  # heat of a temperate winter for which a home installs one kilowatt
STORAGE_WINDOW_HOURS = 7.0  # of the night tariff
STORAGE_FROM_HOURS = (23.0, 23.5, 24.0)  # when the night tariff begins

TYPICAL_WATER_KW = 2.5
WATER_KW_BOUNDS = (2.0, 3.0)
WATER_HOURS_BOUNDS = (1.0, 2.5)
WATER_SHARE = 0.17  # of annual kWh at the median
WATER_FROM_HOURS = (22.0, 28.0)  # in quarters of an hour

TYPICAL_POOL_KW = 1.15
POOL_KW_BOUNDS = (0.8, 1.6)
POOL_HOURS_BOUNDS = (6.0, 10.0)
POOL_SHARE = 0.20  # of annual kWh at the median
POOL_FROM_HOURS_BY_DAY = (7.0, 11.0)
POOL_FROM_HOURS_BY_NIGHT = (20.0, 23.0)
POOL_AT_NIGHT = 0.3  # of pumps
POOL_HALF_SEASON_DAYS = (80.0, 100.0)  # either side of the warmest day of the year

FIXTURE_KW_SPREAD = 0.15  # standard deviation of the logarithm
FIXTURE_SPREAD = 0.2  # standard deviation of the logarithm of the share of annual kWh
MOST_FIXTURE_SHARE = 0.4  # of annual kWh; a home too small for the least use of a thing does not have it
QUARTERS_PER_HOUR = 4


@dataclass(frozen=True)
class Fixtures:
    """What stays with a home when people move: one entry per service point.

    Attributes:
        has_water_heater_timer, has_pool_pump: Whether it is there.
        water_kw, pool_kw: Power.
        water_from_hour, pool_from_hour: Local hours from 0 to 24 at which the timer starts it.
        water_spread, pool_spread: How far its share of annual kWh lies from the median, in logarithms.
        pool_half_season_days: Days of pumping either side of the warmest day of the year.
    """

    has_water_heater_timer: np.ndarray
    water_kw: np.ndarray
    water_from_hour: np.ndarray
    water_spread: np.ndarray
    has_pool_pump: np.ndarray
    pool_kw: np.ndarray
    pool_from_hour: np.ndarray
    pool_spread: np.ndarray
    pool_half_season_days: np.ndarray


def draw_fixtures(options: SyntheticOptions, block: int, is_home: np.ndarray, relative_size: np.ndarray) -> Fixtures:
    """Draw what is built into the homes of a block; shares of homes are drawn apart from all else.

    Args:
        options: The shares of homes.
        block: Which stream.
        is_home: Per service point of the block; others have nothing.
        relative_size: Annual kWh of the first customer against the median: large homes have large things.
    """
    rng = stream(options.seed, Purpose.FIXTURES, block)
    number = len(is_home)
    wishes = rng.random((2, number))
    relative_kw = relative_size * np.exp(FIXTURE_KW_SPREAD * rng.standard_normal((2, number)))
    by_night = rng.random(number) < POOL_AT_NIGHT
    pool_from_hour = np.where(
        by_night,
        _quarter_hours(rng, POOL_FROM_HOURS_BY_NIGHT, number),
        _quarter_hours(rng, POOL_FROM_HOURS_BY_DAY, number),
    )
    return Fixtures(
        has_water_heater_timer=is_home & (wishes[0] < options.water_heater_timer_fraction),
        water_kw=np.clip(TYPICAL_WATER_KW * relative_kw[0], *WATER_KW_BOUNDS),
        water_from_hour=_quarter_hours(rng, WATER_FROM_HOURS, number) % 24,
        water_spread=FIXTURE_SPREAD * rng.standard_normal(number),
        has_pool_pump=is_home & (wishes[1] < options.pool_pump_fraction),
        pool_kw=np.clip(TYPICAL_POOL_KW * relative_kw[1], *POOL_KW_BOUNDS),
        pool_from_hour=pool_from_hour,
        pool_spread=FIXTURE_SPREAD * rng.standard_normal(number),
        pool_half_season_days=rng.uniform(*POOL_HALF_SEASON_DAYS, number),
    )


def use_of_fixtures(fixtures: Fixtures, annual_kwh: np.ndarray) -> dict[str, np.ndarray]:
    """What customers of these sizes (annual kWh) make of the fixtures of their homes.

    Returns:
        Per customer: power (0 where there is nothing), hours of a day of use, start, season of the pump; and
        `fixture_shares`, customer x (water heater, pool pump): parts of annual kWh.
    """
    water_days = np.full(len(annual_kwh), DAYS_PER_YEAR)
    pool_days = 2 * fixtures.pool_half_season_days
    water_hours, has_water = _hours_of_use(
        WATER_SHARE * np.exp(fixtures.water_spread), fixtures.water_kw * water_days, annual_kwh, WATER_HOURS_BOUNDS
    )
    pool_hours, has_pool = _hours_of_use(
        POOL_SHARE * np.exp(fixtures.pool_spread), fixtures.pool_kw * pool_days, annual_kwh, POOL_HOURS_BOUNDS
    )
    water_kw = np.where(has_water & fixtures.has_water_heater_timer, fixtures.water_kw, 0.0)
    pool_kw = np.where(has_pool & fixtures.has_pool_pump, fixtures.pool_kw, 0.0)
    kwh = np.stack([water_kw * water_hours * water_days, pool_kw * pool_hours * pool_days], axis=1)
    return {
        "water_kw": water_kw,
        "water_hours": water_hours,
        "water_from_hour": fixtures.water_from_hour,
        "pool_kw": pool_kw,
        "pool_hours": pool_hours,
        "pool_from_hour": fixtures.pool_from_hour,
        "pool_half_season_days": fixtures.pool_half_season_days,
        "fixture_shares": kwh / annual_kwh[:, None],
    }


def draw_vehicles(
    rng: np.random.Generator, vehicle_kwh: np.ndarray, relative_size: np.ndarray
) -> dict[str, np.ndarray]:
    """Chargers of a real size, used on as many nights as the energy needs: mean shapes then do not follow size.

    Args:
        rng: Where from.
        vehicle_kwh: Annual kWh of charging, 0 without a vehicle.
        relative_size: Annual kWh against the median of the class.

    Returns:
        Per customer: `charger_kw`, `charge_hours` of a mean night of charging, `charge_probability` of a night,
        `charge_from_hour` in hours from noon.
    """
    number = len(vehicle_kwh)
    kwh_per_night = vehicle_kwh / DAYS_PER_YEAR
    wanted_kw = TYPICAL_CHARGER_KW * relative_size * np.exp(0.25 * rng.standard_normal(number))
    charge_hours = rng.uniform(1.8, 3.6, number)
    start = rng.standard_normal(number)
    socket_kw = rng.uniform(*SOCKET_KW_BOUNDS, number)
    socket_hours = rng.uniform(4.5, 9.0, number)
    at_socket = rng.random(number) < SOCKET_WISH
    at_socket &= kwh_per_night <= MOST_NIGHTS * socket_kw * MOST_SOCKET_HOURS

    charger_kw = np.where(at_socket, socket_kw, np.clip(wanted_kw, *CHARGER_KW_BOUNDS))
    charge_hours = np.where(at_socket, socket_hours, charge_hours)
    charge_hours = np.maximum(charge_hours, kwh_per_night / (MOST_NIGHTS * charger_kw))
    return {
        "charger_kw": charger_kw,
        "charge_hours": charge_hours,
        "charge_probability": kwh_per_night / (charge_hours * charger_kw),
        # Who needs half the night begins earlier.
        "charge_from_hour": np.where(at_socket, 10.2, 11.2) + 0.9 * start,
    }


def draw_vehicle_days(
    options: SyntheticOptions, draws: np.ndarray, first_day: np.ndarray, end_day: np.ndarray, margin_days: int
) -> np.ndarray:
    """Days on which vehicles come to customers who did not have one at first.

    Args:
        options: The share of such vehicles.
        draws: customer x 2: numbers from 0 to 1, for whether and when.
        first_day, end_day: Days of the customer's agreement since the utility's first (end excluded).
        margin_days: From either end of the agreement, if it has that many days.

    Returns:
        Days since the utility's first; -1 for a vehicle that was there from the start.
    """
    margin = np.minimum(margin_days, (end_day - first_day) // 4)
    choice = end_day - first_day - 2 * margin
    day = first_day + margin + (draws[:, 1] * choice).astype(np.int64)
    return np.where(draws[:, 0] < options.new_vehicle_fraction, day, -1)


def draw_storage_heaters(rng: np.random.Generator, storage_kwh: np.ndarray) -> dict[str, np.ndarray]:
    """Storage heaters for this annual heat (kWh, 0 without): charged when the night tariff begins, in two stages.

    Returns:
        Per customer: `storage_kw`, `storage_from_hour` (0 to 24), and the part of the heaters that is full first:
        `storage_early_share` of the power, `storage_early_length` of the others' hours.
    """
    number = len(storage_kwh)
    begins = np.array(STORAGE_FROM_HOURS)[rng.integers(0, len(STORAGE_FROM_HOURS), number)]
    storage_kw = np.clip(np.ceil(storage_kwh / STORAGE_KWH_PER_KW), *STORAGE_KW_BOUNDS)
    return {
        "storage_kw": np.where(storage_kwh > 0, storage_kw, 0.0),
        # Relays switch some minutes after the tariff, so that not all come at once.
        "storage_from_hour": (begins + rng.uniform(0.0, 0.25, number)) % 24,
        "storage_early_share": rng.uniform(0.25, 0.5, number),
        "storage_early_length": rng.uniform(0.5, 0.9, number),
    }


def _quarter_hours(rng: np.random.Generator, bounds: tuple[float, float], number: int) -> np.ndarray:
    """Times of timers, which people set to quarters of an hour; both bounds are possible."""
    first, last = (round(hour * QUARTERS_PER_HOUR) for hour in bounds)
    return rng.integers(first, last + 1, number) / QUARTERS_PER_HOUR


def _hours_of_use(
    share: np.ndarray, kwh_per_hour_of_use: np.ndarray, annual_kwh: np.ndarray, bounds: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Hours of a day that use this share of annual kWh, within bounds; and whether the home is large enough at all."""
    least, most = bounds
    hours_at_most_share = MOST_FIXTURE_SHARE * annual_kwh / kwh_per_hour_of_use
    hours = np.clip(share * annual_kwh / kwh_per_hour_of_use, least, np.clip(hours_at_most_share, least, most))
    return hours, hours_at_most_share >= least
