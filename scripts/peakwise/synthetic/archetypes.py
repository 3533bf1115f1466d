"""The kinds of customers that a utility knows: how their days look and where their kilowatt-hours go.

Everything here is a statement about an average customer of the kind; population.py makes individuals of it.
"""

from dataclasses import dataclass

import numpy as np

# Times of day are looked up on this grid, so that a customer's own shift costs nothing.
GRID_POINTS_PER_HOUR = 12
GRID_POINTS = 24 * GRID_POINTS_PER_HOUR

RESIDENTIAL = "residential"
SMALL_BUSINESS = "small_business"
VEHICLE = "electric_vehicle"


@dataclass(frozen=True)
class Hump:
    """A rise of use around an hour of the local clock: `height` at `hour`, fading over `width` hours either side."""

    hour: float
    width: float
    height: float


@dataclass(frozen=True)
class DayShape:
    """Relative use over a day: a floor with humps on it. Only proportions matter."""

    floor: float
    humps: tuple[Hump, ...] = ()

    def on_grid(self) -> np.ndarray:
        """Relative use at every grid point of a day, starting at midnight; humps reach across midnight."""
        hours = np.arange(GRID_POINTS) / GRID_POINTS_PER_HOUR
        use = np.full(GRID_POINTS, self.floor)
        for hump in self.humps:
            distance = (hours - hump.hour + 12) % 24 - 12
            use += hump.height * np.exp(-0.5 * (distance / hump.width) ** 2)
        return use


@dataclass(frozen=True)
class Archetype:
    """An average customer of one kind.

    Attributes:
        name: As in `truth/customers.parquet`.
        customer_class: residential or small_business.
        weight: Share among the customers of its class that have no vehicle, all in proportion. How many have one is an
            option (vehicle_fraction).
        weekday, weekend: Use that follows people: cooking, light, machines.
        cooling, heating: When cooling and heating run, given weather that asks for them.
        always_on_share, activity_share, cooling_share, heating_share, vehicle_share, storage_share: Parts of annual
            kWh, in all 1; fixtures such as a pool pump come out of all of them. Storage is heat charged at night.
        solar_share: Annual solar generation over annual use; above zero means a roof and a received channel.
        flexible_fraction: Mean share of the peak-window load that the customer can move or leave out.
        willingness: Typical probability of enrolling when asked.
        response: Typical probability of responding to an event when enrolled.
        stays_with_building: The next tenant of the service point is of the same kind.
    """

    name: str
    weight: float
    weekday: DayShape
    weekend: DayShape
    always_on_share: float
    activity_share: float
    cooling_share: float
    heating_share: float
    flexible_fraction: float
    willingness: float
    response: float
    vehicle_share: float = 0.0
    storage_share: float = 0.0
    solar_share: float = 0.0
    stays_with_building: bool = False
    customer_class: str = RESIDENTIAL
    cooling: DayShape = DayShape(0.45, (Hump(17.5, 3.5, 0.75),))
    heating: DayShape = DayShape(0.70, (Hump(7.0, 1.8, 0.45), Hump(19.5, 2.8, 0.35)))


_HOME_WEEKEND = DayShape(0.12, (Hump(10.0, 2.2, 0.50), Hump(14.0, 2.5, 0.35), Hump(19.0, 2.6, 0.85)))

