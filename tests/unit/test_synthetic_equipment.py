"""Vehicles, storage heaters, water heaters and pool pumps: who has them, and that they run when they should."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from peakwise.synthetic import SyntheticOptions, archetypes, generate
from peakwise.synthetic.daily_draws import DailyDraws, draw_days
from peakwise.synthetic.equipment_load import full_charge, pool_pump_kw, storage_heater_kw, vehicle_kw, water_heater_kw
from peakwise.synthetic.local_clock import LocalMonth, local_month, month_number
from peakwise.synthetic.population import Agreements, make_population
from peakwise.synthetic.weather import Conditions, conditions_of, make_weather, reference_year, warmest_day

# One block of homes, all with everything; storage heaters are those of their kind.
EQUIPPED = SyntheticOptions(
    customers=64,
    interval_minutes=15,
    small_business_fraction=0,
    mover_fraction=0,
    water_heater_timer_fraction=1,
    pool_pump_fraction=1,
).without_faults()
DRIVERS = replace(EQUIPPED, vehicle_fraction=1)
Load = Callable[[LocalMonth, Conditions, DailyDraws, DailyDraws], np.ndarray]


def owners(options: SyntheticOptions, attribute: str) -> tuple[Agreements, np.ndarray]:
    """The homes of the first block with a power above zero, and where they stand in the block."""
    agreements = make_population(options).agreements
    places = np.flatnonzero(getattr(agreements, attribute) > 0)
    assert len(places) > 20
    return agreements.rows(places), places


def over_months(options: SyntheticOptions, load: Load, months: range = range(12)) -> pd.DataFrame:
    """kW of each household (columns) with local day, hour of the interval's start and night from noon to noon."""
    weather = make_weather(options)
    parts = []
    for index in months:
        month = local_month(options, index)
        number = month_number(month.first_day)
        before_days = (month.first_day - local_month(options, index - 1).first_day).days if index else 31
        today = draw_days(options.seed, options.noise, 0, number, options.customers, month.days)
        before = draw_days(options.seed, options.noise, 0, number - 1, options.customers, before_days)
        kw = load(month, conditions_of(options, weather, month), today, before)
        day = month.day_index + month.first_day_since_start
        hour = month.local_hour - month.interval_minutes / 120
        parts.append(pd.DataFrame(kw.T).assign(day=day, hour=hour, night=day + (hour >= 12)))
    return pd.concat(parts, ignore_index=True).set_index(["day", "hour", "night"])


def test_shares_of_homes_are_the_options() -> None:
    agreements = make_population(SyntheticOptions(customers=20_000, mover_fraction=0)).agreements
    kinds = pd.Series(np.array(archetypes.NAMES)[agreements.archetype])
    is_home = (kinds != "small_business").to_numpy()
    homes = agreements.rows(np.flatnonzero(is_home))
    assert homes.has_vehicle.mean() == pytest.approx(0.03, abs=0.004)
    assert np.array_equal(agreements.has_vehicle, (kinds == "electric_vehicle").to_numpy())
    assert (homes.vehicle_from_day[homes.has_vehicle] >= 0).mean() == pytest.approx(0.5, abs=0.07)
    assert (homes.vehicle_from_day[~homes.has_vehicle] == -1).all()
    # Homes that are too small for it have none.
    assert (homes.water_kw > 0).mean() == pytest.approx(0.06, abs=0.006)
    assert (homes.pool_kw > 0).mean() == pytest.approx(0.04, abs=0.005)
    assert np.array_equal(agreements.storage_kw > 0, (kinds == "storage_heating").to_numpy())
    share = kinds[is_home].value_counts(normalize=True)
    assert share["storage_heating"] == pytest.approx(0.03, abs=0.004)
    assert share["night_shift"] == pytest.approx(0.02, abs=0.003)
    assert agreements.shares.sum(axis=1) == pytest.approx(1)
    assert agreements.shares.min() >= 0
    for power in ("water_kw", "pool_kw", "storage_kw"):
        assert not getattr(agreements, power)[~is_home].any()


@pytest.mark.parametrize("fraction", [0.0, 0.25, 1.0])
def test_share_of_vehicles_follows_its_option(fraction: float) -> None:
    options = SyntheticOptions(customers=3000, vehicle_fraction=fraction, small_business_fraction=0, mover_fraction=0)
    assert make_population(options).agreements.has_vehicle.mean() == pytest.approx(fraction, abs=0.03)


