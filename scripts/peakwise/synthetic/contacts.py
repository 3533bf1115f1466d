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
ABOUT_OFFER, ABOUT_ENROLMENT, ABOUT_OPT_OUT = 0.03, 0.06, 0.15
VOLTAGE_PER_YEAR, LOW_VOLTAGE_PER_YEAR = 0.005, 0.5
OTHER_PER_YEAR = 0.05
MOST_PROBABLE = 0.9
OFFICE_HOURS = (8.0, 19.0)
MICROSECONDS_PER_HOUR = 3600 * MICROSECONDS_PER_SECOND
HOURS_PER_DAY = 24
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
        bill_end_day: Last day of the cycle billed (excluded), -1 when it is not about a bill.
    """

    topic: np.ndarray
    point: np.ndarray
    agreement: np.ndarray
    at: np.ndarray
    anger: np.ndarray
    outage: np.ndarray
    bill_end_day: np.ndarray

    def __len__(self) -> int:
        return len(self.topic)


def contacts_in_outages(utility: Utility, setting: MonthSetting, result: BlockMonth) -> Contacts:
    """Customers without supply who call; the longer it lasts the more of them do, of short ones hardly anybody."""
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
    return _made(
        OUTAGE, point[calls], agreement[calls], at[calls], np.minimum(0.35 + 0.05 * hours[calls], 0.9), hit.event[calls]
    )


def contacts_about_bills(utility: Utility, setting: MonthSetting, bills: Bills, block: int) -> Contacts:
    """Customers who ask about a bill, most of them because it is much higher than the one before."""
    rng = stream(utility.options.seed, Purpose.CONTACTS_ABOUT_BILLS, block, setting.number)
    draws = rng.random((3, len(bills)))
    ratio = bills.cents / np.where(bills.cents_before > 0, bills.cents_before, np.maximum(bills.cents, 1))
    surprise = np.clip((ratio - HIGH_BILL_FROM) / (HIGH_BILL_TO - HIGH_BILL_FROM), 0, 1)
    calls = np.flatnonzero(_calls(utility, draws[0], ABOUT_BILL + ABOUT_HIGH_BILL * surprise, bills.agreement))
    at = _in_office_hours(
        utility, bills.issued_day[calls] + 1 + (draws[1, calls] * 12).astype(np.int64), draws[2, calls]
    )
    return _made(
        BILL,
        bills.point[calls],
        bills.agreement[calls],
        at,
        0.3 + 0.4 * surprise[calls],
        bill_end_day=bills.end_day[calls],
    )


def contacts_about_programs(utility: Utility, setting: MonthSetting) -> Contacts:
    """Customers who ask after an offer or an enrolment, or complain about an event that they left."""
    programs = utility.programs
    first = setting.month.first_day_since_start
    rng = stream(utility.options.seed, Purpose.CONTACTS_ABOUT_PROGRAMS, 0, setting.number)
    opted_out = np.flatnonzero(programs.calls.opted_out_at > 0)
    causes = (
        (programs.offers.customer, programs.offers.day, ABOUT_OFFER, 0.1),
        (programs.enrolments.customer, programs.enrolments.day, ABOUT_ENROLMENT, 0.1),
        (
            programs.calls.customer[opted_out],
            programs.events.day[programs.calls.event[opted_out]],
            ABOUT_OPT_OUT,
            0.6,
        ),
    )
    parts = []
    for customer, day, wish, anger in causes:
        now = np.flatnonzero((day >= first) & (day < first + setting.month.days))
        agreement = programs.primary[customer[now]]
        draws = rng.random((3, len(now)))
        calls = np.flatnonzero(_calls(utility, draws[0], np.full(len(now), wish), agreement))
        at = _in_office_hours(utility, day[now[calls]] + 1 + (draws[1, calls] * 5).astype(np.int64), draws[2, calls])
        point = utility.population.agreements.service_point[agreement[calls]]
        parts.append(_made(PROGRAM, point, agreement[calls], at, np.full(len(calls), anger)))
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
    topic: int,
    point: np.ndarray,
    agreement: np.ndarray,
    at: np.ndarray,
    anger: np.ndarray,
    outage: np.ndarray | None = None,
    bill_end_day: np.ndarray | None = None,
) -> Contacts:
    nothing = np.full(len(point), -1)
    return Contacts(
        topic=np.full(len(point), topic),
        point=point,
        agreement=agreement,
        at=at,
        anger=anger,
        outage=nothing if outage is None else outage,
        bill_end_day=nothing if bill_end_day is None else bill_end_day,
    )
