"""Who the customers are: service agreements with their archetype, size, habits and true response to programs."""

from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np

from peakwise.synthetic import archetypes
from peakwise.synthetic.attributes import Attributes, draw_attributes
from peakwise.synthetic.equipment import (
    Fixtures,
    draw_fixtures,
    draw_storage_heaters,
    draw_vehicle_days,
    draw_vehicles,
    use_of_fixtures,
)
from peakwise.synthetic.local_clock import month_after
from peakwise.synthetic.network import Network, Premises, draw_network, draw_premises
from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.random_streams import POINTS_PER_BLOCK, Purpose, stream
from peakwise.synthetic.weather import ROOF_TURNS_HOURS

# How `noise` makes individuals of archetypes, at noise = 1.
SHIFT_HOURS = 3.0  # standard deviation of a customer's own clock against the archetype's
OTHER_HABITS = 1.5  # greatest share of another archetype's day in a customer's own
MOST_OTHER_SHARE = 0.6  # a customer stays mostly of her kind
HABIT_WAVES = 4  # smooth departures from the archetype: waves of 1 to 4 cycles a day
HABIT_WAVE_SIZE = 0.45  # standard deviation of each wave, in logarithms
SHARE_SPREAD = 0.9  # standard deviation of the logarithm of each part of annual kWh

MOST_FLEXIBLE = 0.7  # of the load: something always runs
MOVE_MARGIN_DAYS = 60  # from either end of the utility's days, if there are that many


@dataclass(frozen=True)
class Agreements:
    """Service agreements as parallel arrays: one per service point, in their order, then one per move.

    Attributes:
        service_point: Number of the service point from 0.
        customer: Number of the customer from 1.
        archetype: Position in ARCHETYPES.
        annual_kwh: Expected use in a year, before solar generation.
        starts_on_day, ends_on_day: Local days since the utility's first (end excluded); -1 when open.
        shift_hours: The customer's own clock: how much later than the archetype's.
        other_archetype, other_share: Whose day is mixed into the customer's own, and how much.
        habit_waves: agreement x 2 * HABIT_WAVES: smooth departures in logarithms, cosine then sine.
        shares: agreement x (always on, activity, cooling, heating, vehicle, storage heaters, water heater, pool pump):
            parts of annual kWh.
        solar_share: Solar generation in a year over annual kWh.
        roof_facing: agreement x roof facing: shares of the roof.
        charger_kw, charge_hours, charge_probability, charge_from_hour: A vehicle's charging; hour counts from noon.
        vehicle_from_day: Local day since the utility's first on which a vehicle comes; -1 when it was there before.
        storage_kw, storage_from_hour, storage_early_share, storage_early_length: Storage heaters, see
            draw_storage_heaters; 0 kW where there are none.
        water_kw, water_hours, water_from_hour: A water heater on a timer; 0 kW where there is none.
        pool_kw, pool_hours, pool_from_hour, pool_half_season_days: A pool pump; 0 kW where there is none.
        flexible_fraction, willingness, response_probability: True response to programs.
        has_consent, has_medical_need: What the utility has on file in the end.
    """

    service_point: np.ndarray
    customer: np.ndarray
    archetype: np.ndarray
    annual_kwh: np.ndarray
    starts_on_day: np.ndarray
    ends_on_day: np.ndarray
    shift_hours: np.ndarray
    other_archetype: np.ndarray
    other_share: np.ndarray
    habit_waves: np.ndarray
    shares: np.ndarray
    solar_share: np.ndarray
    roof_facing: np.ndarray
    charger_kw: np.ndarray
    charge_hours: np.ndarray
    charge_probability: np.ndarray
    charge_from_hour: np.ndarray
    vehicle_from_day: np.ndarray
    storage_kw: np.ndarray
    storage_from_hour: np.ndarray
    storage_early_share: np.ndarray
    storage_early_length: np.ndarray
    water_kw: np.ndarray
    water_hours: np.ndarray
    water_from_hour: np.ndarray
    pool_kw: np.ndarray
    pool_hours: np.ndarray
    pool_from_hour: np.ndarray
    pool_half_season_days: np.ndarray
    flexible_fraction: np.ndarray
    willingness: np.ndarray
    response_probability: np.ndarray
    has_consent: np.ndarray
    has_medical_need: np.ndarray

    def __len__(self) -> int:
        return len(self.service_point)

    @property
    def has_vehicle(self) -> np.ndarray:
        """Whether the customer has an electric vehicle, now or from `vehicle_from_day` on."""
        return self.shares[:, 4] > 0

    def rows(self, index: np.ndarray) -> "Agreements":
        """The agreements at these positions, in this order."""
        return Agreements(**{item.name: getattr(self, item.name)[index] for item in fields(self)})


