"""Who calls or writes, when and why: in outages, about bills and programs, because of the voltage, or otherwise."""

from dataclasses import dataclass, fields

import numpy as np

from peakwise.synthetic.bills import Bills
from peakwise.synthetic.contact_texts import BILL, OTHER, OUTAGE, PROGRAM, VOLTAGE
from peakwise.synthetic.outages import MICROSECONDS_PER_SECOND
from peakwise.synthetic.random_streams import Purpose, stream
from peakwise.synthetic.readings import BlockMonth, MonthSetting, Utility

IN_OUTAGE = 0.25  # probability in a long outage
OUTAGE_HOURS = 3.0  # that make most of those call who ever would
CALLS_AFTER_MINUTES = 25.0  # mean
STILL_CALLS_MINUTES = 45.0  # after supply is back
ABOUT_BILL = 0.004
ABOUT_HIGH_BILL = 0.25  # when the bill is twice the one before, or more
HIGH_BILL_FROM, HIGH_BILL_TO = 1.3, 2.0
BILL_CALL_DAYS, PROGRAM_CALL_DAYS = 12, 5  # after the day of issue, offer, joining or event
ABOUT_OFFER, ABOUT_ENROLMENT, ABOUT_OPT_OUT = 0.03, 0.06, 0.15
BILL_ANGER, HIGH_BILL_ANGER, PROGRAM_ANGER, OPT_OUT_ANGER = 0.3, 0.4, 0.1, 0.6
VOLTAGE_PER_YEAR, LOW_VOLTAGE_PER_YEAR = 0.005, 0.5
OTHER_PER_YEAR = 0.05
MOST_PROBABLE = 0.9
OFFICE_HOURS = (8.0, 19.0)
MICROSECONDS_PER_HOUR = 3600 * MICROSECONDS_PER_SECOND
HOURS_PER_DAY = 24
MICROSECONDS_PER_DAY = HOURS_PER_DAY * MICROSECONDS_PER_HOUR
DAYS_OF_MONTH, DAYS_OF_YEAR = 31, 365  # as customers count them
MONTHS_PER_YEAR = 12


@dataclass(frozen=True)
class Contacts:
    """Contacts as parallel arrays.

    Attributes:
        topic: Position in TOPICS.
        point, agreement: Positions of who it is.
        at: Microseconds from 1970-01-01 UTC.
        anger: From 0 to 1.
        outage: Position of the outage in the month's, -1 when it is not about one.
        outage_start_at, outage_end_at: When it began and ended, -1 when it is not about one.
        outages_in_month, outages_in_year: Lasting outages of the customer's at the place in the 31 and 365 days up to
            this one, which is counted; -1 when it is not about one.
        bill_end_day: Last day of the cycle billed (excluded), -1 when it is not about a bill.
        bill_issued_day, bill_due_day: Local days since the utility's first; -1 when it is not about a bill.
        bill_cents, bill_cents_before: Its amount and that of the bill before (0: none); -1 when it is not about a bill.
        offer, enrolment, call: Position of what it is about in the programs', -1 when it is not about one.
    """

    topic: np.ndarray
    point: np.ndarray
    agreement: np.ndarray
    at: np.ndarray
    anger: np.ndarray
    outage: np.ndarray
    outage_start_at: np.ndarray
    outage_end_at: np.ndarray
    outages_in_month: np.ndarray
    outages_in_year: np.ndarray
    bill_end_day: np.ndarray
    bill_issued_day: np.ndarray
    bill_due_day: np.ndarray
    bill_cents: np.ndarray
    bill_cents_before: np.ndarray
    offer: np.ndarray
    enrolment: np.ndarray
    call: np.ndarray

    def __len__(self) -> int:
        return len(self.topic)


class OutageMemory:
    """The lasting outages of the last year as customers remember them; months must come in their order."""

    def __init__(self) -> None:
        self._agreement, self._start_at = np.zeros(0, np.int64), np.zeros(0, np.int64)

    def add(self, agreement: np.ndarray, start_at: np.ndarray) -> None:
        """Remember outages of these agreements, and forget those that no later one can count with."""
        first_at = start_at.min(initial=0) - DAYS_OF_YEAR * MICROSECONDS_PER_DAY
        kept = self._start_at > first_at
        self._agreement = np.concatenate([self._agreement[kept], agreement])
        self._start_at = np.concatenate([self._start_at[kept], start_at])

    def count(self, agreement: np.ndarray, start_at: np.ndarray, days: int) -> np.ndarray:
        """How many outages each of these customers had in so many days up to one that began at this moment."""
        numbers = np.zeros(len(agreement), np.int64)
        for position, (who, until) in enumerate(zip(agreement.tolist(), start_at.tolist(), strict=True)):
            starts = self._start_at[self._agreement == who]
            numbers[position] = np.sum((starts <= until) & (starts > until - days * MICROSECONDS_PER_DAY))
        return numbers


