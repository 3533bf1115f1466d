"""One block of service points and one month at a time: from agreements to the rows of a meter export."""

from dataclasses import dataclass

import numpy as np

from peakwise.synthetic.daily_draws import draw_days
from peakwise.synthetic.event_load import LoadChanges, MonthCalls, calls_of_month, load_changes
from peakwise.synthetic.faults import (
    DECIMALS,
    Fault,
    FaultRuns,
    plan_faults,
    runs_of,
    written_kwh,
)
from peakwise.synthetic.load import subtract_generation, use_kw
from peakwise.synthetic.local_clock import LocalMonth, local_month, month_after, month_number
from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.outages import GridOutages, Outages, Storms, draw_outages, draw_storms, outages_of_block
from peakwise.synthetic.population import Population
from peakwise.synthetic.programs import Programs
from peakwise.synthetic.random_streams import POINTS_PER_BLOCK, Purpose, stream
from peakwise.synthetic.weather import Conditions, ReferenceYear, Weather, conditions_of, reference_year, warmest_day

CHANNELS = ("delivered", "received")


@dataclass(frozen=True)
class Utility:
    """What all blocks and months share."""

    options: SyntheticOptions
    population: Population
    weather: Weather
    reference: ReferenceYear
    programs: Programs

    @property
    def blocks(self) -> int:
        """Number of blocks of service points."""
        return -(-self.population.service_points // POINTS_PER_BLOCK)


@dataclass(frozen=True)
class MonthSetting:
    """What all blocks share within one month."""

    index: int
    month: LocalMonth
    conditions: Conditions
    storms: Storms
    outages: GridOutages | None
    calls: MonthCalls

    @property
    def number(self) -> int:
        """Months since year 0, by which random streams know the month."""
        return month_number(self.month.first_day)


@dataclass(frozen=True)
class ReadingRows:
    """Rows of a readings file as parallel arrays; service points by number, channels by position in CHANNELS."""

    service_point: np.ndarray
    channel: np.ndarray
    interval_start_at: np.ndarray
    kwh: np.ndarray
    version: np.ndarray

    def __len__(self) -> int:
        return len(self.kwh)


@dataclass(frozen=True)
class Responses:
    """True change of each called agreement's net energy, one entry per call and hour, as parallel arrays.

    Attributes:
        event, agreement: Positions.
        hour_start_at: Microseconds from 1970-01-01 UTC.
        without_kwh: Net energy that the hour would have had without the event.
        change_kwh: What the event changed of it, without any fault or outage.
    """

    event: np.ndarray
    agreement: np.ndarray
    hour_start_at: np.ndarray
    without_kwh: np.ndarray
    change_kwh: np.ndarray


@dataclass(frozen=True)
class BlockMonth:
    """All that one block and month give.

    Attributes:
        rows: For the month's file: readings by service point, channel and time, then the block's second rows.
        late_rows: For the next month's file.
        expected_readings: Readings without any fault.
        service_point, channel: Of each register, for `faults`.
        faults: Runs of faults, or None when faults are off.
        outages: Outages, or None when there are none anywhere.
        responses: What events changed.
        accepted_units: Energy delivered to each service point by the readings that count in the end, service point x
            interval in whole numbers of the last decimal; missing readings count as 0.
        block: The block.
        points: Service points of the block.
        agreement: Positions of the agreements that ran in this month.
        delivered_kwh, received_kwh: What each of them would have drawn and fed in without any fault or outage.
    """

    rows: ReadingRows
    late_rows: ReadingRows
    expected_readings: int
    service_point: np.ndarray
    channel: np.ndarray
    faults: FaultRuns | None
    outages: Outages | None
    responses: Responses
    accepted_units: np.ndarray
    block: int
    points: np.ndarray
    agreement: np.ndarray
    delivered_kwh: np.ndarray
    received_kwh: np.ndarray


def make_month_setting(utility: Utility, index: int) -> MonthSetting:
    """Clock and weather of the utility's month number `index` from 0."""
    month = local_month(utility.options, index)
    storms = draw_storms(utility.options, month)
    return MonthSetting(
        index=index,
        month=month,
        conditions=conditions_of(utility.options, utility.weather, month),
        storms=storms,
        outages=draw_outages(utility.options, utility.population.network, month, storms),
        calls=calls_of_month(utility.programs, month),
    )


def make_utility(options: SyntheticOptions, population: Population, weather: Weather, programs: Programs) -> Utility:
    """Bind population, weather and programs together."""
    return Utility(options, population, weather, reference_year(options, weather), programs)


def make_block_month(utility: Utility, setting: MonthSetting, block: int) -> BlockMonth:
    """Readings of one block in one month, with everything that goes wrong on their way."""
    options, month = utility.options, setting.month
    first_point = block * POINTS_PER_BLOCK
    points = np.arange(first_point, min(first_point + POINTS_PER_BLOCK, utility.population.service_points))
    net, agreement, energy, responses = _net_kwh(utility, setting, block, points)

    has_roof = utility.population.has_roof[points]
    register_point = np.repeat(np.arange(len(points)), 1 + has_roof)
    is_received = np.append(False, register_point[1:] == register_point[:-1])
    true_kwh = net[register_point]
    true_kwh[is_received] *= -1
    np.maximum(true_kwh, 0.0, out=true_kwh)

    outages = None if setting.outages is None else outages_of_block(setting.outages, first_point, len(points))
    plan = plan_faults(
        options,
        block,
        setting.number,
        register_point,
        month.intervals,
        outages,
        is_last_month=setting.index == options.months - 1,
    )
    service_point = points[register_point]
    channel = is_received.astype(np.int8)
    if plan is None:
        written = accepted = true_kwh
        faults = None
        regular = _all_rows(service_point, channel, month, true_kwh)
        rows, late_rows = regular, _no_rows()
    else:
        written = written_kwh(options, block, setting.number, plan, true_kwh)
        faults = runs_of(plan, true_kwh, written)
        estimated = plan.fault == Fault.ESTIMATED
        accepted = np.where(estimated, true_kwh, np.where(plan.fault == Fault.MISSING, 0.0, written))
        regular = _all_rows(service_point, channel, month, written, keep=plan.fault != Fault.MISSING)

        def second_rows(is_late: np.ndarray) -> list[ReadingRows]:
            return [
                _some_rows(service_point, channel, month, written, plan.is_resent & is_late, version=0),
                _some_rows(service_point, channel, month, true_kwh, estimated & is_late, version=1),
            ]

        rows = joined([regular, *second_rows(~plan.is_late)])
        late_rows = joined(second_rows(plan.is_late))
    return BlockMonth(
        rows=rows,
        late_rows=late_rows,
        expected_readings=true_kwh.size,
        service_point=service_point,
        channel=channel,
        faults=faults,
        outages=outages,
        responses=responses,
        accepted_units=np.rint(accepted[~is_received] * 10**DECIMALS).astype(np.int64),
        block=block,
        points=points,
        agreement=agreement,
        delivered_kwh=energy[0],
        received_kwh=energy[1],
    )


def _net_kwh(
    utility: Utility, setting: MonthSetting, block: int, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray], Responses]:
    """Net energy of each service point and interval, and what each agreement of the month had of it.

    Returns:
        Net kWh (service point x interval, 4 decimals); positions of agreements; their delivered and received kWh; what
        events changed.
    """
    options, month, population = utility.options, setting.month, utility.population
    first_day, end_day = month.first_day_since_start, month.first_day_since_start + month.days
    following = population.next_agreement[points]
    move_day = np.where(following >= 0, population.agreements.starts_on_day[following], end_day)
    has_moved = move_day <= first_day
    moving = np.flatnonzero((move_day > first_day) & (move_day < end_day))
    agreement = np.concatenate([np.where(has_moved, following, points), following[moving]])
    point_in_block = np.concatenate([np.arange(len(points)), moving])
    households = population.agreements.rows(agreement)

    days_before = (month.first_day - month_after(month.first_day, -1)).days
    rng = stream(options.seed, Purpose.READINGS, block, setting.number)
    net = use_kw(
        households,
        point_in_block,
        month,
        setting.conditions,
        utility.reference,
        draw_days(options.seed, options.noise, block, setting.number, len(points), month.days),
        draw_days(options.seed, options.noise, block, setting.number - 1, len(points), days_before),
        rng,
        options.noise,
        warmest_day(options),
    )
    calls, rows = _calls_of(setting.calls, agreement)
    changes = load_changes(net, calls, rows, month)
    net[changes.row, changes.interval] += changes.kw
    subtract_generation(net, households, setting.conditions, utility.reference, rng, options.noise)
    # Whole numbers of the last decimal, so that sums are exact.
    scale = month.interval_minutes / 60 * 10**DECIMALS
    units = np.rint(net.astype(np.float64) * scale)
    responses = _responses(units, net, scale, calls, changes, month)
    for row, point in enumerate(moving, start=len(points)):
        before_move = month.day_index < move_day[point] - first_day
        units[row, before_move] = 0.0
        units[point, ~before_move] = 0.0
    delivered = np.maximum(units, 0.0).sum(axis=1) / 10**DECIMALS
    received = delivered - units.sum(axis=1) / 10**DECIMALS
    units[moving] += units[len(points) :]
    return units[: len(points)] / 10**DECIMALS, agreement, (delivered, received), responses


