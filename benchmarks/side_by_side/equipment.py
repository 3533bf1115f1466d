"""How well equipment is told from readings: verdicts of the pipeline against the truth of synthetic utilities."""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from side_by_side.markdown import table
from side_by_side.pipeline_stages import WITHOUT_TESTS
from side_by_side.places import Places
from side_by_side.processes import run_in_process
from side_by_side.stopwatch import Stopwatch

if TYPE_CHECKING:
    from peakwise.synthetic.population import Agreements

EQUIPMENT = "equipment"
# Thresholds were set while looking at other seeds. Each utility has its own, so that no home is counted twice.
FIRST_SEED = 23
CELLS = tuple((size_spread, noise) for size_spread in (0.2, 0.5, 0.7) for noise in (0.1, 0.3, 0.5))

# As in the seed equipment_limits.
HEATING_SHARE, COOLING_SHARE = 0.20, 0.15

WALL_CHARGER, SOCKET = "vehicle, 3 kW or more", "vehicle, about 1.4 kW"
LOOK_ALIKES = ("storage heater", "water heater on a timer", "pool pump", "night shift")
KINDS = (WALL_CHARGER, SOCKET, *LOOK_ALIKES, "any other customer")

# A customer may hold several service points, and has what any of them has.
VERDICTS = """
    with truth as (
        select
            customer_id,
            bool_or(has_vehicle) as has_vehicle,
            max(charger_kw) as charger_kw,
            max(vehicle_from) as vehicle_from,
            bool_or(has_storage_heater) as has_storage_heater,
            bool_or(has_water_heater_timer) as has_water_heater_timer,
            bool_or(has_pool_pump) as has_pool_pump,
            bool_or(archetype = 'night_shift') as is_night_shift,
            bool_or(has_solar) as has_solar,
            bool_or(archetype in ('electric_heating', 'storage_heating')) as has_heating,
            bool_or(archetype = 'air_conditioning') as has_cooling
        from read_parquet(?)
        group by customer_id
    )

    select
        case
            when truth.has_vehicle and truth.charger_kw >= 3 then ?
            when truth.has_vehicle then ?
            when truth.has_storage_heater then ?
            when truth.has_water_heater_timer then ?
            when truth.has_pool_pump then ?
            when truth.is_night_shift then ?
            else ?
        end as kind,
        found.has_vehicle_charging,
        found.has_slow_charging,
        truth.has_solar,
        found.has_solar,
        case
            when found.solar_sunny_days >= 30 then found.solar_dip_days >= 0.4 * found.solar_sunny_days
        end as dips,
        truth.has_heating,
        found.has_electric_heating,
        truth.has_cooling,
        found.has_electric_cooling,
        case when truth.vehicle_from is not null then found.vehicle_charging_since - truth.vehicle_from end as days_late,
        found.vehicle_charging_is_new,
        truth.vehicle_from is not null as is_new,
        truth.customer_id
    from truth
    inner join marts.mart_customer_equipment as found on truth.customer_id = found.customer_id
"""