def contacts_in_outages(
    utility: Utility, setting: MonthSetting, result: BlockMonth, memories: dict[int, OutageMemory]
) -> Contacts:
    """Customers without supply who call; the longer it lasts the more of them do, of short ones hardly anybody.

    Args:
        utility: The utility.
        setting: The month.
        result: What the block and month gave.
        memories: What the customers of each block remember of outages; this month's are added.
    """
    if setting.outages is None or result.outages is None or not len(result.outages.event):
        return no_contacts()
    grid, hit = setting.outages, result.outages
    rng = stream(utility.options.seed, Purpose.CONTACTS_IN_OUTAGES, result.block, setting.number)
    draws = rng.random((3, len(hit.event)))
    start_at, end_at = grid.start_at[hit.event], grid.end_at[hit.event]
    hours = (end_at - start_at) / MICROSECONDS_PER_HOUR
    point = result.points[hit.point]
    day = setting.month.first_day_since_start + setting.month.day_index[grid.first[hit.event]]
    agreement = utility.population.agreement_on(point, day)
    wishes = IN_OUTAGE * (1 - np.exp(-hours / OUTAGE_HOURS))
    minutes = -CALLS_AFTER_MINUTES * np.log1p(-draws[1])
    latest = hours * 60 + draws[2] * STILL_CALLS_MINUTES
    at = start_at + (np.minimum(minutes, latest) * 60).astype(np.int64) * MICROSECONDS_PER_SECOND
    calls = np.flatnonzero(_calls(utility, draws[0], wishes, agreement))
    memory = memories.setdefault(result.block, OutageMemory())
    lasts = grid.length[hit.event] > 0
    memory.add(agreement[lasts], start_at[lasts])
    return _made(
        OUTAGE,
        point[calls],
        agreement[calls],
        at[calls],
        np.minimum(0.35 + 0.05 * hours[calls], 0.9),
        outage=hit.event[calls],
        outage_start_at=start_at[calls],
        outage_end_at=end_at[calls],
        outages_in_month=memory.count(agreement[calls], start_at[calls], DAYS_OF_MONTH),
        outages_in_year=memory.count(agreement[calls], start_at[calls], DAYS_OF_YEAR),
    )


def contacts_about_bills(utility: Utility, setting: MonthSetting, bills: Bills, block: int) -> Contacts:
    """Customers who ask about a bill, most of them because it is much higher than the one before."""
    rng = stream(utility.options.seed, Purpose.CONTACTS_ABOUT_BILLS, block, setting.number)
    draws = rng.random((3, len(bills)))
    ratio = bills.cents / np.where(bills.cents_before > 0, bills.cents_before, np.maximum(bills.cents, 1))
    surprise = np.clip((ratio - HIGH_BILL_FROM) / (HIGH_BILL_TO - HIGH_BILL_FROM), 0, 1)
    calls = np.flatnonzero(_calls(utility, draws[0], ABOUT_BILL + ABOUT_HIGH_BILL * surprise, bills.agreement))
    at = _in_office_hours(
        utility, bills.issued_day[calls] + 1 + (draws[1, calls] * BILL_CALL_DAYS).astype(np.int64), draws[2, calls]
    )
    return _made(
        BILL,
        bills.point[calls],
        bills.agreement[calls],
        at,
        BILL_ANGER + HIGH_BILL_ANGER * surprise[calls],
        bill_end_day=bills.end_day[calls],
        bill_issued_day=bills.issued_day[calls],
        bill_due_day=bills.due_day[calls],
        bill_cents=bills.cents[calls],
        bill_cents_before=bills.cents_before[calls],
    )


