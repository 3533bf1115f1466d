"""Tables that the utility has on file beside readings and customers, and what is true behind them."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from peakwise.synthetic.attributes import CHANGES, INCOME_BANDS, LANGUAGES, TENURES, Attributes
from peakwise.synthetic.bills import WRONG_KINDS, Bills
from peakwise.synthetic.contact_details import said_besides
from peakwise.synthetic.contact_texts import MISSPELT, OTHER, OUTAGE, TOPICS, VOLTAGE, contact_text, misspelt
from peakwise.synthetic.contacts import Contacts
from peakwise.synthetic.faults import DECIMALS
from peakwise.synthetic.files import UTC_INSTANT, utc_instants
from peakwise.synthetic.network import PREMISE_TYPES
from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.outages import Storms
from peakwise.synthetic.population import Population, customer_id, service_point_id
from peakwise.synthetic.programs import (
    ASSIGNMENTS,
    CHANNELS,
    FAR_AWAY,
    LAUNCHED_BEFORE_DAYS,
    LEAVE_REASONS,
    PROGRAMS,
    Programs,
)
from peakwise.synthetic.random_streams import Purpose, stream
from peakwise.synthetic.readings import BlockMonth, MonthSetting, Utility
from peakwise.synthetic.tariffs import TARIFF_IDS, tariff_rows
from peakwise.synthetic.truth import outage_id

CONTACT_CHANNELS = ("phone", "web", "email", "social")
CONTACT_CHANNEL_SHARES = (0.50, 0.15, 0.12, 0.23)
NO_CUSTOMER = (0.35, 0.35, 0.25, 0.97)  # share of each channel's contacts that do not say who it is
NO_TOPIC, NO_TONE = 0.1, 0.1
NAMES_STREET, NAMES_AREA, NAMES_BOTH = 0.40, 0.30, 0.12
TONE_SPREAD = 0.2
UPSET_ABOVE = 0.5

_TEXT = pa.string()
TARIFFS_SCHEMA = pa.schema(
    [
        ("tariff_id", _TEXT),
        ("valid_from_date", pa.date32()),
        ("valid_to_date", pa.date32()),
        ("day_type", _TEXT),
        ("start_hour", pa.int16()),
        ("end_hour", pa.int16()),
        ("price_per_kwh", pa.float64()),
        ("fixed_per_day", pa.float64()),
    ]
)
BILLS_SCHEMA = pa.schema(
    [
        ("bill_id", _TEXT),
        ("service_point_id", _TEXT),
        ("customer_id", _TEXT),
        ("tariff_id", _TEXT),
        ("cycle_start_date", pa.date32()),
        ("cycle_end_date", pa.date32()),
        ("billed_kwh", pa.float64()),
        ("amount", pa.float64()),
        ("issued_on", pa.date32()),
        ("due_on", pa.date32()),
        ("paid_on", pa.date32()),
    ]
)
WRONG_BILLS_SCHEMA = pa.schema(
    [
        ("bill_id", _TEXT),
        ("kind", _TEXT),
        ("true_cycle_start_date", pa.date32()),
        ("true_kwh", pa.float64()),
        ("true_amount", pa.float64()),
    ]
)
CONTACTS_SCHEMA = pa.schema(
    [
        ("contact_id", _TEXT),
        ("customer_id", _TEXT),
        ("contacted_at", UTC_INSTANT),
        ("channel", _TEXT),
        ("topic", _TEXT),
        ("place_words", _TEXT),
        ("contact_text", _TEXT),
        ("tone", pa.float64()),
    ]
)
TRUE_CONTACTS_SCHEMA = pa.schema(
    [
        ("contact_id", _TEXT),
        ("customer_id", _TEXT),
        ("service_point_id", _TEXT),
        ("topic", _TEXT),
        ("outage_id", _TEXT),
        ("bill_id", _TEXT),
    ]
)
RESPONSES_SCHEMA = pa.schema(
    [
        ("event_id", _TEXT),
        ("customer_id", _TEXT),
        ("service_point_id", _TEXT),
        ("hour_start_at", UTC_INSTANT),
        ("without_kwh", pa.float64()),
        ("change_kwh", pa.float64()),
    ]
)


def write_premises(population: Population, path: Path) -> None:
    """Write where each service point hangs in the grid and what stands there."""
    network, premises = population.network, population.premises
    points = range(population.service_points)
    _write(
        path,
        {
            "service_point_id": pa.array([service_point_id(point) for point in points], _TEXT),
            "feeder_id": pa.array([network.feeder_id(point) for point in points], _TEXT),
            "transformer_id": pa.array([network.transformer_id(point) for point in points], _TEXT),
            "area": pa.array([network.area(point) for point in points], _TEXT),
            "street": pa.array([network.street_name(point) for point in points], _TEXT),
            "premise_type": _named(premises.premise_type, PREMISE_TYPES),
            "floor_area_m2": pa.array(premises.floor_area_m2),
        },
    )


def write_attributes(options: SyntheticOptions, population: Population, programs: Programs, path: Path) -> None:
    """Write every version of what the utility knew of each customer; the last one holds at the end of the history."""
    agreements, attributes = population.agreements, population.attributes
    primary = programs.primary
    starts = agreements.starts_on_day[primary]
    first_day = np.where(starts < 0, -attributes.earlier_days[primary], starts)
    changed = np.flatnonzero(attributes.change[primary] >= 0)
    agreement = np.concatenate([primary, primary[changed]])
    known_from = np.concatenate([first_day, attributes.change_day[primary[changed]]])
    is_before = np.concatenate([attributes.change[primary] >= 0, np.zeros(len(changed), bool)])
    order = np.lexsort((known_from, agreements.customer[agreement]))
    agreement, known_from, is_before = agreement[order], known_from[order], is_before[order]
    values = _versions(attributes, agreement, is_before)
    consent_changes = is_before & (attributes.change[agreement] == CHANGES.index("has_consent"))
    need_changes = is_before & (attributes.change[agreement] == CHANGES.index("has_medical_need"))
    is_home = attributes.household_size[agreement] > 0
    _write(
        path,
        {
            "customer_id": _customers(agreements.customer[agreement]),
            "known_from_date": _dates(options, known_from),
            "tenure": _named(values["tenure"], TENURES),
            "household_size": pa.array(values["household_size"], pa.int32(), mask=~is_home),
            "income_band": _named(values["income_band"], INCOME_BANDS),
            "is_low_income": pa.array(attributes.is_low_income[agreement]),
            "has_medical_need": pa.array(agreements.has_medical_need[agreement] ^ need_changes),
            "has_consent": pa.array(agreements.has_consent[agreement] ^ consent_changes),
            "language": _named(attributes.language[agreement], LANGUAGES),
        },
    )


def _versions(attributes: Attributes, agreement: np.ndarray, is_before: np.ndarray) -> dict[str, np.ndarray]:
    """Traits of these agreements; before the change where it is said so."""
    change = np.where(is_before, attributes.change[agreement], -1)
    people, band, tenure = (
        getattr(attributes, name)[agreement] for name in ("household_size", "income_band", "tenure")
    )
    return {
        "household_size": np.where(
            change == CHANGES.index("household_size"), np.where(people > 1, people - 1, 2), people
        ),
        "income_band": np.where(change == CHANGES.index("income_band"), np.where(band == 1, 0, 1), band),
        "tenure": np.where((change == CHANGES.index("tenure")) & (tenure >= 0), 1 - tenure, tenure),
    }


def write_tariffs(options: SyntheticOptions, path: Path) -> None:
    """Write all prices."""
    pq.write_table(pa.Table.from_pylist(tariff_rows(options), schema=TARIFFS_SCHEMA), path, compression="zstd")


def bill_tables(options: SyntheticOptions, population: Population, bills: Bills) -> tuple[pa.Table, pa.Table]:
    """Bills as a table of the utility's file, and the wrong ones as a table of `truth/wrong_bills.parquet`."""
    ids = [
        bill_id(options, point, day) for point, day in zip(bills.point.tolist(), bills.end_day.tolist(), strict=True)
    ]
    table = pa.Table.from_arrays(
        [
            pa.array(ids, _TEXT),
            _points(bills.point),
            _customers(population.agreements.customer[bills.agreement]),
            _named(bills.tariff, TARIFF_IDS),
            _dates(options, bills.start_day),
            _dates(options, bills.end_day),
            pa.array(bills.units / 10**DECIMALS),
            pa.array(bills.cents / 100),
            _dates(options, bills.issued_day),
            _dates(options, bills.due_day),
            _dates(options, bills.paid_day, bills.paid_day < 0),
        ],
        schema=BILLS_SCHEMA,
    )
    wrong = np.flatnonzero(bills.wrong >= 0)
    truth = pa.Table.from_arrays(
        [
            pa.array([ids[position] for position in wrong.tolist()], _TEXT),
            _named(bills.wrong[wrong], WRONG_KINDS),
            _dates(options, bills.true_start_day[wrong]),
            pa.array(bills.true_units[wrong] / 10**DECIMALS),
            pa.array(bills.true_cents[wrong] / 100),
        ],
        schema=WRONG_BILLS_SCHEMA,
    )
    return table, truth