ARCHETYPES: tuple[Archetype, ...] = (
    Archetype(
        name="evening_peak",
        weight=0.22,
        weekday=DayShape(0.10, (Hump(7.2, 1.0, 0.22), Hump(19.2, 2.0, 1.00))),
        weekend=DayShape(0.12, (Hump(10.5, 2.2, 0.35), Hump(19.0, 2.4, 0.95))),
        always_on_share=0.27,
        activity_share=0.57,
        cooling_share=0.12,
        heating_share=0.04,
        flexible_fraction=0.12,
        willingness=0.22,
        response=0.70,
    ),
    Archetype(
        name="morning_and_evening",
        weight=0.19,
        weekday=DayShape(0.10, (Hump(7.0, 1.2, 0.95), Hump(18.5, 1.9, 0.90))),
        weekend=DayShape(0.12, (Hump(9.0, 1.8, 0.80), Hump(18.5, 2.3, 0.80))),
        always_on_share=0.27,
        activity_share=0.58,
        cooling_share=0.10,
        heating_share=0.05,
        flexible_fraction=0.10,
        willingness=0.20,
        response=0.72,
    ),
    Archetype(
        name="daytime_at_home",
        weight=0.14,
        weekday=DayShape(0.12, (Hump(9.5, 2.0, 0.60), Hump(13.5, 2.5, 0.75), Hump(18.0, 2.0, 0.55))),
        weekend=_HOME_WEEKEND,
        always_on_share=0.26,
        activity_share=0.58,
        cooling_share=0.12,
        heating_share=0.04,
        flexible_fraction=0.16,
        willingness=0.26,
        response=0.76,
    ),
    Archetype(
        name="flat",
        weight=0.11,
        weekday=DayShape(0.75, (Hump(12.5, 5.0, 0.20), Hump(20.0, 2.5, 0.25))),
        weekend=DayShape(0.75, (Hump(13.0, 5.0, 0.25), Hump(20.0, 2.5, 0.20))),
        always_on_share=0.55,
        activity_share=0.33,
        cooling_share=0.07,
        heating_share=0.05,
        flexible_fraction=0.05,
        willingness=0.15,
        response=0.62,
        cooling=DayShape(0.80, (Hump(17.0, 4.0, 0.30),)),
    ),
    Archetype(
        name=VEHICLE,
        weight=0.0,
        weekday=DayShape(0.10, (Hump(7.2, 1.1, 0.40), Hump(19.0, 2.1, 0.95))),
        weekend=_HOME_WEEKEND,
        always_on_share=0.19,
        activity_share=0.38,
        cooling_share=0.08,
        heating_share=0.03,
        vehicle_share=0.32,
        flexible_fraction=0.14,
        willingness=0.36,
        response=0.82,
    ),
    Archetype(
        name="rooftop_solar",
        weight=0.09,
        weekday=DayShape(0.12, (Hump(7.5, 1.3, 0.40), Hump(13.0, 2.5, 0.30), Hump(19.0, 2.2, 0.90))),
        weekend=_HOME_WEEKEND,
        always_on_share=0.26,
        activity_share=0.56,
        cooling_share=0.13,
        heating_share=0.05,
        solar_share=0.70,
        flexible_fraction=0.16,
        willingness=0.32,
        response=0.78,
        stays_with_building=True,
    ),
    Archetype(
        name="electric_heating",
        weight=0.07,
        weekday=DayShape(0.12, (Hump(7.2, 1.3, 0.55), Hump(19.0, 2.2, 0.85))),
        weekend=_HOME_WEEKEND,
        always_on_share=0.17,
        activity_share=0.33,
        cooling_share=0.05,
        heating_share=0.45,
        flexible_fraction=0.10,
        willingness=0.20,
        response=0.68,
        stays_with_building=True,
    ),
    Archetype(
        name="air_conditioning",
        weight=0.10,
        weekday=DayShape(0.12, (Hump(7.5, 1.3, 0.30), Hump(18.5, 2.4, 0.85))),
        weekend=_HOME_WEEKEND,
        always_on_share=0.22,
        activity_share=0.44,
        cooling_share=0.32,
        heating_share=0.02,
        flexible_fraction=0.32,
        willingness=0.28,
        response=0.74,
        stays_with_building=True,
        cooling=DayShape(0.40, (Hump(16.8, 3.2, 0.90),)),
    ),
    Archetype(
        name="storage_heating",
        weight=0.03,
        weekday=DayShape(0.12, (Hump(7.2, 1.3, 0.50), Hump(19.0, 2.2, 0.85))),
        weekend=_HOME_WEEKEND,
        always_on_share=0.22,
        activity_share=0.42,
        cooling_share=0.03,
        heating_share=0.08,
        storage_share=0.25,
        flexible_fraction=0.06,
        willingness=0.20,
        response=0.68,
        stays_with_building=True,
        # Stored heat runs out in the evening, and other heaters help.
        heating=DayShape(0.35, (Hump(18.5, 2.5, 0.80),)),
    ),
    Archetype(
        name="night_shift",
        weight=0.02,
        weekday=DayShape(
            0.10, (Hump(17.5, 1.3, 0.30), Hump(22.8, 1.3, 0.85), Hump(1.7, 1.6, 0.75), Hump(4.4, 0.9, 0.60))
        ),
        weekend=DayShape(0.12, (Hump(13.5, 2.2, 0.35), Hump(20.0, 2.2, 0.70), Hump(1.0, 2.0, 0.60))),
        always_on_share=0.27,
        activity_share=0.58,
        cooling_share=0.10,
        heating_share=0.05,
        flexible_fraction=0.08,
        willingness=0.18,
        response=0.60,
    ),
    Archetype(
        name="small_business",
        weight=1.0,
        weekday=DayShape(0.06, (Hump(10.0, 1.7, 0.80), Hump(13.0, 2.0, 0.60), Hump(16.0, 1.7, 0.75))),
        weekend=DayShape(0.07, (Hump(12.5, 3.0, 0.16),)),
        always_on_share=0.28,
        activity_share=0.54,
        cooling_share=0.13,
        heating_share=0.05,
        flexible_fraction=0.09,
        willingness=0.16,
        response=0.66,
        stays_with_building=True,
        customer_class=SMALL_BUSINESS,
        cooling=DayShape(0.15, (Hump(13.5, 3.2, 1.00),)),
        heating=DayShape(0.35, (Hump(8.5, 2.0, 0.80), Hump(13.5, 3.0, 0.40))),
    ),
)

