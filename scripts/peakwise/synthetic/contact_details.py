"""What customers add to the sentence that says why they call: amounts, times, numbers, names. Many add nothing.

docs/synthetic-utility.md gives the reason for each share. Details come from random numbers of their own, so that contacts,
their times and their first sentences do not depend on them.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

import numpy as np

from peakwise.synthetic.archetypes import NAMES
from peakwise.synthetic.contact_texts import BILL, MISSPELT, OUTAGE, PROGRAM, is_on_an_amount, misspelt, tells_when
from peakwise.synthetic.contacts import MICROSECONDS_PER_HOUR, Contacts
from peakwise.synthetic.programs import CHANNELS, PROGRAMS
from peakwise.synthetic.random_streams import Purpose, stream
from peakwise.synthetic.readings import MonthSetting, Utility

IN_POSTS = 0.5  # of the shares below, for all but amounts
AMOUNT, AMOUNT_OF_A_QUESTION = 0.6, 0.15
TO_THE_CENT, TO_THE_CENT_IN_POSTS, IN_WHOLE_UNITS = 0.35, 0.15, 0.3
WRONG_DIGITS = 0.04
FORMER_AMOUNT = 0.25
BILL_DATE, BILL_MONTH = 0.10, 0.20
BILL_STREET, BILL_AREA = 0.06, 0.04
OUTAGE_START = 0.5
WRONG_START = 0.1
OUTAGES_IN_MONTH, OUTAGES_IN_YEAR = 0.3, 0.2
MISCOUNTED = 0.1
EQUIPMENT_BILL, EQUIPMENT_PROGRAM, EQUIPMENT_ELSE = 0.3, 0.2, 0.1
PROGRAM_NAME = 0.5
OFFER_CHANNEL, INCENTIVE = 0.4, 0.3
JOINING, JOINING_OF_OPT_OUT = 0.4, 0.15
EVENT_DAY = 0.5

DRAWS_PER_DETAIL = 4  # whether, what, how, and whether it is wrong
LONGEST_REMEMBERED_HOURS = 11.0  # of the clock, beyond which "since six" says nothing
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
EQUIPMENT_TEXTS = {
    "vehicle": ("the electric car", "We charge an electric car.", "The car cannot charge."),
    "solar": ("the solar panels", "We have panels on the roof.", "Our panels stand still, too."),
    "heat pump": ("the heat pump", "We heat with a heat pump.", "The heat pump does not run."),
    "pool": ("the pool pump", "We have a pool.", "The pool pump does not run."),
}
CHANNEL_TEXTS = {
    "email": ("I got an email from you.", "You sent me an e-mail."),
    "letter": ("I got your letter.", "You sent me a letter."),
    "phone": ("You phoned me.", "Somebody phoned me."),
    "sms": ("I got a text message from you.", "You sent me an SMS."),
}


class Detail(IntEnum):
    """Details with random numbers of their own: never reuse or change a number."""

    AMOUNT = 0
    FORMER_AMOUNT = 1
    BILL_DATE = 2
    BILL_MONTH = 3
    PLACE = 4
    OUTAGE_START = 5
    OUTAGES = 6
    EQUIPMENT = 7
    PROGRAM = 8
    OFFER_CHANNEL = 9
    INCENTIVE = 10
    JOINING = 11
    EVENT_DAY = 12


@dataclass(frozen=True)
class _Speaker:
    """One contact, and the random numbers of its details."""

    utility: Utility
    contacts: Contacts
    position: int
    is_post: bool
    first_sentence: str
    draws: np.ndarray

    def behind(self, name: str) -> int:
        """What is behind the contact."""
        return int(getattr(self.contacts, name)[self.position])

    def says(self, detail: Detail, share: float) -> bool:
        """Whether the customer adds this detail."""
        return bool(self.draws[detail, 0] < share * (IN_POSTS if self.is_post else 1))

    def choice(self, detail: Detail, number: int) -> int:
        """Which of so many ways."""
        return int(self.draws[detail, 1] * number)

    def errs(self, detail: Detail, share: float) -> bool:
        """Whether the customer errs."""
        return bool(self.draws[detail, 3] < share)

    @property
    def local_time(self) -> datetime:
        """When it is, on the customer's clock."""
        return self.local(self.behind("at"))

    def local(self, at: int) -> datetime:
        """An instant (microseconds from 1970-01-01 UTC) on the customer's clock."""
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
        return moment.astimezone(ZoneInfo(self.utility.options.time_zone))

    def date(self, day: int) -> date:
        """A local day since the utility's first."""
        return self.utility.options.first_date + timedelta(days=day)