def bill_id(options: SyntheticOptions, point: int, end_day: int) -> str:
    """Text id of the bill of a service point whose cycle ends (excluded) on a local day."""
    return f"B{point + 1:06d}-{_date(options, end_day):%Y%m%d}"


def write_programs(utility: Utility, folder: Path) -> None:
    """Write programs, offers, enrolments, events and calls, and the true probability of each offer."""
    options, programs, population = utility.options, utility.programs, utility.population
    offers, enrolments, events, calls = programs.offers, programs.enrolments, programs.events, programs.calls
    program_ids = [kind.program_id for kind in PROGRAMS]

    def customers(position: np.ndarray) -> pa.Array:
        return _customers(programs.customer[position])

    _write(
        folder / "programs.parquet",
        {
            "program_id": pa.array(program_ids, _TEXT),
            "program_name": pa.array([kind.name for kind in PROGRAMS], _TEXT),
            "program_type": pa.array([kind.program_type for kind in PROGRAMS], _TEXT),
            "launched_on": _dates(options, np.full(len(PROGRAMS), -LAUNCHED_BEFORE_DAYS)),
        },
    )
    offer_ids = pa.array([f"O{number + 1:06d}" for number in range(len(offers.customer))], _TEXT)
    _write(
        folder / "program_offers.parquet",
        {
            "offer_id": offer_ids,
            "program_id": _named(offers.program, program_ids),
            "customer_id": customers(offers.customer),
            "offered_on": _dates(options, offers.day),
            "channel": _named(offers.channel, CHANNELS),
            "incentive": pa.array(offers.incentive, pa.float64()),
            "assignment": _named(offers.assignment, ASSIGNMENTS),
        },
    )
    _write(
        folder / "truth" / "program_offers.parquet",
        {
            "offer_id": offer_ids,
            "enrolment_probability": pa.array(offers.probability, pa.float64()),
            "has_central_cooling": pa.array(
                population.attributes.has_central_cooling[programs.primary[offers.customer]]
            ),
        },
    )
    _write(
        folder / "program_enrolments.parquet",
        {
            "program_id": _named(enrolments.program, program_ids),
            "customer_id": customers(enrolments.customer),
            "enrolled_on": _dates(options, enrolments.day),
            "left_on": _dates(options, enrolments.left_day, enrolments.left_day == FAR_AWAY),
            "leave_reason": _named(enrolments.reason, LEAVE_REASONS),
        },
    )
    event_ids = event_ids_of(options, programs)
    _write(
        folder / "dr_events.parquet",
        {
            "event_id": pa.array(event_ids, _TEXT),
            "program_id": _named(events.program, program_ids),
            "starts_at": utc_instants(events.start_at),
            "ends_at": utc_instants(events.end_at),
            "notified_at": utc_instants(events.notified_at),
            "direction": pa.array(["reduce"] * len(events), _TEXT),
        },
    )
    _write(
        folder / "event_participation.parquet",
        {
            "event_id": _named(calls.event, event_ids),
            "customer_id": customers(calls.customer),
            "opted_out_at": pa.array(
                calls.opted_out_at.view("datetime64[us]"), pa.timestamp("us"), mask=calls.opted_out_at == 0
            ).cast(UTC_INSTANT),
        },
    )


