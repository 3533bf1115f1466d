"""Programs and who is in them: offers, enrolments, departures, calls, opt-outs. docs/causal-model.md states the model.

All of it is drawn before the readings, in the order of time, for readings answer to it.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from peakwise.synthetic.dr_events import EventHours, Events, plan_events
from peakwise.synthetic.local_clock import month_after, month_number
from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.population import MOST_FLEXIBLE, Population, is_residential
from peakwise.synthetic.random_streams import Purpose, stream
from peakwise.synthetic.weather import Weather


@dataclass(frozen=True)
class Program:
    """A program that calls its members.

    Attributes:
        program_id, name, program_type: As in the programs file.
        hours: In which it calls.
        opts_out: Added to the logit of opting out.
        needs_central_cooling: Only homes with central cooling can take part; the utility does not know which.
        fading: Part of the first hour's response that is left in the last.
        rebound: Mean part of the energy left out that comes back after the event.
        ahead: Part of the energy left out that is used in the hour before the event.
    """

    program_id: str
    name: str
    program_type: str
    hours: EventHours
    opts_out: float
    needs_central_cooling: bool
    fading: float
    rebound: float
    ahead: float


PROGRAMS = (
    Program("PTR", "Peak Time Rebate", "peak_time_rebate", EventHours(16, 20), 0.0, False, 0.9, 0.2, 0.0),
    Program("STAT", "Smart Thermostat", "thermostat", EventHours(16, 19), 0.5, True, 0.5, 0.5, 0.12),
)
LAUNCHED_BEFORE_DAYS = 300
FIRST_WAVE_BEFORE_DAYS = 200
FIRST_WAVE_SIZE = 3.0  # against a later one
WAVE_MONTHS = 3  # from the second month of the history on
CHANNELS = ("email", "letter", "phone", "sms")
CHANNEL_SHARES = (0.5, 0.25, 0.1, 0.15)
CHANNEL_IS_WILLING = (0.0, 0.1, 0.5, -0.2)
INCENTIVES = (10.0, 25.0, 50.0)
CHOSEN_INCENTIVE_SHARES = (0.1, 0.3, 0.6)  # of the random offers a third each
INCENTIVE_IS_WILLING = 0.35  # for each doubling of 25
BILL_KNOWLEDGE_SPREAD = 0.15  # of the logarithm of annual kWh, when the utility ranks bills
JOINS_AFTER_DAYS = (3, 31)
OPT_OUT_LOGIT = (-3.2, 0.7)  # mean and standard deviation over customers
OPT_OUT_PER_DEGREE = 0.12
OPT_OUT_PER_RECENT_CALL = 0.35
OPT_OUT_BEFORE_START = 0.6  # of opt-outs
RECENT_DAYS = 10.0  # over which a call is forgotten, exponentially
MOST_FATIGUE = 0.2  # loss of the probability to respond for each recent call
RESPONSE_SPREAD = 0.3  # standard deviation of the logarithm of a response from event to event
REBOUND_SPREAD = 0.4  # of a customer's, in logarithms
MOST_REBOUND = 0.9
LEAVES_PER_MONTH = 0.006
LEAVES_PER_OPT_OUT = 0.06
LEAVES_PER_RECENT_CALL = 0.006
LEAVE_REASONS = ("moved", "too many events", "comfort", "no savings", "other")
RANDOM, CHOSEN = range(2)
ASSIGNMENTS = ("random", "chosen")


@dataclass(frozen=True)
class Offers:
    """Offers as parallel arrays, in the order of waves; customers by position in `Programs.customer`.

    Attributes:
        wave: Number of the wave; in each the utility first draws the random offers from all it may ask.
        program, channel, assignment: Positions in PROGRAMS, CHANNELS, ASSIGNMENTS.
        customer: Position of the customer.
        day: Local day since the utility's first, below 0 before it.
        incentive: In the utility's currency.
        probability: True probability of enrolling.
    """

    wave: np.ndarray
    program: np.ndarray
    customer: np.ndarray
    day: np.ndarray
    channel: np.ndarray
    incentive: np.ndarray
    assignment: np.ndarray
    probability: np.ndarray


@dataclass(frozen=True)
class Enrolments:
    """Enrolments as parallel arrays.

    Attributes:
        program, customer: Positions.
        day, left_day: Local days since the utility's first; left_day is FAR_AWAY while still in.
        reason: Position in LEAVE_REASONS, -1 while still in.
    """

    program: np.ndarray
    customer: np.ndarray
    day: np.ndarray
    left_day: np.ndarray
    reason: np.ndarray


@dataclass(frozen=True)
class Calls:
    """Members called in events, as parallel arrays by event and customer.

    Attributes:
        event, customer: Positions.
        opted_out_at: Microseconds from 1970-01-01 UTC; 0 for who took part.
        fraction: True share of the load left out in the first hour, 0 for who does not respond.
        tilt: How much more (or less) the customer leaves out in the last hour than the program's members do.
        rebound: Part of the energy left out that comes back.
    """

    event: np.ndarray
    customer: np.ndarray
    opted_out_at: np.ndarray
    fraction: np.ndarray
    tilt: np.ndarray
    rebound: np.ndarray


@dataclass(frozen=True)
class ProgramTraits:
    """True traits of customers in programs, by position of the customer.

    Attributes:
        opt_out_logit: Logit of opting out of an event on an ordinary hot day.
        fatigue: Loss of the probability to respond for each recent call.
        tilt: See Calls.
        rebound_factor: Against the program's mean.
    """

    opt_out_logit: np.ndarray
    fatigue: np.ndarray
    tilt: np.ndarray
    rebound_factor: np.ndarray


@dataclass(frozen=True)
class Programs:
    """Everything about programs.

    Attributes:
        customer: Numbers of the customers, ascending; positions elsewhere refer to it.
        primary: Per customer: position of the first agreement.
        position: Per agreement: position of its customer.
        offers, enrolments, events, calls, traits: See there.
        is_enrolled: Per customer: in a program at the end of the history.
    """

    customer: np.ndarray
    primary: np.ndarray
    position: np.ndarray
    offers: Offers
    enrolments: Enrolments
    events: Events
    calls: Calls
    traits: ProgramTraits
    is_enrolled: np.ndarray


FAR_AWAY = 1_000_000
_LONG_AGO = -1_000_000


def make_programs(options: SyntheticOptions, population: Population, weather: Weather) -> Programs:
    """Let the programs run, month by month, from their launch to the end of the history."""
    events = plan_events(options, weather, [program.hours for program in PROGRAMS])
    course = _Course(options, population, events)
    course.run_wave(-1, -FIRST_WAVE_BEFORE_DAYS, FIRST_WAVE_SIZE)
    for index in range(options.months):
        first, end = (_day(options, month_after(options.first_date, number)) for number in (index, index + 1))
        if index % WAVE_MONTHS == 1:
            course.run_wave(index, first + 4, 1.0)
        for event in np.flatnonzero((events.day >= first) & (events.day < end)).tolist():
            course.run_event(event)
        course.run_departures(index, end)
    return course.finished(end)


def _day(options: SyntheticOptions, day: date) -> int:
    return (day - options.first_date).days


class _Course:
    """The state of programs while time goes by."""

    def __init__(self, options: SyntheticOptions, population: Population, events: Events) -> None:
        agreements, attributes = population.agreements, population.attributes
        self.options, self.events = options, events
        self.customer, self.primary, self.position = np.unique(
            agreements.customer, return_index=True, return_inverse=True
        )
        known = agreements.rows(self.primary)
        number = len(self.customer)
        self.willing = np.log(known.willingness / (1 - known.willingness))
        self.flexible, self.responds = known.flexible_fraction, known.response_probability
        self.has_cooling = attributes.has_central_cooling[self.primary]
        self.bill = np.log(known.annual_kwh * (1 - 0.5 * np.minimum(known.solar_share, 1)))
        self.first_day = np.where(known.starts_on_day < 0, _LONG_AGO, known.starts_on_day)
        self.end_day = np.where(known.ends_on_day < 0, FAR_AWAY, known.ends_on_day)
        self.asks_from_day = attributes.consent_from_day(agreements.has_consent)[self.primary]
        self.may_be_asked = is_residential(known) & ~known.has_medical_need
        self.traits = _draw_traits(options, number)
        self.was_asked = np.zeros((len(PROGRAMS), number), bool)
        self.enrolment = np.full(number, -1)
        self.calls_felt, self.felt_day = np.zeros(number), np.zeros(number)
        self.opt_outs = np.zeros(number)  # since the last month's end
        self.offer_parts: list[tuple[np.ndarray, ...]] = []
        self.enrolments = [np.zeros(0, np.int64) for _ in range(5)]
        self.call_parts: list[tuple[np.ndarray, ...]] = []

    def run_wave(self, index: int, day: int, size: float) -> None:
        """Every program asks some homes, first at random, then the highest bills of the others."""
        for program, kind in enumerate(PROGRAMS):
            rng = stream(self.options.seed, Purpose.OFFERS, program, month_number(self.options.first_date) + index)
            lives_here = (self.first_day <= day) & (self.end_day > day)
            may_be_asked = self.may_be_asked & lives_here & (self.asks_from_day <= day)
            free = self.enrolment < 0
            pool = np.flatnonzero(may_be_asked & free & ~self.was_asked[program])
            wanted = min(round(self.options.offer_fraction * size * int(may_be_asked.sum())), len(pool))
            at_random = round(wanted * self.options.random_offer_fraction)
            order = rng.permutation(len(pool))
            drawn, others = pool[order[:at_random]], pool[order[at_random:]]
            rank = self.bill[others] + BILL_KNOWLEDGE_SPREAD * rng.standard_normal(len(others))
            chosen = others[np.argsort(-rank, kind="stable")[: wanted - at_random]]
            asked = np.concatenate([drawn, chosen])
            assignment = np.repeat([RANDOM, CHOSEN], [len(drawn), len(chosen)])
            draws = rng.random((4, len(asked)))
            channel = np.searchsorted(np.cumsum(CHANNEL_SHARES)[:-1], draws[0], side="right")
            chosen_incentive = np.searchsorted(np.cumsum(CHOSEN_INCENTIVE_SHARES)[:-1], draws[1], side="right")
            random_incentive = (draws[1] * len(INCENTIVES)).astype(np.int64)
            incentive = np.array(INCENTIVES)[np.where(assignment == RANDOM, random_incentive, chosen_incentive)]
            logit = self.willing[asked] + np.array(CHANNEL_IS_WILLING)[channel]
            logit += INCENTIVE_IS_WILLING * np.log2(incentive / INCENTIVES[1])
            probability = 1 / (1 + np.exp(-logit))
            if kind.needs_central_cooling:
                probability = np.where(self.has_cooling[asked], probability, 0.0)
            self.was_asked[program, asked] = True
            self.offer_parts.append(
                (
                    np.full(len(asked), index),
                    np.full(len(asked), program),
                    asked,
                    np.full(len(asked), day),
                    channel,
                    incentive,
                    assignment,
                    probability,
                )
            )
            low, high = JOINS_AFTER_DAYS
            joins_on = day + low + (draws[3] * (high - low)).astype(np.int64)
            joins = (draws[2] < probability) & (joins_on < self.end_day[asked])
            self._enrol(program, asked[joins], joins_on[joins])

    def _enrol(self, program: int, customer: np.ndarray, day: np.ndarray) -> None:
        number = len(customer)
        self.enrolment[customer] = len(self.enrolments[0]) + np.arange(number)
        # Whoever will move leaves the program then, if not before.
        moves_on = self.end_day[customer]
        fresh = (np.full(number, program), customer, day, moves_on, np.where(moves_on < FAR_AWAY, 0, -1))
        self.enrolments = [np.concatenate(pair) for pair in zip(self.enrolments, fresh, strict=True)]

    def _members(self, program: int | None, day: int) -> np.ndarray:
        """Positions of the enrolments that are in force on the day after the one of enrolling."""
        programs, _, enrolled, left, _ = self.enrolments
        inside = (enrolled < day) & (left > day)
        return np.flatnonzero(inside if program is None else inside & (programs == program))

    def run_event(self, event: int) -> None:
        """Call the members of a program, but for those that are held out."""
        events, traits = self.events, self.traits
        program, day = int(events.program[event]), int(events.day[event])
        kind = PROGRAMS[program]
        members = np.sort(self.enrolments[1][self._members(program, day)])
        rng = stream(self.options.seed, Purpose.CALLS, program, self.options.first_date.toordinal() + day)
        draws, normal = rng.random((5, len(members))), rng.standard_normal(len(members))
        called = np.flatnonzero(draws[0] >= self.options.holdout_fraction)
        draws, normal, customer = draws[:, called], normal[called], members[called]

        felt = self.calls_felt[customer] * np.exp(-(day - self.felt_day[customer]) / RECENT_DAYS)
        logit = (
            traits.opt_out_logit[customer] + kind.opts_out + OPT_OUT_PER_DEGREE * float(events.stress_degrees[event])
        )
        opts_out = draws[1] < 1 / (1 + np.exp(-(logit + OPT_OUT_PER_RECENT_CALL * felt)))
        start, end, told = (int(times[event]) for times in (events.start_at, events.end_at, events.notified_at))
        is_early = draws[2] < OPT_OUT_BEFORE_START
        from_at, to_at = np.where(is_early, told, start), np.where(is_early, start, end)
        seconds = ((from_at + draws[3] * (to_at - from_at)) // 1_000_000).astype(np.int64)
        opted_out_at = np.where(opts_out, seconds * 1_000_000, 0)

        responds = draws[4] < self.responds[customer] * np.maximum(1 - traits.fatigue[customer] * felt, 0)
        share = self.flexible[customer] * np.exp(RESPONSE_SPREAD * normal - RESPONSE_SPREAD**2 / 2)
        share = np.minimum(share * self.options.response_factor, MOST_FLEXIBLE)
        fraction = np.where(responds & ~(opts_out & is_early), share, 0.0)
        rebound = np.minimum(kind.rebound * traits.rebound_factor[customer], MOST_REBOUND)
        self.call_parts.append(
            (np.full(len(customer), event), customer, opted_out_at, fraction, traits.tilt[customer], rebound)
        )
        self.calls_felt[customer], self.felt_day[customer] = felt + 1, day
        self.opt_outs[customer] += opts_out

    def run_departures(self, index: int, end_day: int) -> None:
        """Decide at a month's end who leaves in the course of the next."""
        _, customers, _, left, reason = self.enrolments
        month = month_number(self.options.first_date) + index
        members = self._members(None, end_day)
        draws = stream(self.options.seed, Purpose.DEPARTURES, 0, month).random((3, len(members)))
        customer = customers[members]
        felt = self.calls_felt[customer] * np.exp(-(end_day - self.felt_day[customer]) / RECENT_DAYS)
        of_comfort = LEAVES_PER_OPT_OUT * self.opt_outs[customer]
        of_events = LEAVES_PER_RECENT_CALL * felt
        rate = LEAVES_PER_MONTH + of_comfort + of_events
        leaves = draws[0] < 1 - np.exp(-rate)
        leaving, rate, of_comfort, of_events = members[leaves], rate[leaves], of_comfort[leaves], of_events[leaves]
        draws = draws[:, leaves]
        leaves_on = end_day + (draws[1] * 28).astype(np.int64)
        why = draws[2] * rate
        cause = np.where(
            why < of_comfort, 2, np.where(why < of_comfort + of_events, 1, np.where(draws[2] < 0.97, 3, 4))
        )
        earlier = leaves_on < left[leaving]
        left[leaving[earlier]], reason[leaving[earlier]] = leaves_on[earlier], cause[earlier]
        self.opt_outs[:] = 0
        # Whoever is out by the next month may be asked by another program again.
        gone = np.flatnonzero(left <= end_day)
        self.enrolment[customers[gone][self.enrolment[customers[gone]] == gone]] = -1

    def finished(self, end_day: int) -> Programs:
        """All that happened, but for what lies beyond the end of the history."""
        program, customer, day, left, reason = self.enrolments
        on_file = day < end_day
        still_in = left >= end_day
        enrolments = Enrolments(
            program[on_file],
            customer[on_file],
            day[on_file],
            np.where(still_in, FAR_AWAY, left)[on_file],
            np.where(still_in, -1, reason)[on_file],
        )
        is_enrolled = np.zeros(len(self.customer), bool)
        is_enrolled[customer[on_file & still_in]] = True
        return Programs(
            customer=self.customer,
            primary=self.primary,
            position=self.position,
            offers=Offers(*_columns(self.offer_parts)),
            enrolments=enrolments,
            events=self.events,
            calls=Calls(*_columns(self.call_parts, 6)),
            traits=self.traits,
            is_enrolled=is_enrolled,
        )


def _draw_traits(options: SyntheticOptions, number: int) -> ProgramTraits:
    opting, tiring, tilting, returning = (stream(options.seed, Purpose.OFFERS, 1000 + part) for part in range(4))
    mean, spread = OPT_OUT_LOGIT
    return ProgramTraits(
        opt_out_logit=mean + spread * opting.standard_normal(number),
        fatigue=tiring.uniform(0, MOST_FATIGUE, number),
        tilt=0.2 * tilting.standard_normal(number),
        rebound_factor=np.exp(REBOUND_SPREAD * returning.standard_normal(number)),
    )


def _columns(parts: list[tuple[np.ndarray, ...]], number: int = 0) -> list[np.ndarray]:
    """Parts one after another, column by column."""
    if not parts:
        return [np.zeros(0, np.int64) for _ in range(number)]
    return [np.concatenate(column) for column in zip(*parts, strict=True)]
