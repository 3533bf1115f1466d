"""Which version of a reading counts, over re-sent blocks, corrections, repeats and any order of files."""

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from meter_files import Desk, desk_in, fates, hours

VERSIONED = "service_point_id,timestamp,kwh,version"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as opened:
        yield opened


def state(desk: Desk) -> list[tuple]:
    """All that a load can change, without the time of loading."""
    return [
        desk.rows(f"select * from raw.{table} order by all")
        for table in ("readings", "reading_batches", "superseded_readings", "rejected_readings", "meters", "customers")
    ] + [desk.rows("select * exclude (loaded_at, duration_seconds) from raw.load_manifest order by all")]


def counts_add_up(desk: Desk) -> None:
    """The manifest, the tables and the keys agree with each other."""
    assert desk.rows("""
        select file_name from raw.load_manifest
        where rows_in != rows_accepted + rows_duplicate + rows_superseded + rows_rejected
    """) == []  # fmt: skip
    sums = desk.rows("select sum(rows_accepted), sum(rows_superseded), sum(rows_rejected) from raw.load_manifest")[0]
    held = tuple(
        desk.rows(f"select count(*) from raw.{table}")[0][0]
        for table in ("readings", "superseded_readings", "rejected_readings")
    )
    assert tuple(int(total or 0) for total in sums) == held
    assert desk.rows("select 1 from raw.readings group by meter_key, interval_start_at having count(*) > 1") == []


def test_the_same_content_twice_changes_nothing(desk: Desk) -> None:
    path = desk.csv("a,2024-01-01 00:00,1", "a,2024-01-01 01:00,2", "a,2024-01-01 01:00,x")
    desk.load(path)
    before = state(desk)
    copy = desk.folder / "copy.csv"
    copy.write_bytes(path.read_bytes())
    results = desk.load(path, copy)
    assert [result.state for result in results] == ["known", "known"]
    assert state(desk) == before


def test_a_repeat_and_a_correction_within_one_file(desk: Desk) -> None:
    (result,) = desk.load(desk.csv("a,2024-01-01 00:00,1", "a,2024-01-01 00:00,2", "a,2024-01-01 00:00,1"))
    assert fates(result) == (3, 1, 1, 1, 0)
    assert desk.readings() == [("a", "2024-01-01 00:00", 60, 2)]
    counts_add_up(desk)


@pytest.mark.parametrize("texts", [("1", "2", "1"), ("1", "2", "1.0000000001")])
def test_a_then_a_corrected_then_a_again_stays_corrected(desk: Desk, texts: tuple[str, str, str]) -> None:
    found = []
    for number, text in enumerate(texts):
        (result,) = desk.load(desk.csv(f"a,2024-01-01 00:00,{text}", *[""] * number, name=f"{number}.csv"))
        found.append(fates(result))
    assert found == [(1, 1, 0, 0, 0), (1, 1, 0, 0, 0), (1, 0, 1, 0, 0)]
    assert desk.readings() == [("a", "2024-01-01 00:00", 60, 2)]
    assert desk.rows(
        "select kwh::double, load_id, superseded_by_load_id from raw.superseded_readings join raw.reading_batches using (batch_key)"
    ) == [(1, 1, 2)]
    assert desk.rows("select rows_accepted, rows_duplicate, rows_superseded from raw.load_manifest order by load_id") == [
        (0, 0, 1), (1, 0, 0), (0, 1, 0),
    ]  # fmt: skip
    counts_add_up(desk)


def test_a_stamp_goes_before_the_order_of_arrival(desk: Desk) -> None:
    for number, (kwh, version) in enumerate([(3, 3), (1, 1), (2, 2), (9, ""), (3, 3)]):
        desk.load(
            desk.csv(f"a,2024-01-01 00:00,{kwh},{version}", *[""] * number, header=VERSIONED, name=f"{number}.csv")
        )
    assert desk.readings() == [("a", "2024-01-01 00:00", 60, 3)]
    assert desk.rows("select count(*) from raw.superseded_readings") == [(3,)]
    counts_add_up(desk)