def event_ids_of(options: SyntheticOptions, programs: Programs) -> list[str]:
    """Text ids of all events."""
    events = programs.events
    return [
        f"{PROGRAMS[program].program_id}-{_date(options, day):%Y%m%d}"
        for program, day in zip(events.program.tolist(), events.day.tolist(), strict=True)
    ]


def responses_table(utility: Utility, result: BlockMonth, event_ids: list[str]) -> pa.Table:
    """True changes by events of one block and month as a table of `truth/responses.parquet`."""
    responses, agreements = result.responses, utility.population.agreements
    return pa.Table.from_arrays(
        [
            _named(responses.event, event_ids),
            _customers(agreements.customer[responses.agreement]),
            _points(agreements.service_point[responses.agreement]),
            utc_instants(responses.hour_start_at),
            pa.array(responses.without_kwh),
            pa.array(responses.change_kwh),
        ],
        schema=RESPONSES_SCHEMA,
    )


def contact_tables(utility: Utility, setting: MonthSetting, contacts: Contacts) -> tuple[pa.Table, pa.Table]:
    """Contacts of a month as a table of the utility's file, and as one of `truth/contacts.parquet`."""
    options, network = utility.options, utility.population.network
    number = len(contacts)
    draws = stream(options.seed, Purpose.CONTACT_TEXTS, 0, setting.number).random((9, number))
    channel = np.searchsorted(np.cumsum(CONTACT_CHANNEL_SHARES)[:-1], draws[0], side="right")
    is_unnamed = draws[1] < np.array(NO_CUSTOMER)[channel]
    tone = -contacts.anger + 0.25 + TONE_SPREAD * np.sqrt(12) * (draws[3] - 0.5)
    ids = [f"K{setting.month.first_day:%Y%m}-{position + 1:05d}" for position in range(number)]
    places, texts = [], []
    is_upset = (contacts.anger > UPSET_ABOVE).tolist()
    for position, (topic, point) in enumerate(zip(contacts.topic.tolist(), contacts.point.tolist(), strict=True)):
        place = None
        if topic in (OUTAGE, VOLTAGE, OTHER):
            place = _place(network.street_name(point), network.area(point), *draws[4:7, position].tolist())
        text = contact_text(topic, is_upset[position], float(draws[7, position]), place)
        texts.append(text)
        places.append(place if place is not None and place in text else None)
    texts = said_besides(utility, setting, contacts, channel == CONTACT_CHANNELS.index("social"), texts)
    customers = utility.population.agreements.customer[contacts.agreement]
    customer_texts = [customer_id(customer) for customer in customers.tolist()]
    table = pa.Table.from_arrays(
        [
            pa.array(ids, _TEXT),
            pa.array(customer_texts, _TEXT, mask=is_unnamed),
            utc_instants(contacts.at),
            _named(channel, CONTACT_CHANNELS),
            _named(np.where(draws[2] < NO_TOPIC, -1, contacts.topic), TOPICS),
            pa.array(places, _TEXT),
            pa.array(texts, _TEXT),
            pa.array(np.round(np.clip(tone, -1, 1), 2), mask=draws[8] < NO_TONE),
        ],
        schema=CONTACTS_SCHEMA,
    )
    outages = [None if event < 0 else outage_id(setting, event) for event in contacts.outage.tolist()]
    bills = [
        None if day < 0 else bill_id(options, point, day)
        for point, day in zip(contacts.point.tolist(), contacts.bill_end_day.tolist(), strict=True)
    ]
    truth = pa.Table.from_arrays(
        [
            pa.array(ids, _TEXT),
            pa.array(customer_texts, _TEXT),
            _points(contacts.point),
            _named(contacts.topic, TOPICS),
            pa.array(outages, _TEXT),
            pa.array(bills, _TEXT),
        ],
        schema=TRUE_CONTACTS_SCHEMA,
    )
    return table, truth


