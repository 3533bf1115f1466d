"""Outages of feeders, transformers and single services, some of them brought by storms."""

from dataclasses import dataclass

import numpy as np

from peakwise.synthetic.local_clock import LocalMonth, month_number
from peakwise.synthetic.network import Network
from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.random_streams import Purpose, stream
from peakwise.synthetic.weather import warmest_day

OUTAGE_CAUSES = ("equipment", "weather", "vegetation", "animal", "other")
CALM_CAUSE_SHARES = (0.45, 0.0, 0.12, 0.20, 0.23)
STORM_CAUSE_SHARES = (0.05, 0.60, 0.35, 0.0, 0.0)
LEVEL_SHARES = (0.50, 0.40, 0.10)  # feeder, transformer, service: of the outages that service points have
FEEDER_PART = 0.6  # mean part of a feeder that its outage hits: from the fault to the end
OUTAGE_LENGTH_SPREAD = 0.8  # standard deviation of the logarithm
CALM_LENGTH_FACTOR, STORM_LENGTH_FACTOR = 0.8, 1.25  # against the median over all
STORMS_PER_MONTH = 1.2
STORM_SEASON = 0.7  # how much more there are in the warmest weeks, and fewer in the coldest
STORM_HOURS = (3.0, 12.0)
MOMENTARY_SECONDS = (5, 240)
MONTHS_PER_YEAR = 12
MICROSECONDS_PER_SECOND = 1_000_000
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Storms:
    """Storms of a month as parallel arrays.

    Attributes:
        start_at, end_at: Microseconds from 1970-01-01 UTC.
        severity: How many outages it brings against the mean storm.
    """

    start_at: np.ndarray
    end_at: np.ndarray
    severity: np.ndarray


@dataclass(frozen=True)
class GridOutages:
    """Outages of a month as parallel arrays, in the order of their beginning.

    Attributes:
        first_point, end_point: Service points that it hit (end excluded).
        first: First interval without supply; for a momentary one the interval that it lies in.
        length: Intervals without supply, 0 for a momentary one; the last ones may lie beyond the month, where readings
            have supply again.
        start_at, end_at: Microseconds from 1970-01-01 UTC.
        cause: Position in OUTAGE_CAUSES.
        is_recorded: Whether the utility knows of it.
    """

    first_point: np.ndarray
    end_point: np.ndarray
    first: np.ndarray
    length: np.ndarray
    start_at: np.ndarray
    end_at: np.ndarray
    cause: np.ndarray
    is_recorded: np.ndarray

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Outages:
    """Outages of a block and month as parallel arrays: one entry for each outage and service point that it hit.

    Attributes:
        event: Position of the outage in the month's.
        point: Row of the service point in its block.
        first, length: Intervals without supply, see GridOutages.
    """

    event: np.ndarray
    point: np.ndarray
    first: np.ndarray
    length: np.ndarray