NAMES = tuple(archetype.name for archetype in ARCHETYPES)
# Median annual kWh. The size of a customer is drawn without a look at the archetype.
MEDIAN_ANNUAL_KWH = {RESIDENTIAL: 8_400.0, SMALL_BUSINESS: 19_000.0}


def numbers_of_class(customer_class: str) -> np.ndarray:
    """Positions in ARCHETYPES of the kinds that a class has."""
    return np.array([number for number, kind in enumerate(ARCHETYPES) if kind.customer_class == customer_class])


def weights(vehicle_fraction: float) -> np.ndarray:
    """Share of every archetype among the customers of its class, when this fraction of homes has a vehicle."""
    share = column("weight").astype(float)
    homes = numbers_of_class(RESIDENTIAL)
    share[homes] *= (1 - vehicle_fraction) / share[homes].sum()
    share[NAMES.index(VEHICLE)] = vehicle_fraction
    return share


def column(attribute: str) -> np.ndarray:
    """One attribute of all archetypes, in the order of ARCHETYPES."""
    return np.array([getattr(archetype, attribute) for archetype in ARCHETYPES])


def _grids(weekday: str, weekend: str) -> np.ndarray:
    """Day shapes of all archetypes on the grid: archetype x (weekday, weekend) x grid point, float32."""
    return np.array(
        [[getattr(kind, weekday).on_grid(), getattr(kind, weekend).on_grid()] for kind in ARCHETYPES], np.float32
    )


ACTIVITY_GRID = _grids("weekday", "weekend")
COOLING_GRID = _grids("cooling", "cooling")
HEATING_GRID = _grids("heating", "heating")
# A business closes at weekends and barely cools or heats then.
for _grid in (COOLING_GRID, HEATING_GRID):
    _grid[NAMES.index("small_business"), 1] *= 0.35
