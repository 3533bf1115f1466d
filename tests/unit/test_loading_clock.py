"""Labels become UTC: fixed offsets, and local clocks with hours that do not exist or exist twice."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from meter_files import Desk, desk_in, fates

from peakwise.errors import UnusableInput
from peakwise.loading import Clock

SKIPPED = "the local time does not exist: the clock skips it"
# Zone, the local day, and the hours it has.
CHANGE_DAYS = [
    ("America/New_York", datetime(2024, 3, 10), 23),
    ("America/New_York", datetime(2024, 11, 3), 25),
    ("Europe/London", datetime(2024, 3, 31), 23),
    ("Europe/London", datetime(2024, 10, 27), 25),
    ("Europe/Lisbon", datetime(2024, 10, 27), 25),
    ("Atlantic/Azores", datetime(2024, 10, 27), 25),
    ("Australia/Lord_Howe", datetime(2024, 10, 6), 23.5),
    ("Australia/Lord_Howe", datetime(2024, 4, 7), 24.5),
    ("America/St_Johns", datetime(2024, 11, 3), 25),
    ("Asia/Kolkata", datetime(2024, 3, 10), 24),
]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as opened:
        yield opened


def instants(zone: str, day: datetime, step: int) -> list[datetime]:
    """UTC starts of all intervals of a local day and the two around it."""
    first = (day - timedelta(days=1)).replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
    end = (day + timedelta(days=2)).replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
    return [first + timedelta(minutes=step) * number for number in range((end - first) // timedelta(minutes=step))]


def shown(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def end_shown(start: datetime, step: int, zone: str, style: str) -> str:
    """An end label as the clock shows it, or as the clock of the interval's start would show it."""
    if style == "clock shows":
        return shown(start + timedelta(minutes=step), zone)
    return f"{start.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + timedelta(minutes=step):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("order", ["forwards", "backwards"])
@pytest.mark.parametrize("label", ["start", "clock shows", "clock before shows"])
@pytest.mark.parametrize(("zone", "day", "hours"), CHANGE_DAYS)
def test_every_interval_of_a_change_day_finds_its_instant(
    desk: Desk, zone: str, day: datetime, hours: float, label: str, order: str
) -> None:
    step = 30
    starts = instants(zone, day, step)
    assert sum(shown(start, zone).startswith(f"{day:%Y-%m-%d}") for start in starts) == hours * 60 / step
    lines = [
        f"m,{shown(start, zone) if label == 'start' else end_shown(start, step, zone, label)},{number / 1000}"
        for number, start in enumerate(starts)
    ]
    lines = lines if order == "forwards" else lines[::-1]
    meaning = "start" if label == "start" else "end"
    (result,) = desk.load(desk.csv(*lines), label=meaning, clock=zone)
    assert fates(result) == (len(starts), len(starts), 0, 0, 0)
    assert result.rows_ambiguous == 0
    assert [(start, kwh) for _, start, _, kwh in desk.readings()] == [
        (f"{start:%Y-%m-%d %H:%M}", number / 1000) for number, start in enumerate(starts)
    ]
    assert (result.first_interval_start_at, result.last_interval_end_at) == (
        starts[0].replace(tzinfo=None),
        starts[-1].replace(tzinfo=None) + timedelta(minutes=step),
    )

    # The same rows in the other order, in another file, bring nothing new.
    (again,) = desk.load(desk.csv(*lines[::-1], name="again.csv"), label=meaning, clock=zone)
    assert fates(again) == (len(starts), 0, len(starts), 0, 0)


@pytest.mark.parametrize("label", ["start", "clock shows", "clock before shows"])
def test_a_block_sent_twice_keeps_both_repeated_hours(desk: Desk, label: str) -> None:
    zone = "America/New_York"
    starts = instants(zone, datetime(2024, 11, 3), 60)
    lines = [
        f"m,{shown(start, zone) if label == 'start' else end_shown(start, 60, zone, label)},{number / 1000}"
        for number, start in enumerate(starts)
    ]
    (result,) = desk.load(desk.csv(*lines, *lines), label="start" if label == "start" else "end", clock=zone)
    assert fates(result) == (2 * len(starts), len(starts), len(starts), 0, 0)
    assert [row[3] for row in desk.readings()] == [number / 1000 for number in range(len(starts))]


def test_new_york_golden_instants(desk: Desk) -> None:
    lines = ("m,2024-11-03 00:30,1", "m,2024-11-03 01:30,2", "m,2024-11-03 01:30,3", "m,2024-11-03 02:30,4")
    desk.load(desk.csv(*lines), clock="America/New_York")
    assert [row[1][11:] for row in desk.readings()] == ["04:30", "05:30", "06:30", "07:30"]


