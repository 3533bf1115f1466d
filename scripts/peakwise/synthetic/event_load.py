"""What events do to the load of the members they call: less during the event, some of it back afterwards."""

from dataclasses import dataclass

import numpy as np

from peakwise.synthetic.local_clock import LocalMonth
from peakwise.synthetic.programs import PROGRAMS, Programs

MICROSECONDS_PER_HOUR = 3_600_000_000
HOURS_AHEAD = 1
REBOUND_SHARES = (0.65, 0.35)  # by hour after the event
HOURS_AFTER = len(REBOUND_SHARES)


@dataclass(frozen=True)
class MonthCalls:
    """Calls of a month, one entry per event and agreement, as parallel arrays by event; times in hours from its start.

    Attributes:
        event: Position of the event.
        agreement: Position of the agreement.
        start_at: Microseconds from 1970-01-01 UTC at which the event starts.
        hours: Length of the event.
        stop: When the response ends: with the event, or when the customer opts out.
        fraction: Share of the load left out in the first hour.
        fading: Part of it that is left in the last hour.
        rebound, ahead: Parts of the energy left out that come after and before.
    """

    event: np.ndarray
    agreement: np.ndarray
    start_at: np.ndarray
    hours: np.ndarray
    stop: np.ndarray
    fraction: np.ndarray
    fading: np.ndarray
    rebound: np.ndarray
    ahead: np.ndarray

    def rows(self, index: np.ndarray) -> "MonthCalls":
        """The calls at these positions."""
        return MonthCalls(**{name: values[index] for name, values in vars(self).items()})


@dataclass(frozen=True)
class LoadChanges:
    """Changes of load by events, one entry per call and interval around the event, as parallel arrays.

    Attributes:
        call: Position of the call in the block's.
        row: Row of the agreement.
        interval: Interval of the month.
        kw: Change of mean kW.
    """

    call: np.ndarray
    row: np.ndarray
    interval: np.ndarray
    kw: np.ndarray


def calls_of_month(programs: Programs, month: LocalMonth) -> MonthCalls:
    """The calls of a month's events, at every agreement that a called customer has."""
    events, calls = programs.events, programs.calls
    day = events.day[calls.event] - month.first_day_since_start
    chosen = np.flatnonzero((day >= 0) & (day < month.days))
    order = np.argsort(programs.position, kind="stable")
    held = np.bincount(programs.position, minlength=len(programs.customer))
    first = np.cumsum(held) - held
    # A customer has one agreement or two at once; whoever moves is out of the program by then.
    number = held[calls.customer[chosen]]
    call = np.repeat(chosen, number)
    within = np.arange(len(call)) - np.repeat(np.cumsum(number) - number, number)
    event = calls.event[call]
    start, end = events.start_at[event], events.end_at[event]
    hours = (end - start) / MICROSECONDS_PER_HOUR
    opted_out = calls.opted_out_at[call]
    program = events.program[event]
    fading = np.array([kind.fading for kind in PROGRAMS])[program] * np.exp(calls.tilt[call])
    ahead = np.array([kind.ahead for kind in PROGRAMS])[program]
    return MonthCalls(
        event=event,
        agreement=order[first[calls.customer[call]] + within],
        start_at=start,
        hours=hours,
        stop=np.where(opted_out > 0, np.clip((opted_out - start) / MICROSECONDS_PER_HOUR, 0, hours), hours),
        fraction=calls.fraction[call],
        fading=np.minimum(fading, 1.2),
        rebound=calls.rebound[call],
        ahead=ahead,
    )


def load_changes(load: np.ndarray, calls: MonthCalls, rows: np.ndarray, month: LocalMonth) -> LoadChanges:
    """Change of load by the events of a month.

    Args:
        load: Household x interval: mean kW that the household would use.
        calls: Calls of the households.
        rows: Row of each call's household.
        month: The clock.

    Returns:
        The changes, from an hour before to two hours after each event.
    """
    step = month.interval_minutes / 60
    origin = int(month.interval_start_at[0])
    hours_to_start = (calls.start_at - origin) / MICROSECONDS_PER_HOUR
    first = np.floor((hours_to_start - HOURS_AHEAD) / step).astype(np.int64)
    longest = float(calls.hours.max(initial=0))
    width = int(np.ceil((HOURS_AHEAD + longest + HOURS_AFTER) / step)) + 1
    interval = first[:, None] + np.arange(width)
    begins = interval * step - hours_to_start[:, None]
    wanted = (interval >= 0) & (interval < month.intervals) & (begins < (calls.hours + HOURS_AFTER)[:, None] - 1e-9)
    own = load[rows[:, None], np.clip(interval, 0, month.intervals - 1)]

    # Shares fall in a straight line from the first hour to the last.
    middle = begins + step / 2
    along = np.clip((middle - 0.5) / np.maximum(calls.hours[:, None] - 1, 1e-9), 0, 1)
    share = calls.fraction[:, None] * (1 - along * (1 - calls.fading[:, None]))
    left_out = own * share * _overlap(begins, step, 0.0, calls.stop[:, None])
    energy = (left_out * step).sum(axis=1, keepdims=True)
    change = -left_out + calls.ahead[:, None] * energy * _overlap(begins, step, -HOURS_AHEAD, 0.0)
    for hour, part in enumerate(REBOUND_SHARES):
        after = calls.stop[:, None] + hour
        change += calls.rebound[:, None] * part * energy * _overlap(begins, step, after, after + 1)
    call, column = np.nonzero(wanted)
    return LoadChanges(
        call=call, row=rows[call], interval=interval[call, column], kw=change[call, column].astype(np.float32)
    )


def _overlap(begins: np.ndarray, step: float, start: np.ndarray | float, end: np.ndarray | float) -> np.ndarray:
    """Part of each interval that lies between two times, all in hours."""
    return np.clip(np.minimum(begins + step, end) - np.maximum(begins, start), 0, None) / step
