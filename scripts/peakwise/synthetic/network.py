"""Where service points hang in the grid and stand on the ground: feeders, transformers, areas, streets, buildings."""

from dataclasses import dataclass

import numpy as np

from peakwise.synthetic.names import STREETS, area_name
from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.random_streams import Purpose, stream

POINTS_PER_TRANSFORMER = (8, 22)
TRANSFORMERS_PER_FEEDER = (7, 13)
LOW_VOLTAGE_FRACTION = 0.03  # of transformers
PREMISE_TYPES = ("house", "flat", "shop", "office", "other")
MEDIAN_AREA_M2 = {"house": 130.0, "flat": 72.0, "shop": 160.0, "office": 210.0, "other": 240.0}
AREA_FOLLOWS_SIZE = 0.35  # of the logarithm of annual kWh, the part that is floor area
AREA_SPREAD = 0.22  # standard deviation of the logarithm of the rest
MOST_CYCLE_DAY = 28  # of a month on which a billing cycle may begin: every month has it


@dataclass(frozen=True)
class Network:
    """The grid: service points hang on transformers in the order of their numbers, and transformers on feeders.

    Attributes:
        transformer: Per service point: number of its transformer from 0.
        feeder: Per transformer: number of its feeder from 0.
        first_point: Per transformer: its first service point; then the number of all service points.
        first_transformer: Per feeder: its first transformer; then the number of all transformers.
        street: Per transformer: position in STREETS. Two streets of a name may lie in different areas.
        has_low_voltage: Per transformer: its customers suffer from low voltage now and then.
    """

    transformer: np.ndarray
    feeder: np.ndarray
    first_point: np.ndarray
    first_transformer: np.ndarray
    street: np.ndarray
    has_low_voltage: np.ndarray

    def feeder_id(self, point: int) -> str:
        """Text id of the feeder of a service point."""
        return f"F{self.feeder[self.transformer[point]] + 1:04d}"

    def transformer_id(self, point: int) -> str:
        """Text id of the transformer of a service point."""
        return f"X{self.transformer[point] + 1:06d}"

    def area(self, point: int) -> str:
        """Part of the town in which a service point lies: a feeder supplies one."""
        return area_name(int(self.feeder[self.transformer[point]]))

    def street_name(self, point: int) -> str:
        """Street of a service point: a transformer supplies one."""
        return STREETS[self.street[self.transformer[point]]]


@dataclass(frozen=True)
class Premises:
    """Buildings, one entry per service point.

    Attributes:
        premise_type: Position in PREMISE_TYPES.
        floor_area_m2: Floor area.
        cycle_day: Day of the month on which its billing cycle begins.
    """

    premise_type: np.ndarray
    floor_area_m2: np.ndarray
    cycle_day: np.ndarray


def draw_network(options: SyntheticOptions) -> Network:
    """Draw transformers of about 15 service points and feeders of about 10 transformers."""
    points = options.customers
    sizes, counts, streets, voltages = (stream(options.seed, Purpose.NETWORK, part) for part in range(4))
    first_point = _firsts(sizes, POINTS_PER_TRANSFORMER, points)
    transformers = len(first_point) - 1
    first_transformer = _firsts(counts, TRANSFORMERS_PER_FEEDER, transformers)
    return Network(
        transformer=np.repeat(np.arange(transformers), np.diff(first_point)),
        feeder=np.repeat(np.arange(len(first_transformer) - 1), np.diff(first_transformer)),
        first_point=first_point,
        first_transformer=first_transformer,
        street=streets.integers(0, len(STREETS), transformers),
        has_low_voltage=voltages.random(transformers) < LOW_VOLTAGE_FRACTION,
    )


def _firsts(rng: np.random.Generator, bounds: tuple[int, int], number: int) -> np.ndarray:
    """First member of each group, when `number` members stand in groups of these sizes; then `number` itself."""
    ends = np.cumsum(rng.integers(bounds[0], bounds[1] + 1, number // bounds[0] + 1))
    return np.concatenate([[0], ends[ends < number], [number]])


def draw_premises(
    options: SyntheticOptions, is_home: np.ndarray, is_house: np.ndarray, relative_size: np.ndarray
) -> Premises:
    """Draw the buildings of all service points.

    Args:
        options: The seed.
        is_home: Per service point.
        is_house: Per service point: something that only houses have, such as a roof of their own or a pool.
        relative_size: Annual kWh of the first customer against the median of the class.
    """
    number = len(is_home)
    kinds, areas, days = (stream(options.seed, Purpose.PREMISES, part) for part in range(3))
    draws = kinds.random(number)
    home_type = np.where(is_house | (draws < 0.6), 0, 1)
    premise_type = np.where(is_home, home_type, np.searchsorted((0.55, 0.85), draws, side="right") + 2)
    median = np.array([MEDIAN_AREA_M2[kind] for kind in PREMISE_TYPES])[premise_type]
    spread = AREA_FOLLOWS_SIZE * np.log(relative_size) + AREA_SPREAD * areas.standard_normal(number)
    return Premises(
        premise_type=premise_type,
        floor_area_m2=np.round(median * np.exp(spread), 0),
        cycle_day=days.integers(1, MOST_CYCLE_DAY + 1, number),
    )
