"""The utility's own system load: units, clock changes, and what is told when it cannot be used."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from meter_files import Desk, desk_in

from peakwise.errors import UnusableInput
from peakwise.loading import Clock, ReadingOptions, load_system_load


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as opened:
        yield opened


def load(desk: Desk, path: Path, clock: str = "UTC", label: str = "start") -> int:
    return load_system_load(desk.connection, path, ReadingOptions(label=label, label_clock=Clock.parse(clock)))


@pytest.mark.parametrize(
    ("column", "kwh"),
    [("system_kwh", 40), ("Load (MWh)", 40_000), ("load_kw", 20), ("MW", 20_000), ("demand_mw", 20_000), ("kW", 20)],
)
def test_units_stand_in_the_name_of_the_column(desk: Desk, column: str, kwh: float) -> None:
    lines = ("2024-01-01 00:00,40", "2024-01-01 00:30,40.1")
    assert load(desk, desk.csv(*lines, header=f"timestamp,{column}")) == 2
    assert desk.rows(
        "select interval_minutes, kwh::double from raw.system_load order by interval_start_at limit 1"
    ) == [(30, kwh)]


def test_a_region_as_large_as_a_country(desk: Desk) -> None:
    load(desk, desk.csv("2024-01-01 00:00,48500000.5", header="timestamp,kw"))
    assert desk.rows("select kwh::double from raw.system_load") == [(48_500_000.5,)]


@pytest.mark.parametrize("label", ["start", "end"])
def test_a_local_day_of_25_hours(desk: Desk, label: str) -> None:
    labels = ["00:00", "01:00", "01:00", "02:00", "03:00"]
    lines = [f"2024-11-03 {text},{number}" for number, text in enumerate(labels)]
    assert load(desk, desk.csv(*lines, header="timestamp,mwh"), "America/New_York", label) == 5
    starts = desk.rows("select hour(interval_start_at) from raw.system_load order by kwh")
    assert [hour for (hour,) in starts] == ([4, 5, 6, 7, 8] if label == "start" else [3, 4, 5, 6, 7])


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            ("2024-03-10 01:00,1", "", "2024-03-10 02:00,2"),
            "1 row(s) lie in an hour that the clock of America/New_York skips, the first in line 4",
        ),
        (
            ("2024-01-01 00:00,1", "2024-01-01 01:00,1", "", "2024-01-01 00:00,2"),
            "the interval starting 2024-01-01 05:00:00 UTC stands twice, in line 2 and in line 5",
        ),
        (
            ("2024-01-01 00:00,1", "2024-01-01 01:00,", "2024-01-01 02:00,x"),
            "2 row(s) are not a time and a number, the first in line 3 (no energy value)",
        ),
        (("2024-01-01 00:00,1", "2024-01-01 02:00,x"), "in line 3 (the energy value is not a number, 'x')"),
        (
            ("2024-01-01 00:00,1", "2024-01-01 01:00", "2024-01-01 02:00,x"),
            "2 row(s) are not a time and a number, the first in line 3 (the line has fewer columns than the header)",
        ),
    ],
)
def test_what_cannot_be_used_is_told_and_changes_nothing(desk: Desk, lines: tuple[str, ...], sentence: str) -> None:
    load(desk, desk.csv("2024-01-01 00:00,7", header="timestamp,mwh"))
    before = desk.rows("select * from raw.system_load")
    with pytest.raises(UnusableInput) as told:
        load(desk, desk.csv(*lines, header="timestamp,mwh", name="bad.csv"), "America/New_York")
    assert sentence in str(told.value)
    assert desk.rows("select * from raw.system_load") == before