def test_a_time_that_the_clock_skips_is_rejected_with_its_line(desk: Desk) -> None:
    lines = ("m,2024-03-10 01:00,1", "", "m,2024-03-10 02:00,2", "m,2024-03-10 02:30,3", "m,2024-03-10 03:00,4")
    (result,) = desk.load(desk.csv(*lines), clock="America/New_York")
    assert fates(result) == (4, 2, 0, 0, 2)
    assert desk.rejects() == [(4, SKIPPED), (5, SKIPPED)]
    assert [row[1][11:] for row in desk.readings()] == ["06:00", "07:00"]
    assert desk.rows("select label, kwh from raw.rejected_readings order by 1") == [
        ("2024-03-10 02:00:00", "2.0"),
        ("2024-03-10 02:30:00", "3.0"),
    ]


def test_two_end_labels_of_one_moment_are_one_reading(desk: Desk) -> None:
    (result,) = desk.load(
        desk.csv("m,2024-03-10 02:00,1", "m,2024-03-10 03:00,1", "m,2024-03-10 04:00,2"),
        label="end", clock="America/New_York",
    )  # fmt: skip
    assert fates(result) == (3, 2, 1, 0, 0)


def test_a_single_row_of_the_repeated_hour_is_read_as_the_first_and_counted(desk: Desk) -> None:
    lines = ("m,2024-11-03 00:00,1", "m,2024-11-03 01:00,2", "m,2024-11-03 02:00,3", "n,2024-11-03 01:00,4")
    (result,) = desk.load(desk.csv(*lines), clock="America/New_York")
    assert fates(result) == (4, 4, 0, 0, 0)
    assert result.rows_ambiguous == 2
    assert [row[1][11:] for row in desk.readings()] == ["04:00", "05:00", "07:00", "05:00"]


def test_corrections_of_both_repeated_hours_find_their_hour(desk: Desk) -> None:
    first = [f"m,2024-11-03 {hour},{kwh},1" for hour, kwh in (("00:00", 1), ("01:00", 2), ("01:00", 3), ("02:00", 4))]
    second = [f"m,2024-11-03 01:00,{kwh},2" for kwh in (5, 6)]
    (result,) = desk.load(
        desk.csv(*first[:2], second[0], first[2], second[1], first[3], header="meter,timestamp,kwh,version"),
        clock="America/New_York",
    )
    assert fates(result) == (6, 4, 0, 2, 0)
    assert [row[3] for row in desk.readings()] == [1, 5, 6, 4]


@pytest.mark.parametrize(
    ("name", "start"),
    [("UTC", "12:00"), ("+10:00", "02:00"), ("-05:00", "17:00"), ("+0530", "06:30"), ("UTC+1", "11:00"), ("z", "12:00"),
     ("Etc/GMT+5", "17:00"), ("Asia/Kolkata", "06:30"), ("GMT", "12:00")],
)  # fmt: skip
def test_fixed_offsets(desk: Desk, name: str, start: str) -> None:
    (result,) = desk.load(desk.csv("m,2024-01-01 12:00,1"), clock=name)
    assert desk.readings()[0][1] == f"2024-01-01 {start}"
    assert f"{result.first_interval_start_at:%H:%M}" == start


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "+15:00", "+10:75", "", "europe/london", "localtime", "+1:2:3", "x'; --"]
)
def test_an_unknown_clock_is_told_in_one_sentence(name: str) -> None:
    with pytest.raises(UnusableInput, match="is unknown"):
        Clock.parse(name)


@pytest.mark.parametrize("label", ["middle", "END ", "1"])
def test_an_impossible_label_is_told_in_one_sentence(desk: Desk, label: str) -> None:
    with pytest.raises(UnusableInput, match="must be start or end"):
        desk.load(desk.csv("m,2024-01-01 12:00,1"), label=label)


def test_label_and_clock_are_never_guessed(desk: Desk) -> None:
    path = desk.csv("m,2024-01-01 12:00,1")
    assert "start or the end" in desk.load(path, label=None)[0].message
    assert "which clock" in desk.load(path, clock=None)[0].message
    named = desk.csv("m,2024-01-01 12:00Z,1", header="meter,interval_end,kwh", name="named.csv")
    desk.load(named, label=None, clock=None)
    assert desk.readings()[0][1] == "2024-01-01 11:00"


def test_a_file_in_which_no_label_exists_on_the_clock(desk: Desk) -> None:
    (result,) = desk.load(desk.csv("m,2024-03-10 02:30,1"), clock="America/New_York")
    assert result.state == "unusable"
    assert "None of the labels exists" in result.message
    assert desk.rows("select count(*) from raw.meters") == [(0,)]