@dataclass(frozen=True)
class Outcome:
    """Verdicts of a yes or no against the truth; who cannot be told counts as no.

    Attributes:
        right: Said yes, and it is so.
        missed: Not said yes, and it is so.
        wrong: Said yes, and it is not so.
    """

    right: int
    missed: int
    wrong: int

    @property
    def precision(self) -> float | None:
        """Of those said yes the share that is so; None when nobody is."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        """Of those that are so the share said yes; None when nobody is."""
        return self.right / (self.right + self.missed) if self.right + self.missed else None


def outcome(pairs: Sequence[tuple[bool, bool | None]]) -> Outcome:
    """Count pairs of truth and verdict."""
    counts = Counter((bool(truth), bool(verdict)) for truth, verdict in pairs)
    return Outcome(counts[True, True], counts[True, False], counts[False, True])


def detect(
    stopwatch: Stopwatch, places: Places, customers: int, months: int, size_spread: float, noise: float, seed: int
) -> list[list[Any]]:
    """Make one utility with perfect metering and build up to the equipment.

    Returns:
        For each customer the columns of VERDICTS, in the end the true shares of heating and cooling instead of the id.
    """
    from peakwise.dbt import Dbt
    from peakwise.loading import (
        BesideReadings,
        Clock,
        ReadingOptions,
        UtilitySettings,
        load_beside_readings,
        load_readings,
        set_holidays,
        set_utility,
    )
    from peakwise.synthetic import SyntheticOptions, generate
    from peakwise.synthetic.population import make_population
    from peakwise.warehouse import connect

    utility = places.folder / "equipment_utility"
    shutil.rmtree(places.home, ignore_errors=True)
    options = SyntheticOptions(
        customers=customers, months=months, size_spread=size_spread, noise=noise, seed=seed
    ).without_faults()
    with stopwatch.phase("equipment"):
        generate(options, utility)
        reading = ReadingOptions(label="start", label_clock=Clock.parse("UTC"))
        beside = BesideReadings(customers=utility / "customers.parquet", weather=utility / "weather.parquet")
        with connect(places.warehouse) as connection:
            set_utility(
                connection, UtilitySettings(time_zone=options.time_zone, holiday_calendar=options.holiday_calendar)
            )
            load_beside_readings(connection, beside, reading)
            load_readings(connection, [utility / "readings"], reading)
            set_holidays(connection)
        dbt = Dbt(places.warehouse, places.dbt_folder)
        dbt.run("build", "--select", "+mart_customer_equipment", *WITHOUT_TESTS)
        shares = weather_shares(make_population(options).agreements)
        found = verdicts(places.warehouse, utility / "truth" / "customers.parquet")
        rows = [[*row[:-1], *shares[row[-1]]] for row in found]
    shutil.rmtree(places.home)
    shutil.rmtree(utility)
    return rows


def weather_shares(agreements: "Agreements") -> dict[str, tuple[float, float]]:
    """True shares of heating and cooling in the annual kWh of each customer, before solar generation."""
    from peakwise.synthetic.population import customer_id

    annual, heating, cooling = Counter(), Counter(), Counter()
    # Parts of annual kWh: always on, activity, cooling, heating, vehicle, storage heaters, …
    for number, kwh, parts in zip(
        agreements.customer.tolist(), agreements.annual_kwh.tolist(), agreements.shares.tolist(), strict=True
    ):
        annual[number] += kwh
        heating[number] += kwh * (parts[3] + parts[5])
        cooling[number] += kwh * parts[2]
    return {
        customer_id(number): (heating[number] / annual[number], cooling[number] / annual[number]) for number in annual
    }


def verdicts(warehouse: Path, truth: Path) -> list[list[Any]]:
    """Truth and verdicts of every customer, in the columns of VERDICTS."""
    from peakwise.warehouse import connect

    with connect(warehouse, read_only=True) as connection:
        return [list(row) for row in connection.execute(VERDICTS, [str(truth), *KINDS]).fetchall()]


def measure(
    places: Places,
    customers: int = 1500,
    months: int = 12,
    cells: Sequence[tuple[float, float]] = CELLS,
    show: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Verdicts on one utility for each size spread and noise.

    Args:
        places: The run's places.
        customers: Service points of each utility.
        months: Months of hourly readings.
        cells: Size spread and noise of each utility.
        show: Told of each utility.

    Returns:
        What `render` takes: `customers`, `months`, and `cells`, each with its `size_spread`, `noise` and `rows`.
    """
    found = []
    for number, (size_spread, noise) in enumerate(cells):
        answer = run_in_process(
            "equipment.detect", places.of_variant(EQUIPMENT), customers=customers, months=months,
            size_spread=size_spread, noise=noise, seed=FIRST_SEED + number,
        )  # fmt: skip
        found.append({"size_spread": size_spread, "noise": noise, "rows": answer.found})
        vehicles = outcome(vehicle_pairs(answer.found))
        show(
            f"equipment at size spread {size_spread}, noise {noise}: vehicles of 3 kW or more "
            f"{vehicles.right} found, {vehicles.missed} missed, {vehicles.wrong} wrong"
        )
    return {"customers": customers, "months": months, "cells": found}


def vehicle_pairs(rows: list[list[Any]]) -> list[tuple[bool, bool | None]]:
    """Truth and verdict on vehicles of 3 kW or more.

    Those who charge at a socket are left out: to call one a vehicle is not wrong, and not to find one is no promise broken.
    """
    return [(row[0] == WALL_CHARGER, row[1]) for row in rows if row[0] != SOCKET]