def test_a_quarter_of_the_vehicles_charge_at_a_household_socket_and_for_longer() -> None:
    options = SyntheticOptions(customers=4000, vehicle_fraction=1, small_business_fraction=0)
    agreements = make_population(options).agreements
    at_socket = agreements.charger_kw < 2
    assert at_socket.mean() == pytest.approx(0.25, abs=0.03)
    assert agreements.charger_kw[at_socket].mean() == pytest.approx(1.4, abs=0.02)
    assert agreements.charger_kw[~at_socket].min() >= 3.3
    assert agreements.charger_kw.max() <= 11
    hours = agreements.charge_hours
    assert np.median(hours[at_socket]) > 2 * np.median(hours[~at_socket])
    assert (agreements.charge_probability <= 0.9201).all()


def test_vehicles_charge_at_night_and_use_their_part_of_the_annual_energy() -> None:
    options = replace(DRIVERS, new_vehicle_fraction=0, noise=0)
    drivers, places = owners(options, "charger_kw")
    kw = over_months(options, lambda month, _, today, before: vehicle_kw(drivers, places, month, today, before))
    assert (kw.to_numpy().max(axis=0) <= drivers.charger_kw + 1e-5).all()
    energy = kw.groupby("hour").sum().sum(axis=1)
    assert energy.loc[10:18].sum() < 0.02 * energy.sum()
    assert energy.loc[22:].sum() + energy.loc[:6].sum() > 0.85 * energy.sum()
    expected = (drivers.shares[:, 4] * drivers.annual_kwh).sum()
    assert kw.to_numpy().sum() / 4 == pytest.approx(expected, rel=0.03)


def test_new_vehicle_never_charges_before_its_day_and_soon_after_it() -> None:
    options = replace(DRIVERS, new_vehicle_fraction=0.5)
    drivers, places = owners(options, "charger_kw")
    is_new = drivers.vehicle_from_day >= 0
    assert 20 < is_new.sum() < 44
    kw = over_months(options, lambda month, _, today, before: vehicle_kw(drivers, places, month, today, before))
    day = kw.index.get_level_values("day").to_numpy()
    first_day = np.array([day[np.flatnonzero(kw[column])[0]] for column in kw.columns])
    wait = first_day[is_new] - drivers.vehicle_from_day[is_new]
    assert wait.min() >= 0
    assert wait.max() < 30
    assert first_day[~is_new].max() < 30
    assert 60 <= drivers.vehicle_from_day[is_new].min() <= drivers.vehicle_from_day.max() < 365 - 60
    assert np.ptp(drivers.vehicle_from_day[is_new]) > 100


def test_newness_of_vehicles_takes_their_early_charging_and_nothing_else(tmp_path: Path) -> None:
    """Reading by reading, from one end of the generator to the other, with customers who move."""
    options = SyntheticOptions(customers=100, months=4, vehicle_fraction=0.5, mover_fraction=0.6).without_faults()
    old, new = (
        generate(replace(options, new_vehicle_fraction=fraction), tmp_path / f"{fraction}").folder
        for fraction in (0.0, 1.0)
    )
    truth = pq.read_table(new / "truth" / "customers.parquet").to_pandas()
    assert truth.has_vehicle.sum() > 20
    assert truth.vehicle_from.notna().equals(truth.has_vehicle)
    assert pq.read_table(old / "truth" / "customers.parquet")["vehicle_from"].null_count == len(truth)
    same = truth.columns.drop(["vehicle_from", "delivered_kwh", "received_kwh"])
    assert pq.read_table(old / "truth" / "customers.parquet").to_pandas()[same].equals(truth[same])

    keys = ["service_point_id", "channel", "interval_start_at"]
    either = [pq.read_table(folder / "readings").to_pandas()[[*keys, "kwh"]] for folder in (old, new)]
    pair = either[0].merge(either[1], on=keys, suffixes=("_old", "_new"), validate="one_to_one")
    local = pair.interval_start_at.dt.tz_localize("UTC").dt.tz_convert("America/New_York").dt.tz_localize(None)
    differs = pair[pair.kwh_old != pair.kwh_new].assign(day=local)
    assert (differs.kwh_old > differs.kwh_new).all()
    drivers = truth[truth.has_vehicle].assign(
        vehicle_from=lambda rows: pd.to_datetime(rows.vehicle_from), begins=lambda rows: pd.to_datetime(rows.valid_from)
    )
    late = differs.merge(drivers[["service_point_id", "vehicle_from", "begins"]], on="service_point_id", how="left")
    within = (late.begins.isna() | (late.day >= late.begins)) & (late.day < late.vehicle_from + pd.Timedelta(hours=12))
    assert len(differs) > 500
    assert within.groupby([late.service_point_id, late.day]).any().all()


