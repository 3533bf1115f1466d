"""Measured processes and the whole command, on a tiny utility."""

import os
import subprocess
import sys

import duckdb
import pytest

from peakwise.paths import PROJECT

sys.path.insert(0, str(PROJECT / "benchmarks"))

import run_benchmarks
from side_by_side.agreement import LARGEST_DIFFERENCE_KW, largest_difference
from side_by_side.places import PLAIN, RESENT, Places
from side_by_side.processes import TaskFailed, run_in_process


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Two months of six customers, with and without re-sent blocks."""
    places = Places(tmp_path_factory.mktemp("benchmarks"), PLAIN)
    run_in_process("dataset.make_readings", places, customers=6, months=2)
    return places


def rows(query):
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()


def test_readings_are_whole_and_sorted_by_customer_and_time(places):
    hours = (31 + 28) * 24
    assert rows(f"""
        select count(*), count(distinct service_point_id), count(distinct (service_point_id, interval_start_at)),
            typeof(any_value(service_point_id)), typeof(any_value(interval_start_at))
        from '{places.readings}'
    """) == [(6 * hours, 6, 6 * hours, "VARCHAR", "TIMESTAMP")]
    assert rows(f"""
        select count(*) from (
            select service_point_id || interval_start_at as here,
                lag(service_point_id || interval_start_at) over (order by file_row_number) as before
            from read_parquet('{places.readings}', file_row_number = true)
        ) where here <= before
    """) == [(0,)]


def test_resent_blocks_repeat_readings_at_the_end_of_the_file(places):
    plain, resent = places.readings, places.of_variant(RESENT).readings
    [(readings,)] = rows(f"select count(*) from '{plain}'")
    scan = f"read_parquet('{resent}', file_row_number = true)"
    [(repeated,)] = rows(f"select count(*) from {scan} where file_row_number >= {readings}")
    assert 0 < repeated < 0.06 * readings
    assert rows(f"""
        select count(*) from (
            select service_point_id, interval_start_at, kwh from {scan}
            except all select service_point_id, interval_start_at, kwh from '{plain}'
            except all
            select service_point_id, interval_start_at, kwh from {scan} where file_row_number >= {readings}
        )
    """) == [(0,)]


def test_pandas_and_polars_make_the_same_profiles(places):
    pandas = run_in_process("dataframes.pandas_recipe", places, how="groupby")
    polars = run_in_process("dataframes.polars_profiles", places)
    assert 0 < pandas.phases["profiles"].seconds <= pandas.phases["profiles and clusters"].seconds
    assert polars.phases["profiles"].peak_memory_bytes > 10_000_000
    difference = largest_difference(places.profiles("pandas_groupby"), places.profiles("polars"), "Polars")
    assert difference < LARGEST_DIFFERENCE_KW


def test_profiles_that_differ_or_are_missing_stop_the_run(places, tmp_path):
    ours, higher, fewer = (tmp_path / f"{name}.parquet" for name in ("ours", "higher", "fewer"))
    rows(f"copy (select 'a' as customer_id, unnest(range(24)) as local_hour, 1.0 as kw) to '{ours}'")
    rows(f"copy (select * replace (kw + 0.00001 as kw) from '{ours}') to '{higher}'")
    rows(f"copy (from '{ours}' where local_hour < 23) to '{fewer}'")
    assert largest_difference(ours, ours, "itself") == 0
    for other in (higher, fewer):
        with pytest.raises(AssertionError, match="do not agree"):
            largest_difference(ours, other, "another")


def test_a_failed_process_says_why(places):
    with pytest.raises(TaskFailed, match="No files found"):
        run_in_process("peers.scan", Places(places.folder, "unknown"))


def test_the_defaults_are_those_of_the_bars_and_quick_never_writes_the_page():
    given = run_benchmarks.parse([])
    assert (given.customers, given.months, given.repeats) == (2000, 12, 3)
    assert given.output == run_benchmarks.PAGE
    quick = run_benchmarks.parse(["--quick", "--repeats", "2"])
    assert (quick.customers, quick.repeats, quick.output) == (60, 2, None)


def test_the_whole_command_measures_everything_and_writes_the_page(tmp_path):
    page = tmp_path / "benchmarks.md"
    outcome = subprocess.run(
        [sys.executable, str(PROJECT / "benchmarks" / "run_benchmarks.py"), "--quick", "--output", str(page)],
        env=os.environ | {"PEAKWISE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == 0, outcome.stderr
    text = page.read_text(encoding="utf-8")
    for words in ("## The bars", "Peakwise: all stages", "Polars: profiles", "sent twice", "`hourly_z_score`"):
        assert words in text
    assert str(tmp_path) not in text
    assert not any((tmp_path / "home" / "benchmarks").iterdir()), "the working folder is removed"