def _calls_of(calls: MonthCalls, agreement: np.ndarray) -> tuple[MonthCalls, np.ndarray]:
    """The month's calls at these agreements, and the row of each."""
    chosen = np.flatnonzero(np.isin(calls.agreement, agreement))
    order = np.argsort(agreement)
    rows = order[np.searchsorted(agreement, calls.agreement[chosen], sorter=order)]
    return calls.rows(chosen), rows


def _responses(
    units: np.ndarray, net: np.ndarray, scale: float, calls: MonthCalls, changes: LoadChanges, month: LocalMonth
) -> Responses:
    """Changes as the meter would have seen them, summed up by hours from the start of the event."""
    now = units[changes.row, changes.interval]
    without = np.rint((net[changes.row, changes.interval] - changes.kw).astype(np.float64) * scale)
    hour = 3_600_000_000
    start_at = calls.start_at[changes.call]
    hours_on = (month.interval_start_at[changes.interval] - start_at) // hour
    # Entries come by call and time, so every hour of a call is one run.
    begins = np.flatnonzero(np.append(True, (np.diff(changes.call) != 0) | (np.diff(hours_on) != 0))[: len(now)])

    def sums(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values, begins) / 10**DECIMALS if len(begins) else values

    call = changes.call[begins]
    return Responses(
        event=calls.event[call],
        agreement=calls.agreement[call],
        hour_start_at=start_at[begins] + hours_on[begins] * hour,
        without_kwh=sums(without),
        change_kwh=sums(now - without),
    )