@pytest.mark.parametrize("column", ["version", "source_flag"])
@pytest.mark.parametrize("many_rows", [0, 200_000])
def test_a_new_stamp_or_flag_on_the_same_value_is_a_new_version(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, many_rows: int, column: str
) -> None:
    monkeypatch.setattr("peakwise.loading.versions.MANY_ROWS", many_rows)
    header = f"service_point_id,timestamp,kwh,{column}"
    desk.load(desk.csv("a,2024-01-01 00:00,1,1", header=header))
    (result,) = desk.load(desk.csv("a,2024-01-01 00:00,1,2", header=header, name="later.csv"))
    assert fates(result) == (1, 1, 0, 0, 0)
    assert desk.rows(f"select {column} from raw.readings join raw.reading_batches using (batch_key)")[0][0] in (2, "2")
    counts_add_up(desk)


def test_the_same_rows_in_other_order_and_format_are_duplicates(desk: Desk) -> None:
    query = " union all ".join(hours(name, "2024-01-01", 200) for name in "abc")
    desk.load(desk.parquet(query))
    before = desk.rows("select * from raw.readings order by all")
    again = desk.parquet(f"select * from ({query}) order by hash(timestamp, service_point_id)", "again.parquet")
    lines = [f"{meter},{at},{kwh}" for meter, at, kwh in desk.rows(f"select * from ({query}) order by 2 desc, 1")]
    results = desk.load(again, desk.csv(*lines))
    assert [fates(result) for result in results] == [(600, 0, 600, 0, 0)] * 2
    assert desk.rows("select * from raw.readings order by all") == before
    counts_add_up(desk)


def test_overlapping_months_count_once(desk: Desk) -> None:
    january, february = hours("a", "2024-01-01", 750), hours("a", "2024-02-01", 100)
    desk.load(desk.parquet(january))
    (result,) = desk.load(
        desk.parquet(
            f"{february} union all select * from ({january}) where timestamp >= '2024-01-31 12:00'", "f.parquet"
        )
    )
    # 2024-02-01 00:00 to 05:00 stand in both, with other values: the later file counts.
    assert fates(result) == (118, 100, 18, 0, 0)
    assert desk.rows("select count(*), count(distinct interval_start_at) from raw.readings") == [(844, 844)]
    counts_add_up(desk)


def test_a_channel_written_in_several_ways_is_one_register(desk: Desk) -> None:
    lines = (
        "a,2024-01-01 00:00,1,Delivered",
        "a,2024-01-01 00:00,1,delivered",
        "a,2024-01-01 00:00,1,",
        "a,2024-01-01 00:00,5,received",
    )
    (result,) = desk.load(desk.csv(*lines, header="meter,timestamp,kwh,channel"))
    assert fates(result) == (4, 2, 2, 0, 0)
    assert desk.rows("select channel from raw.meters order by 1") == [("delivered",), ("received",)]
    counts_add_up(desk)


def test_many_contested_rows_are_settled_part_by_part(desk: Desk, monkeypatch) -> None:
    monkeypatch.setattr("peakwise.loading.versions.MOST_ROWS_AT_ONCE", 500)
    query = " union all ".join(hours(f"m{number}", "2024-01-01", 100) for number in range(20))
    (result,) = desk.load(
        desk.parquet(f"{query} union all {query} union all select * replace (9 as kwh) from ({query})")
    )
    assert fates(result) == (6_000, 2_000, 2_000, 2_000, 0)
    assert desk.rows("select sum(kwh) from raw.readings")[0][0] == 18_000
    counts_add_up(desk)


def test_a_failed_load_leaves_nothing_and_the_others_load(desk: Desk) -> None:
    desk.load(desk.csv("a,2024-01-01 00:00,1"))
    good, bad = desk.csv("a,2024-01-02 00:00,1", name="good.csv"), desk.csv("a,2024-01-02 00:00,x", name="bad.csv")
    assert [result.state for result in desk.load(bad, good)] == ["unusable", "loaded"]
    counts_add_up(desk)


