"""The step of each meter: from the marks that its labels fall on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from meter_files import Desk, desk_in, fates, hours

from peakwise.loading.survey import step_of_mask


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as opened:
        yield opened


def steps(desk: Desk) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for service_point, _, minutes, _ in desk.readings():
        found.setdefault(service_point, set()).add(minutes)
    return found


@pytest.mark.parametrize(
    ("minutes", "step"),
    [([0], 60), ([30], 60), ([0, 30], 30), ([15, 45], 30), ([0, 20, 40], 20), ([0, 15], 15), ([0, 15, 30, 45], 15),
     ([0, 10], 10), ([5], 60), ([0, 5], 5), ([0, 25], 5), (range(0, 60, 5), 5)],
)  # fmt: skip
def test_step_of_marks(minutes: list[int], step: int) -> None:
    assert step_of_mask(sum(1 << minute // 5 for minute in minutes)) == step


@pytest.mark.parametrize("label", ["start", "end"])
def test_meters_of_every_step_in_one_file(desk: Desk, label: str) -> None:
    wanted = {"sixty": 60, "thirty": 30, "fifteen": 15, "five": 5}
    query = " union all ".join(hours(name, "2024-01-01", 300, step) for name, step in wanted.items())
    (result,) = desk.load(desk.parquet(query), label=label)
    assert fates(result) == (1_200, 1_200, 0, 0, 0)
    assert steps(desk) == {name: {step} for name, step in wanted.items()}
    first, last = result.first_interval_start_at, result.last_interval_end_at
    assert f"{first:%Y-%m-%d %H:%M}" == ("2024-01-01 00:00" if label == "start" else "2023-12-31 23:00")
    assert f"{last:%Y-%m-%d %H:%M}" == ("2024-01-13 12:00" if label == "start" else "2024-01-13 11:00")


def test_a_handful_of_rows_takes_the_step_of_the_file(desk: Desk) -> None:
    few = "select 'few' as service_point_id, timestamp '2024-01-01 10:00' as timestamp, 1.0 as kwh"
    desk.load(desk.parquet(f"{hours('many', '2024-01-01', 100, 30)} union all {few}"))
    assert steps(desk)["few"] == {30}


def test_a_handful_of_finer_rows_keeps_its_own_step(desk: Desk) -> None:
    desk.load(desk.parquet(f"{hours('many', '2024-01-01', 100)} union all {hours('few', '2024-01-01', 8, 15)}"))
    assert steps(desk) == {"many": {60}, "few": {15}}


def test_a_few_corrections_take_the_step_that_the_meter_is_known_for(desk: Desk) -> None:
    desk.load(desk.parquet(f"{hours('half', '2024-01-01', 1_000, 30)} union all {hours('hour', '2024-01-01', 500)}"))
    late = desk.csv(
        "half,2024-01-02 10:00,7", "half,2024-01-09 11:00,7", "hour,2024-01-08 10:00,7", "new,2024-01-08 10:00,7"
    )
    (result,) = desk.load(late)
    assert fates(result) == (4, 4, 0, 0, 0)
    assert steps(desk) == {"half": {30}, "hour": {60}, "new": {60}}


def test_hours_of_a_half_hour_zone_labelled_in_utc_stay_hours(desk: Desk) -> None:
    desk.load(desk.parquet(hours("kolkata", "2023-12-31 18:30", 200)))
    assert steps(desk) == {"kolkata": {60}}


def test_a_fixed_step_is_taken(desk: Desk) -> None:
    desk.load(desk.parquet(hours("a", "2024-01-01", 100)), interval_minutes=30)
    assert steps(desk) == {"a": {30}}


@pytest.mark.parametrize("step", [120, 240, 1440, 720])
def test_readings_coarser_than_an_hour_are_refused(desk: Desk, step: int) -> None:
    (result,) = desk.load(desk.parquet(hours("a", "2024-01-01", 100, step)))
    assert "hourly or finer" in result.message


def test_peak_hours_alone_are_hourly_readings(desk: Desk) -> None:
    query = f"select * from ({hours('a', '2024-01-01', 1_000)}) where hour(timestamp) between 16 and 19"
    (result,) = desk.load(desk.parquet(query))
    assert result.state == "loaded"


def test_a_clock_reset_to_1990_does_not_widen_the_survey_beyond_memory(desk: Desk, monkeypatch) -> None:
    monkeypatch.setattr("peakwise.loading.survey.MASK_BYTES_AT_ONCE", 1_000_000)
    meters = " union all ".join(hours(f"m{number}", "2024-01-01", 100, 5) for number in range(30))
    odd = "select 'm0' as service_point_id, timestamp '1990-01-01' as timestamp, 1.0 as kwh"
    (result,) = desk.load(desk.parquet(f"{meters} union all {odd} union all {odd}"))
    assert fates(result) == (3_002, 3_001, 1, 0, 0)
