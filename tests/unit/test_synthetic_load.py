from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from peakwise.synthetic import SyntheticOptions, archetypes, generate
from peakwise.synthetic.local_clock import local_month
from peakwise.synthetic.population import make_population
from peakwise.synthetic.weather import conditions_of, make_weather


def readings(folder: Path) -> pd.DataFrame:
    """All readings with local time, and the archetype and size of a service point's first customer."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    # Short codes instead of texts make the data frame fast.
    connection.execute("create type channels as enum ('delivered', 'received')")
    connection.execute(f"create type archetypes as enum {archetypes.NAMES}")
    frame = connection.execute(
        f"""
        select readings.service_point_id[3:]::integer as service_point_id, channel::channels as channel,
            kwh, archetype::archetypes as archetype, annual_kwh,
            timezone('America/New_York', timezone('UTC', interval_start_at)) as local_start
        from '{folder}/readings/*.parquet' as readings
        join '{folder}/truth/customers.parquet' as truth
            on truth.service_point_id = readings.service_point_id and truth.valid_from is null
        order by 1, 2, interval_start_at
        """
    ).df()
    connection.close()
    return frame


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    # Enough vehicles to take means of, all there from the first day, so that the year has all of their energy.
    options = SyntheticOptions(
        customers=320, mover_fraction=0, small_business_fraction=0.1, vehicle_fraction=0.1, new_vehicle_fraction=0
    ).without_faults()
    return readings(generate(options, tmp_path_factory.mktemp("year") / "utility").folder)


@pytest.mark.parametrize("minutes", [60, 15])
def test_local_months_follow_each_other_without_gap_or_overlap(minutes: int) -> None:
    options = SyntheticOptions(interval_minutes=minutes)
    months = [local_month(options, index) for index in range(12)]
    instants = np.concatenate([month.interval_start_at for month in months])
    assert (np.diff(instants) == minutes * 60_000_000).all()
    assert instants[0] == np.datetime64("2025-01-01T05:00", "us").astype(np.int64)
    assert len(instants) == 8760 * 60 // minutes
    assert [month.intervals * minutes // 60 for month in months[:3]] == [744, 672, 743]


def test_local_days_have_23_and_25_hours_at_clock_changes() -> None:
    march, november = (local_month(SyntheticOptions(), index) for index in (2, 10))
    assert np.bincount(march.day_index)[8] == 23
    assert np.bincount(november.day_index)[1] == 25
    assert 2 not in march.slot[march.day_index == 8]
    assert (november.slot[november.day_index == 1] == 1).sum() == 2


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "Asia/Kolkata", "Europe/Dublin", "America/St_Johns"])
def test_unusual_zones_keep_every_interval_once(zone: str) -> None:
    options = SyntheticOptions(time_zone=zone)
    months = [local_month(options, index) for index in range(12)]
    instants = np.concatenate([month.interval_start_at for month in months])
    assert (np.diff(instants) == 3_600_000_000).all()
    for month in months:
        assert month.day_index.min() == 0
        assert month.day_index.max() == month.days - 1
        assert month.clock_column.max() < 48


def test_holidays_count_as_weekend() -> None:
    assert local_month(SyntheticOptions(), 6).is_weekend[3]  # Friday, 4 July 2025
    assert not local_month(SyntheticOptions(holiday_calendar=""), 6).is_weekend[3]


def test_habits_follow_the_local_clock_through_a_clock_change(year: pd.DataFrame) -> None:
    early = year[(year.archetype == "morning_and_evening") & (year.local_start.dt.day_of_week < 5)]
    for first, last in (("2025-02-20", "2025-03-08"), ("2025-03-10", "2025-03-26")):
        days = early[(early.local_start >= first) & (early.local_start < last)]
        morning = days[days.local_start.dt.hour < 12]
        assert morning.groupby(morning.local_start.dt.hour).kwh.mean().idxmax() in (6, 7)


def test_sun_does_not_follow_clock_changes() -> None:
    options = SyntheticOptions()
    weather = make_weather(options)
    peaks = []
    for index, day in ((2, 3), (2, 20)):
        month = local_month(options, index)
        clear = conditions_of(
            options, replace(weather, clearness_fraction=np.ones_like(weather.temperature_celsius)), month
        )
        of_day = np.flatnonzero(month.day_index == day)
        peaks.append(month.local_hour[of_day[clear.sunlight[1, of_day].argmax()]])
    assert peaks[1] - peaks[0] == 1


def test_southern_summer_is_in_january() -> None:
    options = SyntheticOptions(time_zone="Australia/Sydney", holiday_calendar="AU", latitude=-33.9)
    weather = make_weather(options)
    january, july = (conditions_of(options, weather, local_month(options, index)) for index in (0, 6))
    assert january.cooling_degrees.sum() > 20 * july.cooling_degrees.sum()
    assert january.sunlight.sum() > 1.3 * july.sunlight.sum()


def test_weather_does_not_depend_on_interval_or_length() -> None:
    hourly = make_weather(SyntheticOptions())
    longer = make_weather(SyntheticOptions(months=24, interval_minutes=15))
    assert np.array_equal(hourly.temperature_celsius, longer.temperature_celsius[: len(hourly.temperature_celsius)])


def test_annual_energy_is_the_size_of_the_customer(year: pd.DataFrame) -> None:
    net = year.assign(kwh=year.kwh.where(year.channel == "delivered", -year.kwh))
    found = net.groupby(["archetype", "service_point_id"]).agg(kwh=("kwh", "sum"), size=("annual_kwh", "first"))
    ratio = (found.kwh / found["size"]).groupby("archetype").mean()
    assert ratio.drop("rooftop_solar").between(0.96, 1.02).all()
    assert ratio["rooftop_solar"] < 0.6


def test_size_is_independent_of_shape(year: pd.DataFrame) -> None:
    homes = year[(year.channel == "delivered") & (year.archetype != "small_business")]
    profile = homes.groupby(["service_point_id", homes.local_start.dt.hour]).kwh.mean().unstack()
    share = profile.div(profile.sum(axis=1), axis=0)
    size = np.log(homes.groupby("service_point_id").annual_kwh.first())
    assert np.abs(share.corrwith(size)).max() < 0.2


def test_size_spread_scales_readings_and_nothing_else(tmp_path: Path) -> None:
    # Equipment is left out, for it has a real power whatever the size of the customer.
    quiet = SyntheticOptions(
        customers=100,
        months=1,
        mover_fraction=0,
        noise=0,
        vehicle_fraction=0,
        water_heater_timer_fraction=0,
        pool_pump_fraction=0,
    ).without_faults()
    spread = readings(generate(quiet, tmp_path / "spread").folder)
    even = readings(generate(replace(quiet, size_spread=0), tmp_path / "even").folder)
    assert even.annual_kwh.nunique() == 2
    same = spread.archetype != "storage_heating"
    relative = (spread.kwh / spread.annual_kwh - even.kwh / even.annual_kwh)[same] * 8760
    assert relative.abs().max() < 0.01


def test_noise_of_zero_makes_all_customers_their_archetype() -> None:
    options = SyntheticOptions(noise=0, water_heater_timer_fraction=0, pool_pump_fraction=0)
    agreements = make_population(options).agreements
    assert not agreements.shift_hours.any()
    assert not agreements.habit_waves.any()
    flat = agreements.rows(np.flatnonzero(agreements.archetype == archetypes.NAMES.index("flat")))
    assert np.ptp(flat.shares, axis=0).max() < 1e-12


def test_noise_moves_customers_from_their_archetype_and_readings_from_their_customer(tmp_path: Path) -> None:
    spreads = []
    for noise in (0.1, 0.6):
        options = replace(SyntheticOptions(customers=100, months=1).without_faults(), noise=noise)
        flat = readings(generate(options, tmp_path / str(noise)).folder).query("archetype == 'flat'")
        relative = flat.assign(kwh=flat.kwh / flat.annual_kwh)
        within = relative.groupby("service_point_id").kwh.std().mean()
        profile = relative.groupby(["service_point_id", flat.local_start.dt.hour]).kwh.mean().unstack()
        spreads.append((within, profile.div(profile.sum(axis=1), axis=0).std().mean()))
    assert spreads[1][0] > 2 * spreads[0][0]
    assert spreads[1][1] > 2 * spreads[0][1]


def test_archetypes_look_as_a_utility_knows_them(year: pd.DataFrame) -> None:
    clock, weekday = year.local_start.dt, year.local_start.dt.day_of_week < 5
    delivered = year.channel == "delivered"

    def mean_kw(archetype: str, hours: range, only: pd.Series | bool = True) -> float:
        chosen = delivered & (year.archetype == archetype) & clock.hour.isin(list(hours)) & only
        return float((year.kwh[chosen] / year.annual_kwh[chosen] * 8760).mean())

    summer, winter = clock.month.isin([6, 7, 8]), clock.month.isin([12, 1, 2])
    evening, night, noon, morning = range(18, 21), range(0, 3), range(11, 15), range(6, 8)
    assert mean_kw("evening_peak", evening) > 1.8 * mean_kw("evening_peak", noon, weekday)
    assert mean_kw("morning_and_evening", morning, weekday) > 1.4 * mean_kw("morning_and_evening", noon, weekday)
    assert mean_kw("daytime_at_home", noon, weekday) > 1.3 * mean_kw("evening_peak", noon, weekday)
    assert mean_kw("flat", evening) < 1.4 * mean_kw("flat", night)
    assert mean_kw("electric_vehicle", night) > 2 * mean_kw("electric_vehicle", noon)
    assert mean_kw("rooftop_solar", noon, summer) < 0.2 < 0.6 < mean_kw("rooftop_solar", evening, summer)
    assert mean_kw("electric_heating", morning, winter) > 2 * mean_kw("electric_heating", morning, summer)
    assert mean_kw("air_conditioning", evening, summer) > 2 * mean_kw("air_conditioning", evening, winter)
    assert mean_kw("small_business", noon, weekday) > 2 * mean_kw("small_business", noon, ~weekday)
    assert mean_kw("storage_heating", range(1, 4), winter) > 4 * mean_kw("storage_heating", range(1, 4), summer)
    assert mean_kw("night_shift", range(0, 5), weekday) > 1.5 * mean_kw("night_shift", range(9, 15), weekday)
    assert set(year.archetype[~delivered]) == {"rooftop_solar"}
    exported = year[~delivered].groupby(clock.hour).kwh.mean()
    assert exported[12] > 0.5
    assert exported[[0, 1, 2, 22, 23]].max() == 0


def test_system_peaks_on_a_summer_afternoon_or_evening(year: pd.DataFrame) -> None:
    system = year[year.channel == "delivered"].groupby("local_start").kwh.sum()
    peak = system.idxmax()
    assert peak.month in (6, 7, 8, 9)
    assert 15 <= peak.hour <= 20
    month_peak = system.groupby(system.index.month).max()
    assert min(month_peak[[1, 2, 12]]) > month_peak[[4, 5, 10]].median() * 0.9


def test_vehicles_charge_for_hours_on_some_nights(year: pd.DataFrame) -> None:
    driver = year[(year.archetype == "electric_vehicle")]
    nights = driver.assign(night=(driver.local_start - pd.Timedelta(hours=12)).dt.date)
    most = nights[nights.local_start.dt.hour.isin([22, 23, 0, 1, 2])].groupby(["service_point_id", "night"]).kwh.max()
    charging = (most > 3.0).groupby("service_point_id").mean()
    assert 0.2 < charging.median() < 0.9


def test_response_to_programs_knows_the_archetype_but_not_the_size_of_flexibility() -> None:
    agreements = make_population(SyntheticOptions(customers=4000)).agreements
    for name in ("flexible_fraction", "willingness", "response_probability"):
        values = getattr(agreements, name)
        assert ((values >= 0) & (values <= 1)).all()
    flexible = pd.Series(agreements.flexible_fraction).groupby(agreements.archetype)
    assert flexible.mean().max() > 4 * flexible.mean().min()
    # Many hardly move anything, few a lot.
    assert (agreements.flexible_fraction < 0.02).mean() > 0.4
    assert 0.05 < (agreements.flexible_fraction > 0.3).mean() < 0.2
    within = agreements.flexible_fraction / flexible.transform("mean")
    homes = agreements.archetype != archetypes.NAMES.index("small_business")
    assert abs(np.corrcoef(within[homes], np.log(agreements.annual_kwh[homes]))[0, 1]) < 0.05


def test_shares_of_the_population_are_the_options() -> None:
    population = make_population(SyntheticOptions(customers=10_000))
    agreements = population.agreements
    assert len(agreements) - 10_000 == pytest.approx(300, abs=60)
    assert len(agreements) - len(np.unique(agreements.customer)) == pytest.approx(100, abs=35)
    business = agreements.archetype[:10_000] == archetypes.NAMES.index("small_business")
    assert business.mean() == pytest.approx(0.08, abs=0.01)
    assert np.log(agreements.annual_kwh[:10_000][~business]).std() == pytest.approx(0.5, abs=0.02)


def test_shorter_utility_is_the_beginning_of_a_longer_one(tmp_path: Path) -> None:
    # Days of moving and of new vehicles are drawn from the whole history.
    options = SyntheticOptions(
        customers=20, mover_fraction=0, new_vehicle_fraction=0, first_date=date(2024, 2, 1)
    ).without_faults()
    short = readings(generate(replace(options, months=1), tmp_path / "short").folder)
    longer = readings(generate(replace(options, months=2), tmp_path / "longer").folder)
    assert np.array_equal(short.kwh, longer[longer.local_start < "2024-03-01"].kwh)