def said_besides(
    utility: Utility, setting: MonthSetting, contacts: Contacts, is_post: np.ndarray, first_sentences: list[str]
) -> list[str]:
    """What is said in each contact: its first sentence, and what the customer adds.

    Args:
        utility: The utility.
        setting: The month.
        contacts: The month's contacts in their order.
        is_post: Per contact: on social media.
        first_sentences: Per contact.
    """
    draws = stream(utility.options.seed, Purpose.CONTACT_DETAILS, 0, setting.number).random(
        (len(Detail), DRAWS_PER_DETAIL, len(contacts))
    )
    texts = []
    for position, first_sentence in enumerate(first_sentences):
        speaker = _Speaker(utility, contacts, position, bool(is_post[position]), first_sentence, draws[:, :, position])
        topic = speaker.behind("topic")
        details = []
        if topic == BILL:
            details = [
                _amount(speaker),
                _former_amount(speaker),
                _bill_date(speaker),
                _bill_month(speaker),
                _place(speaker),
            ]
        elif topic == OUTAGE:
            details = [_outage_start(speaker), _outages(speaker)]
        elif topic == PROGRAM:
            details = [
                _program(speaker),
                _offer_channel(speaker),
                _incentive(speaker),
                _joining(speaker),
                _event_day(speaker),
            ]
        details.append(_equipment(speaker))
        texts.append(" ".join([first_sentence, *(detail[0].upper() + detail[1:] for detail in details if detail)]))
    return texts


def _says_amount(speaker: _Speaker) -> bool:
    share = AMOUNT if is_on_an_amount(speaker.first_sentence) else AMOUNT_OF_A_QUESTION
    return bool(speaker.draws[Detail.AMOUNT, 0] < share)


def _amount(speaker: _Speaker) -> str | None:
    if not _says_amount(speaker):
        return None
    cents = speaker.behind("bill_cents")
    if speaker.errs(Detail.AMOUNT, WRONG_DIGITS):
        cents = _with_exchanged_digits(cents, float(speaker.draws[Detail.AMOUNT, 2]))
    form = float(speaker.draws[Detail.AMOUNT, 2])
    to_the_cent = TO_THE_CENT_IN_POSTS if speaker.is_post else TO_THE_CENT
    if form < to_the_cent:
        amount = _money(f"{cents // 100:,}.{cents % 100:02d}", form / to_the_cent)
    elif form < to_the_cent + IN_WHOLE_UNITS:
        amount = _money(f"{round(cents / 100):,}", (form - to_the_cent) / IN_WHOLE_UNITS)
    else:
        amount = _rounded(cents, form)
    return ("You charge me {}.", "The bill says {}.", "They want {} from me.", "{} for one month!")[
        speaker.choice(Detail.AMOUNT, 4)
    ].format(amount)


def _money(figure: str, form: float) -> str:
    """A figure with a sign before or behind, or without one."""
    return (f"${figure}", f"{figure} dollars", figure)[int(form * 3)]