def render(found: dict[str, Any]) -> str:
    """The section of the page: confusion by kind, precision and recall by utility, and the other equipment."""
    cells = found["cells"]
    rows = [row for cell in cells for row in cell["rows"]]
    return f"""
## Equipment told from readings

{len(cells)} synthetic utilities of {found["customers"]:,} service points, with {found["months"]} months of hourly readings and weather:
one for each size spread and noise, made with seeds that no threshold was set by. A verdict that cannot be told counts as no.

Vehicles by what the customer truly has, all utilities together:

{confusion_table(rows)}

Vehicles that charge at 3 kW or more, by utility:

{table(("size spread", "noise", "found", "missed", "wrong", "precision", "recall"), cell_rows(cells), left=2)}

{new_vehicles(rows)}

Other equipment, all utilities together. Heating and cooling are held against the archetypes that are named after them, and
against the true share of the annual kWh, for customers of other archetypes heat and cool, too.

{table(("what", "found", "missed", "wrong", "precision", "recall"), other_rows(rows))}
"""


def confusion_table(rows: list[list[Any]]) -> str:
    """What was said of the customers of each kind."""
    lines = []
    for kind in KINDS:
        of_kind = [row for row in rows if row[0] == kind]
        vehicle = sum(row[1] is True for row in of_kind)
        slow = sum(row[2] is True for row in of_kind)
        untold = sum(row[1] is None for row in of_kind)
        lines.append((kind, *(f"{count:,}" for count in (len(of_kind), vehicle, slow, untold))))
    return table(("truth", "customers", "said: vehicle", "hint: slow charging", "cannot be told"), lines)


def cell_rows(cells: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """One line a utility, and one for all."""
    lines = [
        (f"{cell['size_spread']:.1f}", f"{cell['noise']:.1f}", *figures(outcome(vehicle_pairs(cell["rows"]))))
        for cell in cells
    ]
    together = outcome([pair for cell in cells for pair in vehicle_pairs(cell["rows"])])
    return [*lines, ("all", "all", *figures(together))]


def other_rows(rows: list[list[Any]]) -> list[tuple[str, ...]]:
    """Precision and recall of all but vehicles."""
    return [
        ("solar panels", *figures(outcome([(row[3], row[4]) for row in rows]))),
        ("solar panels, by the midday dip alone", *figures(outcome([(row[3], row[5]) for row in rows]))),
        ("electric heating, by archetype", *figures(outcome([(row[6], row[7]) for row in rows]))),
        (
            f"electric heating, true share {HEATING_SHARE:.0%} or more",
            *figures(outcome([(row[13] >= HEATING_SHARE, row[7]) for row in rows])),
        ),
        ("electric cooling, by archetype", *figures(outcome([(row[8], row[9]) for row in rows]))),
        (
            f"electric cooling, true share {COOLING_SHARE:.0%} or more",
            *figures(outcome([(row[14] >= COOLING_SHARE, row[9]) for row in rows])),
        ),
    ]


def new_vehicles(rows: list[list[Any]]) -> str:
    """A sentence on vehicles that came within the history."""
    charged = [row for row in rows if row[0] == WALL_CHARGER and row[1]]
    late = sorted(abs(row[10]) for row in charged if row[10] is not None)
    if not late:
        return "No vehicle that came within the history was found."
    called = sum(bool(row[11]) for row in charged if row[12])
    falsely = sum(bool(row[11]) for row in charged if not row[12])
    within = sum(days <= 14 for days in late)
    return (
        f"Of the {len(late)} vehicles found that came within the history, {within} are dated to within two weeks\n"
        f"(median {late[len(late) // 2]} days off) and {called} are called new, as are {falsely} of the "
        f"{len(charged) - len(late)} that were there before."
    )


def figures(counted: Outcome) -> tuple[str, ...]:
    """Cells of a table."""
    shares = ("none" if share is None else f"{share:.3f}" for share in (counted.precision, counted.recall))
    return (str(counted.right), str(counted.missed), str(counted.wrong), *shares)