def test_storage_heaters_charge_in_cold_nights_for_longer_when_it_is_colder_and_never_in_summer() -> None:
    options = replace(EQUIPPED, customers=64 * 20, water_heater_timer_fraction=0, pool_pump_fraction=0)
    stored, _ = owners(options, "storage_kw")
    assert set(stored.storage_kw) <= {2, 3, 4, 5, 6}
    weather = make_weather(options)
    reference = reference_year(options, weather)
    mean_kw = stored.shares[:, 5] * stored.annual_kwh / 8760
    full = full_charge(stored, reference, mean_kw)
    assert 0 < full.min() <= full.max() <= 1
    assert (full < 1).mean() > 0.6

    charges: list[np.ndarray] = []

    def load(month: LocalMonth, conditions: Conditions, today: DailyDraws, before: DailyDraws) -> np.ndarray:
        charges.append(conditions.storage_charge[:-1])
        return storage_heater_kw(stored, np.arange(len(stored)), full, month, conditions, today, before)

    kw = over_months(options, load)
    hour, day = (kw.index.get_level_values(name).to_numpy() for name in ("hour", "day"))
    charge = np.concatenate(charges)
    running = kw.to_numpy() > 0
    assert not running[(hour >= 8.5) & (hour < 22.75)].any()
    summer = (day >= 152) & (day < 243)
    assert not running[summer].any()
    assert (kw.to_numpy().max(axis=0) <= stored.storage_kw + 1e-5).all()
    assert (kw.to_numpy().max(axis=0) > 0.99 * stored.storage_kw).all()

    nightly = (kw / 4).groupby("night").sum().loc[:364].to_numpy()
    assert ((nightly > 0) == (charge > 0)[:, None]).all()
    assert 120 < (charge > 0).sum() < 245
    cold = charge > 0
    assert min(np.corrcoef(charge[cold], nightly[cold, home])[0, 1] for home in range(len(stored))) > 0.95
    # Heat that does not fit into the heaters comes from elsewhere.
    fits = full < 1
    assert (nightly.sum(axis=0) / 8760 / mean_kw)[fits] == pytest.approx(1, abs=0.03)


def test_storage_charge_follows_the_day_before_the_night() -> None:
    options = SyntheticOptions()
    weather = make_weather(options)
    month = local_month(options, 2)
    charge = conditions_of(options, weather, month).storage_charge
    assert len(charge) == month.days + 1
    start = np.searchsorted(weather.hour_start_at, month.interval_start_at[0])
    for night in (0, 5, 12):
        # The clock goes forward on 9 March: from there on, midnights come an hour earlier.
        midnight = start + 24 * night - (night > 8)
        mean = weather.temperature_celsius[midnight - 27 : midnight - 3].mean()
        assert charge[night] == pytest.approx(np.clip((15 - mean) / 20, 0, 1) if mean < 12 else 0, abs=1e-9)
    april = conditions_of(options, weather, local_month(options, 3)).storage_charge
    assert charge[-1] == pytest.approx(april[0])


@pytest.mark.parametrize("index", [0, 2, 10])  # a plain month, and those in which the clock changes
def test_water_heaters_start_at_the_same_clock_time_every_night(index: int) -> None:
    homes, places = owners(EQUIPPED, "water_kw")
    kw = over_months(
        EQUIPPED, lambda month, _, today, before: water_heater_kw(homes, places, month, today, before),
        range(index, index + 1),
    )  # fmt: skip
    hour, day, night = (kw.index.get_level_values(name).to_numpy() for name in ("hour", "day", "night"))
    # 9 March and 2 November: the skipped hour may hold a start, the repeated one holds a part of a run twice.
    clock_changes = np.isin(day, (67, 305))
    for home, start in enumerate(homes.water_from_hour):
        assert start * 4 % 1 == 0
        assert start >= 22 or start <= 4
        running = kw[home].to_numpy() > 0
        starts = np.append(False, running[1:] & ~running[:-1])
        assert running[hour == start].all()
        assert (hour[starts & ~clock_changes] == start).all()
        # The first and the last night of a month lie partly outside it.
        length = pd.Series(running).groupby(night).sum()[1:-1].drop([67, 305], errors="ignore") / 4
        assert 0.25 <= length.min() <= length.max() <= 3.75
        assert length.nunique() > 1


def test_water_heaters_run_all_year_and_use_their_part_of_the_annual_energy() -> None:
    options = replace(EQUIPPED, noise=0)
    homes, places = owners(options, "water_kw")
    assert (homes.water_kw >= 2).all()
    assert (homes.water_kw <= 3).all()
    assert (homes.water_hours >= 1).all()
    assert (homes.water_hours <= 2.5).all()
    kw = over_months(options, lambda month, _, today, before: water_heater_kw(homes, places, month, today, before))
    nightly = (kw / 4).groupby("night").sum().loc[1:364]
    # The clock skips an hour on 9 March, and whoever heats in that hour only has none.
    skipped = (nightly.index.to_numpy() == 67)[:, None] & (homes.water_from_hour >= 2) & (homes.water_from_hour < 3)
    assert ((nightly > 0) | skipped).all().all()
    assert nightly.sum().to_numpy() / 364 * 365 == pytest.approx(homes.shares[:, 6] * homes.annual_kwh, rel=0.03)


