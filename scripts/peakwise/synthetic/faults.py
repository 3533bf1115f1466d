"""What goes wrong between the meter and the file: gaps, re-sent blocks, corrections, false spikes, outages."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.outages import Outages
from peakwise.synthetic.random_streams import Purpose, stream

SPIKE_FACTOR_SPREAD = 0.7
LEAST_SPIKE_BASE_KWH = 0.2  # a spike on an idle meter is still a spike
ESTIMATE_BOUNDS = (0.5, 1.5)  # of an estimated reading against the true one
LEAST_DIFFERENCE_KWH = 0.01
DECIMALS = 4
# Added to a month, it names a stream of the same purpose that no month uses: for values, apart from where faults fall.
SECOND_STREAM = 1_000_000


class Fault(IntEnum):
    """What happened to a reading. At most one of these does; a re-sent reading is one of REGULAR, SPIKE or OUTAGE."""

    REGULAR = 0
    OUTAGE = 1
    SPIKE = 2
    ESTIMATED = 3
    MISSING = 4


KINDS = ("missing", "duplicate", "superseded", "spike", "outage")


@dataclass(frozen=True)
class FaultPlan:
    """Faults of a block and month. Gaps, outages, corrections and re-sending hit all registers of a service point.

    Attributes:
        fault: register x interval, int8 of Fault; a register cannot have two.
        is_resent: register x interval: the row is sent again, as it was.
        is_late: register x interval: the second row (re-sent or corrected) comes with the next month's file.
    """

    fault: np.ndarray
    is_resent: np.ndarray
    is_late: np.ndarray


def plan_faults(
    options: SyntheticOptions,
    block: int,
    month: int,
    register_point: np.ndarray,
    intervals: int,
    outages: Outages | None,
    *,
    is_last_month: bool,
) -> FaultPlan | None:
    """Draw the faults of a block and month, each kind from a stream of its own.

    Args:
        options: Sizes of the faults.
        block, month: Which streams.
        register_point: Row of each register's service point in the block.
        intervals: Intervals of the month.
        outages: Those of the block, or None when there are none anywhere. A gap may lie on one.
        is_last_month: Nothing is late, for there is no next file.

    Returns:
        The plan, or None when all faults are off.
    """
    fractions = (options.gap_fraction, options.resent_fraction, options.correction_fraction, options.spike_fraction)
    if not any(fractions) and outages is None:
        return None
    shape = (int(register_point[-1]) + 1, intervals)

    def draws(purpose: Purpose) -> np.random.Generator:
        return stream(options.seed, purpose, block, month)

    per_hour = 60 / options.interval_minutes
    missing, _ = _runs(draws(Purpose.GAPS), shape, options.gap_fraction, options.gap_hours * per_hour)
    resent, resent_late = _runs(
        draws(Purpose.RESENT_BLOCKS),
        shape,
        options.resent_fraction,
        options.resent_hours * per_hour,
        options.late_fraction,
    )
    corrected, corrected_late = _runs(
        draws(Purpose.CORRECTIONS),
        shape,
        options.correction_fraction,
        options.correction_hours * per_hour,
        options.late_fraction,
    )
    outage = np.zeros(shape, bool)
    if outages is not None:
        outage = _painted(shape, outages.point, outages.first, outages.length)
    spike = draws(Purpose.SPIKES).random((len(register_point), intervals), dtype=np.float32) < options.spike_fraction

    fault = np.zeros(shape, np.int8)
    fault[corrected] = Fault.ESTIMATED
    fault[outage] = Fault.OUTAGE
    fault[missing] = Fault.MISSING
    fault = fault[register_point]
    fault[spike & (fault == Fault.REGULAR)] = Fault.SPIKE
    is_resent = resent[register_point] & (fault < Fault.ESTIMATED)
    is_late = np.where(fault == Fault.ESTIMATED, corrected_late[register_point], resent_late[register_point])
    if is_last_month:
        is_late[:] = False
    return FaultPlan(fault=fault, is_resent=is_resent, is_late=is_late)


def written_kwh(options: SyntheticOptions, block: int, month: int, plan: FaultPlan, true_kwh: np.ndarray) -> np.ndarray:
    """What the first row of each reading says, given what is true; both register x interval, rounded to 4 decimals."""
    written = true_kwh.copy()
    written[plan.fault == Fault.OUTAGE] = 0.0
    at_spike = plan.fault == Fault.SPIKE
    if at_spike.any():
        rng = stream(options.seed, Purpose.SPIKES, block, month + SECOND_STREAM)
        factor = options.spike_factor * np.exp(SPIKE_FACTOR_SPREAD * rng.standard_normal(int(at_spike.sum())))
        written[at_spike] = np.maximum(true_kwh[at_spike], LEAST_SPIKE_BASE_KWH) * np.maximum(factor, 2.0)
    estimated = plan.fault == Fault.ESTIMATED
    if estimated.any():
        rng = stream(options.seed, Purpose.CORRECTIONS, block, month + SECOND_STREAM)
        truth = true_kwh[estimated]
        guess = np.round(truth * rng.uniform(*ESTIMATE_BOUNDS, len(truth)), DECIMALS)
        written[estimated] = np.where(
            np.abs(guess - truth) < LEAST_DIFFERENCE_KWH / 2, truth + LEAST_DIFFERENCE_KWH, guess
        )
    return np.round(written, DECIMALS)


def _runs(
    rng: np.random.Generator, shape: tuple[int, int], fraction: float, mean_length: float, late_fraction: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Runs of intervals that together cover about a fraction of all, and which of them are late.

    Lengths are geometric. A run may have begun before the month, so that the first hours are hit as often as others.
    """
    points, intervals = shape
    if not fraction:
        return np.zeros(shape, bool), np.zeros(shape, bool)
    mean_length = max(mean_length, 1.0)
    # Runs overlap: as many are needed as leave 1 - fraction of the intervals alone.
    number = rng.poisson(-np.log1p(-fraction) * points * intervals / mean_length)
    length = rng.geometric(1 / mean_length, number)
    point = rng.integers(0, points, number)
    first = np.floor(rng.random(number) * (intervals + length - 1)).astype(np.int64) - (length - 1)
    late = rng.random(number) < late_fraction
    on_time_mask = _painted(shape, point[~late], first[~late], length[~late])
    late_mask = _painted(shape, point[late], first[late], length[late]) & ~on_time_mask
    return on_time_mask | late_mask, late_mask