def _place(street: str, area: str, what: float, spelling: float, where: float) -> str | None:
    """Words for a place as a customer gives them, or None."""
    if what < NAMES_STREET:
        words = street
    elif what < NAMES_STREET + NAMES_AREA:
        words = area
    elif what < NAMES_STREET + NAMES_AREA + NAMES_BOTH:
        words = f"{street}, {area}"
    else:
        return None
    return misspelt(words, where) if spelling < MISSPELT else words


def write_storms(storms: list[Storms], path: Path) -> None:
    """Write the storms of all months."""
    _write(
        path,
        {
            "started_at": utc_instants(_joined([each.start_at for each in storms])),
            "ended_at": utc_instants(_joined([each.end_at for each in storms])),
            "severity": pa.array(np.concatenate([each.severity for each in storms])),
        },
    )


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts).astype(np.int64)


def _write(path: Path, columns: dict[str, pa.Array]) -> None:
    pq.write_table(pa.table(columns), path, compression="zstd")


def _named(codes: np.ndarray, names: list[str] | tuple[str, ...]) -> pa.Array:
    """A text column from positions in a list of texts; null below 0."""
    codes = np.asarray(codes, np.int64)
    if not len(names):
        return pa.nulls(len(codes), _TEXT)
    return pa.array(names, _TEXT).take(pa.array(codes, mask=codes < 0))


def _customers(numbers: np.ndarray) -> pa.Array:
    return pa.array([customer_id(number) for number in numbers.tolist()], _TEXT)


def _points(numbers: np.ndarray) -> pa.Array:
    return pa.array([service_point_id(number) for number in numbers.tolist()], _TEXT)


def _date(options: SyntheticOptions, day: int) -> date:
    return options.first_date + timedelta(days=day)


def _dates(options: SyntheticOptions, days: np.ndarray, mask: np.ndarray | None = None) -> pa.Array:
    """A date column from local days since the utility's first, below 0 before it; null where the mask says so."""
    dates = np.datetime64(options.first_date, "D") + np.asarray(days, np.int64)
    return pa.array(dates, pa.date32(), mask=mask)