def contacts_about_programs(utility: Utility, setting: MonthSetting) -> Contacts:
    """Customers who ask after an offer or an enrolment, or complain about an event that they left."""
    programs = utility.programs
    first = setting.month.first_day_since_start
    rng = stream(utility.options.seed, Purpose.CONTACTS_ABOUT_PROGRAMS, 0, setting.number)
    opted_out = np.flatnonzero(programs.calls.opted_out_at > 0)
    causes = (
        ("offer", programs.offers.customer, programs.offers.day, ABOUT_OFFER, PROGRAM_ANGER),
        ("enrolment", programs.enrolments.customer, programs.enrolments.day, ABOUT_ENROLMENT, PROGRAM_ANGER),
        (
            "call",
            programs.calls.customer[opted_out],
            programs.events.day[programs.calls.event[opted_out]],
            ABOUT_OPT_OUT,
            OPT_OUT_ANGER,
        ),
    )
    parts = []
    for cause, customer, day, wish, anger in causes:
        now = np.flatnonzero((day >= first) & (day < first + setting.month.days))
        agreement = programs.primary[customer[now]]
        draws = rng.random((3, len(now)))
        calls = np.flatnonzero(_calls(utility, draws[0], np.full(len(now), wish), agreement))
        at = _in_office_hours(
            utility, day[now[calls]] + 1 + (draws[1, calls] * PROGRAM_CALL_DAYS).astype(np.int64), draws[2, calls]
        )
        point = utility.population.agreements.service_point[agreement[calls]]
        position = opted_out[now[calls]] if cause == "call" else now[calls]
        parts.append(_made(PROGRAM, point, agreement[calls], at, np.full(len(calls), anger), **{cause: position}))
    return joined_contacts(parts)


def other_contacts(utility: Utility, setting: MonthSetting, result: BlockMonth) -> Contacts:
    """Contacts at any time: about the voltage, mostly at a few bad transformers, and about this and that."""
    population = utility.population
    rng = stream(utility.options.seed, Purpose.OTHER_CONTACTS, result.block, setting.number)
    network = population.network
    is_bad = network.has_low_voltage[network.transformer[result.points]]
    rates = (
        (VOLTAGE, np.where(is_bad, LOW_VOLTAGE_PER_YEAR, VOLTAGE_PER_YEAR), 0.4),
        (OTHER, np.full(len(result.points), OTHER_PER_YEAR), 0.05),
    )
    parts = []
    for topic, per_year, anger in rates:
        draws = rng.random((3, len(result.points)))
        day = setting.month.first_day_since_start + (draws[1] * setting.month.days).astype(np.int64)
        agreement = population.agreement_on(result.points, day)
        calls = np.flatnonzero(_calls(utility, draws[0], per_year / MONTHS_PER_YEAR, agreement))
        at = _in_office_hours(utility, day[calls], draws[2, calls])
        parts.append(_made(topic, result.points[calls], agreement[calls], at, np.full(len(calls), anger)))
    return joined_contacts(parts)


def joined_contacts(parts: list[Contacts]) -> Contacts:
    """Contacts one after another."""
    return Contacts(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(Contacts)))


def in_order(contacts: Contacts, end_at: int) -> Contacts:
    """Contacts before the end of the history (microseconds from 1970-01-01 UTC), by time and service point."""
    order = np.lexsort((contacts.outage, contacts.topic, contacts.point, contacts.at))
    order = order[contacts.at[order] < end_at]
    return Contacts(*(getattr(contacts, item.name)[order] for item in fields(Contacts)))


def no_contacts() -> Contacts:
    """Nobody calls."""
    return Contacts(*(np.zeros(0, np.float64 if item.name == "anger" else np.int64) for item in fields(Contacts)))


def _calls(utility: Utility, draws: np.ndarray, wishes: np.ndarray, agreement: np.ndarray) -> np.ndarray:
    """Whether a customer calls whom the case gives this probability, talkative ones sooner than others."""
    talkativeness = utility.population.attributes.talkativeness[agreement]
    return draws < np.minimum(wishes * talkativeness * utility.options.contact_factor, MOST_PROBABLE)


def _in_office_hours(utility: Utility, day: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Instants on local days, by standard time."""
    first, last = OFFICE_HOURS
    minutes = ((first + draws * (last - first)) * 60).astype(np.int64)
    midnight = int(utility.weather.hour_start_at[0]) + day * HOURS_PER_DAY * MICROSECONDS_PER_HOUR
    return midnight + minutes * 60 * MICROSECONDS_PER_SECOND


def _made(
    topic: int, point: np.ndarray, agreement: np.ndarray, at: np.ndarray, anger: np.ndarray, **behind: np.ndarray
) -> Contacts:
    """Contacts with what is behind them; -1 stands for what is not."""
    known = {"topic": np.full(len(point), topic), "point": point, "agreement": agreement, "at": at, "anger": anger}
    nothing = np.full(len(point), -1)
    return Contacts(**{item.name: (known | behind).get(item.name, nothing) for item in fields(Contacts)})