def _painted(shape: tuple[int, int], point: np.ndarray, first: np.ndarray, length: np.ndarray) -> np.ndarray:
    """A mask, service point x interval, that is true within the runs."""
    points, intervals = shape
    edges = np.zeros((points, intervals + 1), np.int32)
    np.add.at(edges, (point, np.clip(first, 0, intervals)), 1)
    np.add.at(edges, (point, np.clip(first + length, 0, intervals)), -1)
    return np.cumsum(edges, axis=1)[:, :intervals] > 0


@dataclass(frozen=True)
class FaultRuns:
    """Unbroken runs of one fault on one register, as parallel arrays.

    Attributes:
        kind: Position in KINDS.
        register: Row of the register in its block.
        first, last: First and last interval of the month.
        readings: Rows: missing ones, second ones (duplicate), first ones (superseded), or those written wrongly.
        true_kwh: What the readings should have said.
        written_kwh: What those rows say; 0 for missing ones.
        is_late: The second row comes with the next month's file.
    """

    kind: np.ndarray
    register: np.ndarray
    first: np.ndarray
    last: np.ndarray
    readings: np.ndarray
    true_kwh: np.ndarray
    written_kwh: np.ndarray
    is_late: np.ndarray


def runs_of(plan: FaultPlan, true_kwh: np.ndarray, written: np.ndarray) -> FaultRuns:
    """Sum a plan up: every faulty reading lies in exactly one run of its kind."""
    estimated = plan.fault == Fault.ESTIMATED
    masks = (
        ("missing", plan.fault == Fault.MISSING, False),
        ("duplicate", plan.is_resent & ~plan.is_late, False),
        ("duplicate", plan.is_resent & plan.is_late, True),
        ("superseded", estimated & ~plan.is_late, False),
        ("superseded", estimated & plan.is_late, True),
        ("spike", plan.fault == Fault.SPIKE, False),
        ("outage", plan.fault == Fault.OUTAGE, False),
    )
    parts = []
    for name, mask, late in masks:
        register, first, end = _unbroken(mask)
        number = len(register)
        parts.append(
            (
                np.full(number, KINDS.index(name), np.int8),
                register,
                first,
                end - 1,
                end - first,
                _sums(true_kwh, register, first, end),
                np.zeros(number) if name == "missing" else _sums(written, register, first, end),
                np.full(number, late),
            )
        )
    return FaultRuns(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _unbroken(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, first column and end column (excluded) of every run of true entries."""
    rows, columns = mask.shape
    padded = np.zeros(rows * (columns + 1) + 1, bool)
    padded[1:].reshape(rows, columns + 1)[:, :columns] = mask
    change = np.flatnonzero(padded[1:] != padded[:-1])
    start, end = change[::2], change[1::2]
    return start // (columns + 1), start % (columns + 1), end % (columns + 1)


def _sums(values: np.ndarray, row: np.ndarray, first: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Sums of values over columns first to end (excluded) of some rows."""
    if not len(row):
        return np.zeros(0)
    columns = values.shape[1]
    edges = np.stack([row * columns + first, row * columns + end], axis=1).ravel()
    flat = np.append(values.ravel(), 0.0)
    return np.round(np.add.reduceat(flat, edges)[::2], DECIMALS)