def draw_storms(options: SyntheticOptions, month: LocalMonth) -> Storms:
    """Draw the storms of a month; summer has more of them."""
    rng = stream(options.seed, Purpose.STORMS, 0, month_number(month.first_day))
    day = float(month.day_of_year[len(month.day_of_year) // 2])
    season = 1 + STORM_SEASON * np.cos(2 * np.pi * (day - warmest_day(options)) / 365.25)
    number = rng.poisson(STORMS_PER_MONTH * season)
    hour = MICROSECONDS_PER_SECOND * SECONDS_PER_HOUR
    span = len(month.interval_start_at) * month.interval_minutes * 60 * MICROSECONDS_PER_SECOND
    length = np.minimum((rng.uniform(*STORM_HOURS, number) * hour).astype(np.int64), span)
    start = month.interval_start_at[0] + (rng.random(number) * (span - length)).astype(np.int64)
    severity = rng.exponential(1.0, number)
    order = np.argsort(start, kind="stable")
    return Storms(start_at=start[order], end_at=(start + length)[order], severity=severity[order])


def draw_outages(options: SyntheticOptions, network: Network, month: LocalMonth, storms: Storms) -> GridOutages | None:
    """Draw the outages of a month, or None when there are none of any kind.

    Args:
        options: How many, and how long.
        network: What can fail together.
        month: The clock.
        storms: When many fail.
    """
    lasting = options.outages_per_customer_year / MONTHS_PER_YEAR
    momentary = options.momentary_outages_per_customer_year / MONTHS_PER_YEAR
    if not lasting and not momentary:
        return None
    number = month_number(month.first_day)
    parts = [
        _draw_kind(
            options, network, month, storms, rate, is_momentary, stream(options.seed, Purpose.OUTAGES, kind, number)
        )
        for kind, (rate, is_momentary) in enumerate(((lasting, False), (momentary, True)))
    ]
    columns = [np.concatenate(values) for values in zip(*parts, strict=True)]
    order = np.lexsort((columns[1], columns[0], columns[4]))
    # Numbers of their own: a share that changes leaves all else as it is.
    known = stream(options.seed, Purpose.OUTAGE_RECORDS, 0, number).random(len(order))
    return GridOutages(*(values[order] for values in columns), is_recorded=known >= options.unrecorded_outage_fraction)


def _draw_kind(
    options: SyntheticOptions,
    network: Network,
    month: LocalMonth,
    storms: Storms,
    rate: float,
    is_momentary: bool,
    rng: np.random.Generator,
) -> tuple[np.ndarray, ...]:
    """Outages that a service point has at this rate a month: all columns of GridOutages but the last."""
    points = int(network.first_point[-1])
    feeders, transformers = len(network.first_transformer) - 1, len(network.first_point) - 1
    # How many failures of each level give its share of the outages of service points.
    reach = np.array([FEEDER_PART * points / feeders, points / transformers, 1.0])
    failures = rate * np.array(LEVEL_SHARES) * points / reach
    in_calm = rng.poisson(failures * (1 - options.storm_outage_fraction))
    of_storm = rng.poisson(
        np.outer(storms.severity / STORMS_PER_MONTH, failures) * options.storm_outage_fraction
    )  # storm x level
    level = np.concatenate(
        [np.repeat(np.arange(3), in_calm), np.tile(np.arange(3), len(of_storm)).repeat(of_storm.ravel())]
    )
    storm = np.concatenate([np.full(int(in_calm.sum()), -1), np.repeat(np.arange(len(of_storm)), of_storm.sum(axis=1))])
    number = len(level)

    feeder = rng.integers(0, feeders, number)
    first_of_feeder, end_of_feeder = network.first_transformer[feeder], network.first_transformer[feeder + 1]
    # The fault lies somewhere along the feeder; what is before it keeps its supply more often than not.
    along = np.maximum(rng.random(number) * 1.25 - 0.25, 0)
    fault = first_of_feeder + (along * (end_of_feeder - first_of_feeder)).astype(np.int64)
    transformer = rng.integers(0, transformers, number)
    service = rng.integers(0, points, number)
    first_point = np.choose(level, [network.first_point[fault], network.first_point[transformer], service])
    end_point = np.choose(
        level, [network.first_point[end_of_feeder], network.first_point[transformer + 1], service + 1]
    )

    step = month.interval_minutes * 60 * MICROSECONDS_PER_SECOND
    first = rng.integers(0, month.intervals, number)
    is_stormy = storm >= 0
    if len(of_storm):
        during = storms.start_at[storm] + rng.random(number) * (storms.end_at[storm] - storms.start_at[storm])
        stormy_first = ((during - month.interval_start_at[0]) // step).astype(np.int64)
        first = np.where(is_stormy, np.clip(stormy_first, 0, month.intervals - 1), first)
    hours = options.outage_hours * np.exp(OUTAGE_LENGTH_SPREAD * rng.standard_normal(number))
    hours *= np.where(is_stormy, STORM_LENGTH_FACTOR, CALM_LENGTH_FACTOR)
    length = np.ceil(hours * 60 / month.interval_minutes).astype(np.int64)
    cause_draws = rng.random(number)
    cause = np.where(
        is_stormy,
        np.searchsorted(np.cumsum(STORM_CAUSE_SHARES)[:-1], cause_draws, side="right"),
        np.searchsorted(np.cumsum(CALM_CAUSE_SHARES)[:-1], cause_draws, side="right"),
    )
    start_at = month.interval_start_at[first]
    last = np.minimum(first + length, month.intervals) - 1
    end_at = month.interval_start_at[last] + step
    if is_momentary:
        seconds = rng.integers(MOMENTARY_SECONDS[0], MOMENTARY_SECONDS[1] + 1, number)
        latest = month.interval_minutes * 60 - seconds
        start_at = start_at + (rng.random(number) * (latest + 1)).astype(np.int64) * MICROSECONDS_PER_SECOND
        end_at = start_at + seconds * MICROSECONDS_PER_SECOND
        length = np.zeros(number, np.int64)
    return first_point, end_point, first, length, start_at, end_at, cause.astype(np.int8)


def outages_of_block(outages: GridOutages, first_point: int, points: int) -> Outages:
    """The outages that hit service points of a block, point by point in the order of the outages."""
    first = np.clip(outages.first_point - first_point, 0, points)
    hit = np.clip(outages.end_point - first_point, 0, points) - first
    event = np.repeat(np.arange(len(outages)), hit)
    before = np.cumsum(hit) - hit
    point = np.arange(len(event)) - before[event] + first[event]
    return Outages(event=event, point=point, first=outages.first[event], length=outages.length[event])