def _rounded(cents: int, form: float) -> str:
    """An amount in tens, with a word that says so."""
    whole = cents / 100
    below = int(whole // 10 * 10)
    way = int(form * 999) % 3
    if way == 2:
        return f"about {max(round(whole / 10), 1) * 10:,} dollars"
    if whole - below < 3 and below:
        return (f"over ${below:,}", f"more than {below:,}")[way]
    return (f"almost {below + 10:,}", f"nearly ${below + 10:,}")[way]


def _with_exchanged_digits(cents: int, choice: float) -> int:
    """An amount with two neighbouring digits exchanged."""
    digits = list(str(cents))
    if len(digits) < 2:
        return cents
    at = int(choice * (len(digits) - 1))
    digits[at], digits[at + 1] = digits[at + 1], digits[at]
    return int("".join(digits))


def _former_amount(speaker: _Speaker) -> str | None:
    before = speaker.behind("bill_cents_before")
    is_more = 0 < before < speaker.behind("bill_cents")
    if not (_says_amount(speaker) and is_more and speaker.draws[Detail.FORMER_AMOUNT, 0] < FORMER_AMOUNT):
        return None
    return ("Last month it was {}.", "The one before was {} dollars.")[speaker.choice(Detail.FORMER_AMOUNT, 2)].format(
        max(round(before / 100), 1)
    )


def _day(day: date, choice: int) -> str:
    return f"{day.day} {day:%B}" if choice == 0 else f"{day:%B} {day.day}"


def _bill_date(speaker: _Speaker) -> str | None:
    if not speaker.says(Detail.BILL_DATE, BILL_DATE):
        return None
    issued, due = (speaker.date(speaker.behind(name)) for name in ("bill_issued_day", "bill_due_day"))
    order = int(speaker.draws[Detail.BILL_DATE, 2] * 2)
    return (f"It is the bill of {_day(issued, order)}.", f"It is due on {_day(due, order)}.")[
        speaker.choice(Detail.BILL_DATE, 2)
    ]


def _bill_month(speaker: _Speaker) -> str | None:
    if not speaker.says(Detail.BILL_MONTH, BILL_MONTH):
        return None
    month = speaker.date(speaker.behind("bill_end_day") - 1)
    return (f"I mean the {month:%B} bill.", f"It is the bill for {month:%B}.")[speaker.choice(Detail.BILL_MONTH, 2)]


def _place(speaker: _Speaker) -> str | None:
    network, point = speaker.utility.population.network, speaker.behind("point")
    if not speaker.says(Detail.PLACE, BILL_STREET + BILL_AREA):
        return None
    is_street = speaker.draws[Detail.PLACE, 1] < BILL_STREET / (BILL_STREET + BILL_AREA)
    words = network.street_name(point) if is_street else network.area(point)
    if speaker.errs(Detail.PLACE, MISSPELT):
        words = misspelt(words, float(speaker.draws[Detail.PLACE, 2]))
    return f"My neighbours on {words} pay half." if is_street else f"In {words} nobody else pays that."


def _outage_start(speaker: _Speaker) -> str | None:
    start_at, at = speaker.behind("outage_start_at"), speaker.behind("at")
    hours = (at - start_at) / MICROSECONDS_PER_HOUR
    is_dark = at < speaker.behind("outage_end_at")
    if tells_when(speaker.first_sentence) or not is_dark or not speaker.says(Detail.OUTAGE_START, OUTAGE_START):
        return None
    errs, later = speaker.errs(Detail.OUTAGE_START, WRONG_START), speaker.draws[Detail.OUTAGE_START, 2] < 0.5
    if speaker.draws[Detail.OUTAGE_START, 1] < 0.5 and hours < LONGEST_REMEMBERED_HOURS:
        start = speaker.local(start_at) + timedelta(minutes=(60 if later else -60) if errs else 0)
        return f"It has been out since {_clock(start, float(speaker.draws[Detail.OUTAGE_START, 2]))}."
    hours *= (1.5 if later else 0.5) if errs else 1
    return f"It has been out for {_duration(hours * 60)}."


def _clock(moment: datetime, form: float) -> str:
    """The nearest half hour as people say it."""
    half_hours = round((moment.hour * 60 + moment.minute) / 30) % 48
    hour, is_half = half_hours // 2, half_hours % 2 == 1
    of_twelve = (hour - 1) % 12 + 1
    part = "am" if hour < 12 else "pm"
    if is_half:
        return (f"half past {NUMBERS[of_twelve]}", f"{of_twelve}:30 {part}", f"{hour}:30")[int(form * 3)]
    return (NUMBERS[of_twelve], f"{of_twelve} {part}", f"{hour}:00")[int(form * 3)]


def _duration(minutes: float) -> str:
    """A time as people say it: in tens of minutes, then in hours."""
    if minutes < 50:
        return f"{max(round(minutes / 10), 1) * 10} minutes"
    hours = max(round(minutes / 60), 1)
    if hours == 1:
        return "an hour"
    return f"{NUMBERS[hours] if hours < len(NUMBERS) else hours} hours"


def _outages(speaker: _Speaker) -> str | None:
    in_month, in_year = speaker.behind("outages_in_month"), speaker.behind("outages_in_year")
    number, period, share = (
        (in_month, "month", OUTAGES_IN_MONTH) if in_month > 1 else (in_year, "year", OUTAGES_IN_YEAR)
    )
    if number < 2 or not speaker.says(Detail.OUTAGES, share):
        return None
    if speaker.errs(Detail.OUTAGES, MISCOUNTED):
        number += 1 if number == 2 or speaker.draws[Detail.OUTAGES, 2] < 0.5 else -1
    ordinal = ORDINALS[number] if number < len(ORDINALS) else f"{number}th"
    return (f"It is the {ordinal} time this {period}.", f"That is the {ordinal} outage this {period}!")[
        speaker.choice(Detail.OUTAGES, 2)
    ]


def _equipment(speaker: _Speaker) -> str | None:
    topic = speaker.behind("topic")
    share = {BILL: EQUIPMENT_BILL, PROGRAM: EQUIPMENT_PROGRAM}.get(topic, EQUIPMENT_ELSE)
    owned = _equipment_of(speaker)
    if not owned or not speaker.says(Detail.EQUIPMENT, share):
        return None
    name, statement, in_the_dark = EQUIPMENT_TEXTS[owned[speaker.choice(Detail.EQUIPMENT, len(owned))]]
    if topic == OUTAGE:
        return in_the_dark
    return (statement, f"Is it {name}?")[int(speaker.draws[Detail.EQUIPMENT, 2] * 2)]


def _equipment_of(speaker: _Speaker) -> list[str]:
    """What the customer has on the day, of what people mention."""
    agreements, agreement = speaker.utility.population.agreements, speaker.behind("agreement")
    today = (speaker.local_time.date() - speaker.utility.options.first_date).days
    has = {
        "vehicle": agreements.has_vehicle[agreement] and agreements.vehicle_from_day[agreement] <= today,
        "solar": agreements.solar_share[agreement] > 0,
        "heat pump": NAMES[agreements.archetype[agreement]] == "electric_heating",
        "pool": agreements.pool_kw[agreement] > 0,
    }
    return [name for name, is_there in has.items() if is_there]


def _program_behind(speaker: _Speaker) -> int:
    programs = speaker.utility.programs
    if speaker.behind("offer") >= 0:
        return int(programs.offers.program[speaker.behind("offer")])
    if speaker.behind("enrolment") >= 0:
        return int(programs.enrolments.program[speaker.behind("enrolment")])
    return int(programs.events.program[programs.calls.event[speaker.behind("call")]])


def _program(speaker: _Speaker) -> str | None:
    if not speaker.says(Detail.PROGRAM, PROGRAM_NAME):
        return None
    program = PROGRAMS[_program_behind(speaker)]
    names = (program.name, program.program_type.replace("_", " "), program.program_type.split("_")[-1])
    return f"It is about the {names[speaker.choice(Detail.PROGRAM, len(names))]} program."


def _offer_channel(speaker: _Speaker) -> str | None:
    if speaker.behind("offer") < 0 or not speaker.says(Detail.OFFER_CHANNEL, OFFER_CHANNEL):
        return None
    channel = CHANNELS[int(speaker.utility.programs.offers.channel[speaker.behind("offer")])]
    return CHANNEL_TEXTS[channel][speaker.choice(Detail.OFFER_CHANNEL, 2)]


def _incentive(speaker: _Speaker) -> str | None:
    if speaker.behind("offer") < 0 or not speaker.says(Detail.INCENTIVE, INCENTIVE):
        return None
    incentive = int(speaker.utility.programs.offers.incentive[speaker.behind("offer")])
    return ("Do I get {} dollars for it?", "It says that I get ${}.")[speaker.choice(Detail.INCENTIVE, 2)].format(
        incentive
    )


def _joining(speaker: _Speaker) -> str | None:
    enrolments = speaker.utility.programs.enrolments
    is_new = speaker.behind("enrolment") >= 0
    share = JOINING if is_new else JOINING_OF_OPT_OUT if speaker.behind("call") >= 0 else 0.0
    if not speaker.says(Detail.JOINING, share):
        return None
    if is_new:
        day = speaker.date(int(enrolments.day[speaker.behind("enrolment")]))
        return (f"I signed up on {_day(day, 0)}.", f"I joined on {_day(day, 1)}.", f"I signed up in {day:%B}.")[
            speaker.choice(Detail.JOINING, 3)
        ]
    calls = speaker.utility.programs.calls
    event_day = int(speaker.utility.programs.events.day[calls.event[speaker.behind("call")]])
    own = enrolments.customer == calls.customer[speaker.behind("call")]
    days = enrolments.day[own & (enrolments.program == _program_behind(speaker)) & (enrolments.day < event_day)]
    joined_on = speaker.date(int(days.max()))
    when = "last" if joined_on.year < speaker.local_time.year else "in"
    return f"I have been in it since I signed up {when} {joined_on:%B}."


def _event_day(speaker: _Speaker) -> str | None:
    if speaker.behind("call") < 0 or not speaker.says(Detail.EVENT_DAY, EVENT_DAY):
        return None
    programs = speaker.utility.programs
    day = speaker.date(int(programs.events.day[programs.calls.event[speaker.behind("call")]]))
    if (speaker.local_time.date() - day).days == 1:
        return "I mean the event of yesterday."
    return (f"I mean the event on {day:%A}.", f"I mean the event of {_day(day, 0)}.")[
        speaker.choice(Detail.EVENT_DAY, 2)
    ]
