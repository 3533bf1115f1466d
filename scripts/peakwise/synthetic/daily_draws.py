"""What chance decides once a day for each service point."""

from dataclasses import dataclass

import numpy as np

from peakwise.synthetic.random_streams import Purpose, stream

ABSENCE_PROBABILITY = 0.2  # of days away in a month, at noise = 1
ABSENCE_DAYS = (3, 11)
CHARGE_LENGTH_BOUNDS = (0.5, 1.5)  # of a night's charging against the customer's mean


@dataclass(frozen=True)
class DailyDraws:
    """What chance decides once a day (or night) for the service points of a block; arrays are service point x day."""

    departure: np.ndarray
    is_away: np.ndarray
    charges: np.ndarray
    charge_start: np.ndarray
    charge_length: np.ndarray
    thermostat: np.ndarray


def draw_days(seed: int, noise: float, block: int, month: int, points: int, days: int) -> DailyDraws:
    """Daily draws of a block and month; also asked for by the month after, whose first days remember these."""
    rng = stream(seed, Purpose.DAYS, block, month)
    shape = (points, days)
    departure = rng.standard_normal(shape)
    leaves = rng.random(points) < ABSENCE_PROBABILITY * noise
    first = rng.integers(-ABSENCE_DAYS[0], days, points)
    length = rng.integers(*ABSENCE_DAYS, points)
    day = np.arange(days)
    is_away = leaves[:, None] & (day >= first[:, None]) & (day < (first + length)[:, None])
    return DailyDraws(
        departure=departure,
        is_away=is_away,
        charges=rng.random(shape),
        charge_start=rng.standard_normal(shape),
        charge_length=rng.uniform(*CHARGE_LENGTH_BOUNDS, shape),
        thermostat=rng.standard_normal(shape),
    )


def of_nights(today: DailyDraws, before: DailyDraws, name: str) -> np.ndarray:
    """One kind of draw by night: service point x (days + 1).

    A night lasts from noon to noon; night 0 began on the last day of the month before and has that day's draw.
    """
    return np.concatenate([getattr(before, name)[:, -1:], getattr(today, name)], axis=1)