METERS, HOURS, STAMPS = "ab", range(5), (None, 1, 2)
ROW = st.tuples(st.sampled_from(METERS), st.sampled_from(HOURS), st.integers(1, 4), st.sampled_from(STAMPS))
FILES = st.lists(st.lists(ROW, min_size=1, max_size=12), min_size=1, max_size=4)


def lines_of(rows: list[tuple]) -> list[str]:
    # 23:00 to 03:00: readings of two UTC dates.
    return [
        f"{meter},2024-01-0{1 + (23 + hour) // 24} {(23 + hour) % 24:02d}:00,{kwh},{'' if stamp is None else stamp}"
        for meter, hour, kwh, stamp in rows
    ]


def load_all(desk: Desk, files: list[list[tuple]]) -> None:
    for number, rows in enumerate(files):
        (result,) = desk.load(desk.csv(*lines_of(rows), header=VERSIONED, name=f"{number}.csv"))
        assert result.state in ("loaded", "known")
        if result.state == "loaded":
            fates(result)
    counts_add_up(desk)


def newest(files: list[list[tuple]]) -> dict[tuple[str, int], int]:
    """An independent model: what counts of each reading after all files."""
    seen: dict[tuple, dict[tuple, int]] = {}
    for arrival, (meter, hour, kwh, stamp) in enumerate(row for rows in files for row in rows):
        seen.setdefault((meter, hour), {}).setdefault((stamp, kwh), arrival)
    return {
        key: max(versions, key=lambda version: (-math.inf if version[0] is None else version[0], versions[version]))[1]
        for key, versions in seen.items()
    }


def counting(desk: Desk) -> dict[tuple[str, int], float]:
    return {
        (meter, (int(start[8:10]) - 1) * 24 + int(start[11:13]) - 23): kwh for meter, start, _, kwh in desk.readings()
    }


@pytest.fixture(scope="module", params=[1, 2], ids=["one thread", "two threads, many rows"])
def shared_desk(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A desk for all examples; the second way also leaves out repeats first, as loads of many contested rows do."""
    with pytest.MonkeyPatch.context() as patch, desk_in(tmp_path_factory.mktemp("shared"), request.param) as opened:
        if request.param == 2:
            patch.setattr("peakwise.loading.versions.MANY_ROWS", 0)
        yield opened


ANY_HISTORY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@ANY_HISTORY
@given(files=FILES, repeats=st.lists(st.integers(0, 3), max_size=3))
def test_any_history_keeps_every_row_and_the_newest_version(shared_desk, files, repeats) -> None:
    shared_desk.empty()
    load_all(shared_desk, files)
    assert counting(shared_desk) == newest(files)
    # Whatever came before comes again, and nothing changes.
    before = state(shared_desk)
    for number in repeats:
        shared_desk.load(shared_desk.csv(*lines_of(files[number % len(files)]), header=VERSIONED))
    assert state(shared_desk) == before


@ANY_HISTORY
@given(
    rows=st.lists(st.tuples(st.sampled_from(METERS), st.sampled_from(HOURS), st.sampled_from((1, 2, 3))), min_size=1, max_size=25),
    data=st.data(),
)  # fmt: skip
def test_the_order_and_the_cut_of_files_do_not_matter_where_stamps_tell(shared_desk, rows, data) -> None:
    versions = [(meter, hour, 1 + (7 * hour + 3 * stamp) % 4, stamp) for meter, hour, stamp in rows]
    results = []
    for _ in range(2):
        shuffled = data.draw(st.permutations(versions))
        cuts = sorted(data.draw(st.sets(st.integers(1, len(shuffled)), max_size=3)) | {0, len(shuffled)})
        files = [shuffled[first:last] for first, last in pairwise(cuts)]
        shared_desk.empty()
        load_all(shared_desk, files)
        assert counting(shared_desk) == newest(files)
        superseded = shared_desk.rows("""
            select service_point_id, interval_start_at, kwh, version
            from raw.superseded_readings join raw.reading_batches using (batch_key) join raw.meters using (meter_key) order by all
        """)
        results.append((shared_desk.readings(), superseded))
    assert results[0] == results[1]