@dataclass(frozen=True)
class Population:
    """All agreements, and what a service point has to say about them.

    Attributes:
        agreements: See there.
        has_roof: Per service point: a received channel is read.
        next_agreement: Per service point: position of the agreement that follows its first, or -1.
        network, premises: Where service points lie.
        attributes: Per agreement: what goes with its customer.
    """

    agreements: Agreements
    has_roof: np.ndarray
    next_agreement: np.ndarray
    network: Network
    premises: Premises
    attributes: Attributes

    @property
    def service_points(self) -> int:
        """Number of service points."""
        return len(self.has_roof)

    def agreement_on(self, points: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Position of the agreement of each service point on a local day since the utility's first."""
        following = self.next_agreement[points]
        has_moved = (following >= 0) & (self.agreements.starts_on_day[following] <= day)
        return np.where(has_moved, following, points)


def make_population(options: SyntheticOptions) -> Population:
    """Draw who lives where, block of service points by block."""
    blocks = -(-options.customers // POINTS_PER_BLOCK)
    drawn = [_draw_block(options, block) for block in range(blocks)]
    first = _joined([block[0] for block in drawn])
    second = _joined([block[1] for block in drawn])
    next_agreement = np.full(len(first), -1)
    next_agreement[second.service_point] = len(first) + np.arange(len(second))
    agreements = _joined([first, second])
    _give_customers(options, agreements, next_agreement)
    has_roof = agreements.solar_share[: len(first)] > 0
    attributes = _attributes_of(options, agreements)
    agreements.willingness[:] = _probability(_logit(agreements.willingness) + attributes.willing)
    points = slice(0, len(first))
    is_home = is_residential(agreements)[points]
    return Population(
        agreements=agreements,
        has_roof=has_roof,
        next_agreement=next_agreement,
        network=draw_network(options),
        premises=draw_premises(
            options, is_home, has_roof | (agreements.pool_kw > 0)[points], relative_size(agreements)[points]
        ),
        attributes=attributes,
    )


def _attributes_of(options: SyntheticOptions, agreements: Agreements) -> Attributes:
    days = (month_after(options.first_date, options.months) - options.first_date).days
    return draw_attributes(
        options,
        customer=agreements.customer,
        is_home=is_residential(agreements),
        relative_size=relative_size(agreements),
        has_solar=agreements.solar_share > 0,
        has_vehicle=agreements.has_vehicle,
        typical_cooling_share=archetypes.column("cooling_share")[agreements.archetype],
        has_medical_need=agreements.has_medical_need,
        first_day=np.maximum(agreements.starts_on_day, 0),
        end_day=np.where(agreements.ends_on_day < 0, days, agreements.ends_on_day),
    )


def is_residential(agreements: Agreements) -> np.ndarray:
    """Whether each agreement is one of a home."""
    return np.isin(agreements.archetype, archetypes.numbers_of_class(archetypes.RESIDENTIAL))


def relative_size(agreements: Agreements) -> np.ndarray:
    """Annual kWh of each agreement against the median of its class."""
    return agreements.annual_kwh / _median_kwh(agreements.archetype)


def _median_kwh(kind: np.ndarray) -> np.ndarray:
    medians = [archetypes.MEDIAN_ANNUAL_KWH[archetype.customer_class] for archetype in archetypes.ARCHETYPES]
    return np.array(medians)[kind]


def _joined(parts: list[Agreements]) -> Agreements:
    return Agreements(
        **{item.name: np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(Agreements)}
    )


def _draw_block(options: SyntheticOptions, block: int) -> tuple[Agreements, Agreements]:
    """First agreements of a block's service points, and those that follow a move."""
    first_point = block * POINTS_PER_BLOCK
    points = np.arange(first_point, min(first_point + POINTS_PER_BLOCK, options.customers))
    rng = stream(options.seed, Purpose.POPULATION, block)
    is_business = rng.random(len(points)) < options.small_business_fraction
    home_kinds = archetypes.numbers_of_class(archetypes.RESIDENTIAL)
    business_kinds = archetypes.numbers_of_class(archetypes.SMALL_BUSINESS)
    weights = archetypes.weights(options.vehicle_fraction)
    kind = np.where(
        is_business,
        _draw_kind(rng, weights, business_kinds, len(points)),
        _draw_kind(rng, weights, home_kinds, len(points)),
    )
    size = rng.standard_normal(len(points))
    fixtures = draw_fixtures(options, block, ~is_business, np.exp(options.size_spread * size))
    first = _draw_agreements(options, rng, points, kind, size, fixtures)

    moves = rng.random(len(points)) < options.mover_fraction * options.months / 12
    days = (month_after(options.first_date, options.months) - options.first_date).days
    margin = min(MOVE_MARGIN_DAYS, days // 4)
    move_day = rng.integers(margin, days - margin, len(points))
    stays = archetypes.column("stays_with_building")
    movable = np.flatnonzero(~stays)
    new_kind = np.where(stays[kind], kind, _draw_kind(rng, weights, movable, len(points)))
    second = _draw_agreements(options, rng, points, new_kind, rng.standard_normal(len(points)), fixtures)
    first.ends_on_day[moves] = move_day[moves]
    second.starts_on_day[:] = move_day
    new_vehicles = stream(options.seed, Purpose.NEW_VEHICLES, block).random((2, len(points), 2))
    for agreements, draws in zip((first, second), new_vehicles, strict=True):
        start = np.maximum(agreements.starts_on_day, 0)
        end = np.where(agreements.ends_on_day < 0, days, agreements.ends_on_day)
        vehicle_day = draw_vehicle_days(options, draws, start, end, MOVE_MARGIN_DAYS)
        agreements.vehicle_from_day[:] = np.where(agreements.has_vehicle, vehicle_day, -1)
    return first, second.rows(np.flatnonzero(moves))


def _draw_kind(rng: np.random.Generator, weights: np.ndarray, kinds: np.ndarray, number: int) -> np.ndarray:
    share = weights[kinds] / weights[kinds].sum()
    return kinds[np.searchsorted(np.cumsum(share)[:-1], rng.random(number), side="right")]


def _draw_agreements(
    options: SyntheticOptions,
    rng: np.random.Generator,
    points: np.ndarray,
    kind: np.ndarray,
    size: np.ndarray,
    fixtures: Fixtures,
) -> Agreements:
    """Individuals of these archetypes and sizes (in standard deviations); shapes are drawn apart from sizes."""
    number = len(points)
    noise = options.noise
    median_kwh = _median_kwh(kind)
    annual_kwh = median_kwh * np.exp(options.size_spread * size)

    names = ("always_on_share", "activity_share", "cooling_share", "heating_share", "vehicle_share", "storage_share")
    typical_shares = np.stack([archetypes.column(name)[kind] for name in names], axis=1)
    shares = typical_shares * np.exp(SHARE_SPREAD * noise * rng.standard_normal(typical_shares.shape))
    shares /= shares.sum(axis=1, keepdims=True)
    fixtures_in_use = use_of_fixtures(fixtures, annual_kwh)
    fixture_shares = fixtures_in_use.pop("fixture_shares")
    shares = np.hstack([shares * (1 - fixture_shares.sum(axis=1, keepdims=True)), fixture_shares])
    homes = archetypes.numbers_of_class(archetypes.RESIDENTIAL)
    is_home = np.isin(kind, homes)
    other_share = np.minimum(OTHER_HABITS * noise * rng.random(number), MOST_OTHER_SHARE)
    vehicle = draw_vehicles(rng, shares[:, 4] * annual_kwh, annual_kwh / median_kwh)
    storage = draw_storage_heaters(rng, shares[:, 5] * annual_kwh)
    facing = rng.dirichlet((0.6, 1.6, 0.6), number)
    solar_share = archetypes.column("solar_share")[kind] * np.exp(0.8 * noise * rng.standard_normal(number))
    return Agreements(
        service_point=points,
        customer=np.zeros(number, np.int64),
        archetype=kind,
        annual_kwh=annual_kwh,
        starts_on_day=np.full(number, -1),
        ends_on_day=np.full(number, -1),
        shift_hours=SHIFT_HOURS * noise * rng.standard_normal(number),
        other_archetype=_draw_kind(rng, archetypes.weights(options.vehicle_fraction), homes, number),
        other_share=np.where(is_home, other_share, 0.0),
        habit_waves=HABIT_WAVE_SIZE * noise * rng.standard_normal((number, 2 * HABIT_WAVES)),
        shares=shares,
        solar_share=solar_share,
        roof_facing=facing[:, : len(ROOF_TURNS_HOURS)],
        **vehicle,
        vehicle_from_day=np.full(number, -1),
        **storage,
        **fixtures_in_use,
        **_draw_response(rng, kind, size),
    )


def _draw_response(rng: np.random.Generator, kind: np.ndarray, size: np.ndarray) -> dict[str, np.ndarray]:
    """True flexibility, willingness and response, and what the utility has on file (docs/causal-model.md).

    Flexibility knows the archetype but not the size; larger customers are a little more willing. Who is more willing
    than her kind is also more likely to respond.
    """
    number = len(kind)
    draws = rng.standard_normal((3, number))
    flexible = archetypes.column("flexible_fraction")[kind] * _few_large(draws[0])
    willing = _logit(archetypes.column("willingness")[kind]) + 0.2 * size + 0.7 * draws[1]
    responds = _logit(archetypes.column("response")[kind]) + 0.6 * (0.5 * draws[1] + 0.87 * draws[2])
    has_consent = rng.random(number) < 0.85
    has_medical_need = rng.random(number) < 0.02
    # Unused since enrolments are drawn by programs.py; the numbers after it stay what they were.
    rng.random(number)
    return {
        "flexible_fraction": np.minimum(flexible, MOST_FLEXIBLE),
        "willingness": _probability(willing),
        "response_probability": _probability(responds),
        "has_consent": has_consent,
        "has_medical_need": has_medical_need,
    }


def _few_large(normal: np.ndarray) -> np.ndarray:
    """Positive factors of mean 1 from standard normal draws: half of them under 0.14, one in ten above 3."""
    return 0.05 + 1.296 * np.maximum(normal + 0.25, 0) ** 2


def _logit(probability: np.ndarray) -> np.ndarray:
    return np.log(probability / (1 - probability))


def _probability(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logit))


def _give_customers(options: SyntheticOptions, agreements: Agreements, next_agreement: np.ndarray) -> None:
    """Number the customers, and give some of them the service point next door as a second one."""
    points = len(next_agreement)
    rng = stream(options.seed, Purpose.POPULATION, -(-points // POINTS_PER_BLOCK))
    wishes = rng.random(points) < options.second_point_fraction
    agreements.customer[:] = np.arange(1, len(agreements) + 1)
    is_home = np.isin(agreements.archetype, archetypes.numbers_of_class(archetypes.RESIDENTIAL))
    owners = np.zeros(points, bool)
    for point in np.flatnonzero(wishes):
        before = point - 1
        if (
            before < 0
            or owners[before]
            or is_home[before] != is_home[point]
            or next_agreement[before] >= 0
            or next_agreement[point] >= 0
        ):
            continue
        owners[[before, point]] = True
        agreements.customer[point] = agreements.customer[before]
        for trait in ("willingness", "response_probability", "has_consent", "has_medical_need"):
            getattr(agreements, trait)[point] = getattr(agreements, trait)[before]


def date_of_day(options: SyntheticOptions, day: int) -> date | None:
    """The date of a day since the utility's first; None for an open end (-1)."""
    return None if day < 0 else options.first_date + timedelta(days=int(day))


def service_point_id(number: int) -> str:
    """Text id of a service point by its number from 0."""
    return f"SP{number + 1:06d}"


def customer_id(number: int) -> str:
    """Text id of a customer by its number from 1."""
    return f"C{number:06d}"