@pytest.mark.parametrize(("latitude", "in_season", "out_of_season"), [(40.7, 6, 0), (-40.7, 0, 6)])
def test_pool_pumps_run_the_same_hours_in_the_warm_half_of_the_year(
    latitude: float, in_season: int, out_of_season: int
) -> None:
    options = replace(EQUIPPED, latitude=latitude)
    homes, _ = owners(options, "pool_kw")
    middle = warmest_day(options)
    kw = over_months(options, lambda month, *_: pool_pump_kw(homes, month, middle))
    months = np.repeat(np.arange(12), [local_month(options, index).intervals for index in range(12)])
    assert not kw[months == out_of_season].any().any()
    pumping = kw[months == in_season].groupby("day").sum() / 4 / homes.pool_kw
    whole_days = pumping.to_numpy()
    assert whole_days == pytest.approx(np.broadcast_to(homes.pool_hours, whole_days.shape), abs=1e-4)
    assert (homes.pool_hours >= 6).all()
    assert (homes.pool_hours <= 10).all()
    at_night = homes.pool_from_hour >= 20
    assert 0.15 < at_night.mean() < 0.5
    assert (homes.pool_from_hour[~at_night] <= 11).all()
    assert kw.to_numpy().sum(axis=0) / 4 == pytest.approx(homes.shares[:, 7] * homes.annual_kwh, rel=0.03)


def test_fixtures_stay_with_the_building_when_people_move() -> None:
    options = replace(EQUIPPED, customers=640, mover_fraction=0.5, pool_pump_fraction=0.5)
    population = make_population(options)
    first = np.flatnonzero(population.next_agreement >= 0)
    before = population.agreements.rows(first)
    after = population.agreements.rows(population.next_agreement[first])
    assert len(first) > 200
    both = (before.pool_kw > 0) & (after.pool_kw > 0)
    assert both.sum() > 80
    for name in ("pool_kw", "pool_from_hour", "pool_half_season_days"):
        assert np.array_equal(getattr(before, name)[both], getattr(after, name)[both])
    # Only who is too small to use a thing differs from the one before.
    assert ((before.pool_kw > 0) == (after.pool_kw > 0)).mean() > 0.95


def test_share_of_fixtures_changes_no_other_home(tmp_path: Path) -> None:
    options = SyntheticOptions(customers=100, months=1).without_faults()
    changed = replace(options, water_heater_timer_fraction=0.5, pool_pump_fraction=0.3)
    folders = [generate(each, tmp_path / str(number)).folder for number, each in enumerate((options, changed))]
    truth = pq.read_table(folders[1] / "truth" / "customers.parquet").to_pandas()
    equipped = set(truth.service_point_id[truth.has_water_heater_timer | truth.has_pool_pump])
    assert 40 < len(equipped) < 80
    one, other = (pq.read_table(folder / "readings").to_pandas() for folder in folders)
    same = ~one.service_point_id.isin(equipped)
    assert one[same].equals(other[same])
    assert not one[~same].equals(other[~same])


def test_truth_tells_what_customers_have(tmp_path: Path) -> None:
    options = SyntheticOptions(
        customers=600, months=3, first_date=date(2025, 4, 1), vehicle_fraction=0.2, interval_minutes=60
    ).without_faults()
    folder = generate(options, tmp_path / "utility").folder
    truth = pq.read_table(folder / "truth" / "customers.parquet").to_pandas()
    for name in ("has_vehicle", "has_storage_heater", "has_water_heater_timer", "has_pool_pump", "has_solar"):
        assert truth[name].dtype == bool
        assert truth[name].any()
    assert (truth.has_vehicle == (truth.archetype == "electric_vehicle")).all()
    assert (truth.has_storage_heater == (truth.archetype == "storage_heating")).all()
    assert (truth.has_solar == (truth.archetype == "rooftop_solar")).all()
    assert truth.charger_kw.notna().equals(truth.has_vehicle)
    assert truth.charger_kw.dropna().between(1.3, 11).all()
    has_date = truth.vehicle_from.notna()
    assert not has_date[~truth.has_vehicle].any()
    assert 0.3 < has_date[truth.has_vehicle].mean() < 0.7
    dates = truth.vehicle_from[has_date]
    assert dates.min() >= date(2025, 4, 1)
    assert dates.max() < date(2025, 7, 1)
    assert (dates >= truth.valid_from[has_date].fillna(date(2025, 4, 1))).all()
    for name in ("customers.parquet", "outages.parquet"):
        columns = pq.read_schema(folder / name).names
        assert not [
            column for column in columns if column.startswith(("has_vehicle", "charger", "vehicle", "has_pool"))
        ]