def joined(parts: list[ReadingRows]) -> ReadingRows:
    """Rows one after another."""
    names = ("service_point", "channel", "interval_start_at", "kwh", "version")
    return ReadingRows(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _no_rows() -> ReadingRows:
    return ReadingRows(*(np.zeros(0, kind) for kind in (np.int64, np.int8, np.int64, np.float64, np.int64)))


def _all_rows(
    service_point: np.ndarray,
    channel: np.ndarray,
    month: LocalMonth,
    kwh: np.ndarray,
    keep: np.ndarray | None = None,
) -> ReadingRows:
    """Version 0 of every reading of the block's registers, but for those that `keep` leaves out."""
    rows = ReadingRows(
        service_point=np.repeat(service_point, month.intervals),
        channel=np.repeat(channel, month.intervals),
        interval_start_at=np.tile(month.interval_start_at, len(service_point)),
        kwh=kwh.ravel(),
        version=np.zeros(kwh.size, np.int64),
    )
    if keep is None or keep.all():
        return rows
    kept = keep.ravel()
    return ReadingRows(
        rows.service_point[kept], rows.channel[kept], rows.interval_start_at[kept], rows.kwh[kept], rows.version[kept]
    )


def _some_rows(
    service_point: np.ndarray, channel: np.ndarray, month: LocalMonth, kwh: np.ndarray, mask: np.ndarray, version: int
) -> ReadingRows:
    """The few readings that a mask, register x interval, picks out."""
    register, interval = np.nonzero(mask)
    return ReadingRows(
        service_point=service_point[register],
        channel=channel[register],
        interval_start_at=month.interval_start_at[interval],
        kwh=kwh[register, interval],
        version=np.full(len(register), version, np.int64),
    )
