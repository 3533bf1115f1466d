"""Equipment told from loads made by hand: a vehicle, what looks like one, solar panels without a received channel, heating."""

from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from conftest import Home

DAYS = 366
FIRST_DAY = datetime(2024, 1, 1)
NEW_VEHICLE_DAY = 222  # 2024-08-10


def temperatures() -> np.ndarray:
    """Daily means of a temperate year in °C, with warm and cold spells."""
    day = np.arange(DAYS)
    return 11 - 9 * np.cos(2 * np.pi * (day - 20) / DAYS) + 3 * np.sin(day * 0.9) + 2 * np.sin(day * 0.37)


def pulse(per_hour: int, kw: float, nights: dict[int, tuple[float, float]]) -> np.ndarray:
    """Mean kW by interval of a load of one height: by day, from which hour (beyond 24 the next day) for how many hours."""
    edges = np.arange(DAYS * 24 * per_hour + 1) / per_hour
    load = np.zeros(DAYS * 24 * per_hour)
    for day, (start, hours) in nights.items():
        begins, ends = day * 24 + start, day * 24 + start + hours
        load += kw * np.clip(np.minimum(edges[1:], ends) - np.maximum(edges[:-1], begins), 0, None) * per_hour
    return load


def household(per_hour: int, random: np.random.Generator) -> np.ndarray:
    """kW of a home with nobody up at night."""
    hour = (np.arange(DAYS * 24 * per_hour) / per_hour) % 24
    active = 0.8 * np.exp(-(((hour - 19) / 2.2) ** 2)) + 0.4 * np.exp(-(((hour - 7.5) / 1.2) ** 2))
    return (0.15 + active) * random.lognormal(0, 0.35, len(hour))


def loads(per_hour: int) -> dict[str, np.ndarray]:
    """kW of one customer of each kind."""
    random = np.random.default_rng(11)
    every_night = range(DAYS - 1)
    cold = temperatures()

    def charging(share: float, first_day: int = 0) -> dict[int, tuple[float, float]]:
        return {
            day: (23 + random.normal(0, 0.7), random.uniform(1.5, 5))
            for day in every_night
            if random.random() < share and day >= first_day
        }

    storage = {day: (23.5, min(7.0, 0.55 * (15 - cold[day]))) for day in every_night if cold[day] < 11}
    water = {day: (26.0, random.uniform(1.4, 2.4)) for day in every_night}
    pump = {day: (22.0, 8.0) for day in every_night if 120 <= day < 270}
    hour = (np.arange(DAYS * 24 * per_hour) / per_hour) % 24
    day_of = np.arange(len(hour)) // (24 * per_hour)
    night_work = 1.6 * np.exp(-((((hour + 12) % 24 - 13) / 3.0) ** 2)) * random.lognormal(0, 0.7, len(hour))
    sun = np.where((day_of > 60) & (day_of < 300), 3.0, 1.0) * np.clip(np.cos((hour - 12.5) / 12 * np.pi), 0, None)
    heating = 0.14 * np.clip(15 - cold, 0, None)[day_of]

    def home() -> np.ndarray:
        return household(per_hour, random)

    return {
        "plain": home(),
        "vehicle 7 kW": home() + pulse(per_hour, 7.2, charging(0.45)),
        "vehicle 3.6 kW": home() + pulse(per_hour, 3.6, charging(0.6)),
        "vehicle in August": home() + pulse(per_hour, 7.2, charging(0.5, NEW_VEHICLE_DAY)),
        "storage heaters": home() + pulse(per_hour, 4.0, storage),
        "water heater": home() + pulse(per_hour, 3.3, water),
        "pool pump": home() + pulse(per_hour, 1.4, pump),
        "night shift": home() + night_work,
        "solar": np.clip(home() - sun, 0, None),
        "heating": home() + heating,
    }


@pytest.fixture(scope="module", params=[1, 2], ids=["hourly", "half-hourly"])
def equipment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """Rows of mart_customer_equipment by customer, from readings of one step."""
    per_hour = request.param
    home = Home(tmp_path_factory.mktemp(f"equipment_{per_hour}"))
    found = loads(per_hour)
    starts = [FIRST_DAY + timedelta(hours=slot / per_hour) for slot in range(DAYS * 24 * per_hour)]
    readings = pyarrow.table(
        {
            "customer_id": [name for name in found for _ in starts],
            "reading_ts": pyarrow.array(starts * len(found), pyarrow.timestamp("us")),
            "kwh": np.concatenate([np.round(kw / per_hour, 5) for kw in found.values()]),
        }
    )
    weather = pyarrow.table(
        {
            "time": pyarrow.array(
                [FIRST_DAY + timedelta(hours=hour) for hour in range(DAYS * 24)], pyarrow.timestamp("us")
            ),
            "temperature_c": np.repeat(temperatures(), 24),
        }
    )
    readings_file, weather_file = home.folder / "readings.parquet", home.folder / "weather.parquet"
    pyarrow.parquet.write_table(readings, readings_file)
    pyarrow.parquet.write_table(weather, weather_file)
    for finished in (
        home.script(
            "load_readings.py", readings_file, "--label", "start", "--label-timezone", "UTC",
            "--utility-timezone", "UTC", "--weather", weather_file,
        ),
        home.dbt("build", "--select", "+mart_customer_equipment", "--exclude-resource-type", "test", "unit_test"),
    ):  # fmt: skip
        assert finished.code == 0, finished.output + finished.errors
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        rows = connection.execute("select * from marts.mart_customer_equipment").fetchall()
        columns = [column[0] for column in connection.description]
    return {row[1]: dict(zip(columns, row, strict=True)) for row in rows}


def test_vehicles_are_told_with_their_power_and_length(equipment):
    for name, kw in (("vehicle 7 kW", 7.2), ("vehicle 3.6 kW", 3.6), ("vehicle in August", 7.2)):
        found = equipment[name]
        assert found["has_vehicle_charging"] is True, found["vehicle_charging_evidence"]
        assert found["median_session_kw"] == pytest.approx(kw, rel=0.08)
        assert found["median_session_hours"] == pytest.approx(3.2, abs=0.6)


def test_only_a_vehicle_that_came_is_new(equipment):
    since = equipment["vehicle in August"]["vehicle_charging_since"]
    assert 0 <= (since - date(2024, 8, 10)).days <= 7
    assert equipment["vehicle in August"]["vehicle_charging_is_new"] is True
    assert equipment["vehicle 7 kW"]["vehicle_charging_is_new"] is False


@pytest.mark.parametrize(
    "name", ["plain", "storage heaters", "water heater", "pool pump", "night shift", "solar", "heating"]
)
def test_nothing_else_is_taken_for_a_vehicle(equipment, name):
    found = equipment[name]
    assert found["has_vehicle_charging"] is False, found["vehicle_charging_evidence"]
    assert found["has_slow_charging"] is False, found["slow_charging_evidence"]


def test_look_alikes_are_seen_and_rejected_for_what_they_are(equipment):
    assert "season" in equipment["storage heaters"]["vehicle_charging_evidence"]
    assert "water heater" in equipment["water heater"]["vehicle_charging_evidence"]


def test_solar_without_a_received_channel_shows_in_its_dip(equipment):
    assert [name for name, found in equipment.items() if found["has_solar"]] == ["solar"]


def test_heating_has_the_slope_it_was_made_with(equipment):
    heated = {name for name, found in equipment.items() if found["has_electric_heating"]}
    assert heated == {"heating", "storage heaters"}
    assert equipment["heating"]["heating_kwh_per_degree"] == pytest.approx(0.14 * 24, rel=0.1)
