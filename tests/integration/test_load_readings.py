"""scripts/load_readings.py as a user runs it: fates and exit codes, kills at any moment, and real meters."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from conftest import PROJECT, Finished, Home, real_data
from meter_files import HEADER, desk_in

from peakwise.warehouse import source_tables

UTC_START = ("--label", "start", "--label-timezone", "UTC", "--utility-timezone", "America/New_York")
LONDON = ("--label", "end", "--label-timezone", "UTC", "--utility-timezone", "Europe/London", "--holidays", "GB")
FATES = "rows_in, rows_accepted, rows_duplicate, rows_superseded, rows_rejected"
KILLS, KILLS_A_HOME = 20, 5


def load(home: Home, *arguments: str | Path) -> Finished:
    finished = home.script("load_readings.py", *arguments)
    assert "Traceback" not in finished.output + finished.errors
    return finished


def rows(home: Home, query: str) -> list[tuple]:
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join((HEADER, *lines, "")))
    return path


def test_help_shows_an_example(home: Home) -> None:
    finished = load(home, "--help")
    assert finished.code == 0
    assert "scripts/load_readings.py meters/ --label end" in finished.output


def test_fates_exit_codes_and_a_table_of_files(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "it's [meters]*"
    clean = write(folder / "a.csv", "m,2024-01-01 00:00,1", "m,2024-01-01 01:00,2")
    write(folder / "b.csv", "m,2024-01-01 01:00,2", "m,2024-01-01 02:00,3", "m,2024-01-01 03:00,x")
    write(folder / ".hidden.csv", "not for us")

    finished = load(home, clean, *UTC_START, "--holidays", "US")
    assert finished.code == 0, finished.errors
    assert "a.csv" in finished.output and "2024-01-01 02:00" in finished.output

    # Label and clock are those of the load before.
    finished = load(home, folder)
    assert finished.code == 1, finished.errors
    assert "known already" in finished.output
    assert "rejected 1: the energy value is not a number (first in b.csv, line 4)" in finished.output
    assert rows(home, f"select {FATES} from raw.load_manifest order by load_id") == [(2, 2, 0, 0, 0), (3, 1, 1, 0, 1)]
    assert rows(home, "select time_zone, holiday_calendar from raw.utility") == [("America/New_York", "US")]
    assert rows(home, "select count(*) > 20 from raw.holidays") == [(True,)]

    # Nothing is new: nothing is rejected now.
    assert load(home, folder).code == 0


def test_files_beside_the_readings_are_noted_and_the_newest_stands_last(home: Home, tmp_path: Path) -> None:
    readings = write(tmp_path / "readings.csv", "m,2024-01-01 00:00,1", "m,2024-01-01 01:00,2")
    for name, rows_of_file in (("one", "A,m\n"), ("two", "A,m\nB,n\n")):
        (tmp_path / f"{name}.csv").write_text("customer_id,service_point_id\n" + rows_of_file)
    outages = tmp_path / "outages.csv"
    outages.write_text("service_point_id,started_at,restored_at\nm,2024-01-01 00:10,2024-01-01 00:20\n")
    for customers in ("one.csv", "two.csv", "one.csv"):
        finished = load(home, readings, *UTC_START, "--customers", tmp_path / customers, "--outages", outages)
        assert finished.code == 0, finished.errors
    noted = (
        "select table_name, file_name, rows_in, rows_accepted, rows_replaced from raw.source_manifest order by load_id"
    )
    assert rows(home, noted) == [
        ("customers", "two.csv", 2, 2, None), ("customers", "one.csv", 1, 1, None), ("outages", "outages.csv", 1, 1, None),
    ]  # fmt: skip


def test_others_load_when_one_file_cannot_be_used(home: Home, tmp_path: Path) -> None:
    write(tmp_path / "meters" / "good.csv", "m,2024-01-01 00:00,1")
    (tmp_path / "meters" / "broken.parquet").write_bytes(b"PAR1")
    (tmp_path / "meters" / "empty.csv").touch()
    finished = load(home, tmp_path / "meters", *UTC_START)
    assert finished.code == 2
    assert "broken.parquet is not a readable Parquet file" in finished.errors
    assert "empty.csv is empty" in finished.errors
    assert rows(home, "select file_name from raw.load_manifest") == [("good.csv",)]
    assert rows(home, "select sum(kwh) from raw.readings") == [(1,)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere.csv", *UTC_START), "No file of readings at nowhere.csv"),
        (("no*where/**x", *UTC_START), "no*where/**x"),
        (("", *UTC_START), "an empty name"),
        (("x" * 5_000, *UTC_START), "cannot be looked up: File name too long"),
        (("{file}", "--label", "start", "--label-timezone", "UTC"), "Say by which local clock"),
        (("{file}", "--label-timezone", "UTC", "--utility-timezone", "Europe/London"), "LABEL=start or LABEL=end"),
        (("{file}", "--label", "start", "--utility-timezone", "Europe/London"), "which clock"),
        (("{file}", *UTC_START[:-1], "Mars/Olympus"), "Time zone 'Mars/Olympus' is unknown"),
        (("{file}", *UTC_START, "--label", "middle"), "must be start or end"),
        (("{file}", *UTC_START, "--holidays", "XX"), "no known calendar"),
        (("{file}", *UTC_START, "--columns", "power=kW"), "not of the form field=column"),
        (("{file}", *UTC_START, "--columns", "kwh=Usage"), "no column 'Usage'"),
        (("{file}", *UTC_START, "--channel", "up"), "must be delivered or received"),
        (("{file}", *UTC_START, "--customers", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("{file}", *UTC_START, "--warehouse", "{file}"), "is not a DuckDB file"),
        (("{file}", *UTC_START, "--warehouse", "{file}/below.duckdb"), "cannot be used"),
        ((*UTC_START,), "required: readings"),
        (("{file}", "--label-timezone"), "expected one argument"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_sentence_and_exit_code_2(
    home: Home, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    file = write(tmp_path / "meters.csv", "m,2024-01-01 00:00,1")
    finished = load(home, *(argument.format(file=file) for argument in arguments))
    assert finished.code == 2
    assert sentence in finished.errors
    assert len(finished.errors.strip().splitlines()) == 1


def test_a_load_cannot_change_the_utility_nor_share_the_warehouse(home: Home, tmp_path: Path) -> None:
    file = write(tmp_path / "meters.csv", "m,2024-01-01 00:00,1")
    assert load(home, file, "--label", "start", "--label-timezone", "-05:00", *UTC_START[4:]).code == 0
    assert rows(home, "select hour(interval_start_at) from raw.readings") == [(5,)]
    finished = load(home, file, "--utility-timezone", "Europe/London")
    assert finished.code == 2
    assert "a load cannot change it" in finished.errors
    with duckdb.connect(str(home.warehouse)):
        finished = load(home, file)
    assert finished.code == 2
    assert "Another program has" in finished.errors


def synthetic_months(folder: Path) -> list[Path]:
    """Five months of half hours of 60 meters; each file repeats the end of the month before it, one day corrected."""
    folder.mkdir()
    files = []
    with duckdb.connect() as connection:
        for month in range(1, 6):
            files.append(folder / f"{month}.parquet")
            connection.execute(f"""
                copy (
                    with slots as (
                        select unnest(generate_series(
                            timestamp '2024-01-01' + to_months({month - 1}) - interval 2 days,
                            timestamp '2024-01-01' + to_months({month}) - interval 30 minutes, interval 30 minutes
                        )) as interval_start_at
                    )
                    select
                        'meter ' || meter as meter, interval_start_at,
                        (hash(meter, interval_start_at) % 1000 + (day(interval_start_at) = 31)::integer * {month}) / 1000 as kwh
                    from slots cross join range(60) as meters(meter)
                ) to '{files[-1]}' (format parquet)
            """)
    return files


RESULT = (
    "select * exclude (loaded_at, duration_seconds) from raw.load_manifest order by load_id",
    "select count(*), sum(kwh), sum(hash(meter_key, interval_start_at, kwh, batch_key)::hugeint) from raw.readings",
    "select count(*), sum(kwh), sum(hash(readings)::hugeint) from raw.superseded_readings as readings",
    "select * from raw.rejected_readings order by all",
    "select * from raw.reading_batches order by all",
    "select * from raw.meters order by all",
    "select * from raw.customers order by all",
    "select * from raw.utility",
    "select * from raw.holidays order by all",
)


def kill_load_after(seconds: float, home: Home, arguments: list[str]) -> bool:
    """Start a load and kill it; False when it had ended before."""
    process = subprocess.Popen(
        [sys.executable, PROJECT / "scripts" / "load_readings.py", *arguments],
        env=os.environ | {"PEAKWISE_HOME": str(home.folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def names_of_whole_files(home: Home) -> list[str]:
    """The files that the warehouse holds, in load order; each must be there with all its rows, and no other row at all."""
    if not home.warehouse.exists():
        return []
    with duckdb.connect(str(home.warehouse)) as connection:
        made = {
            ".".join(name)
            for name in connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        }
        if not made >= set(source_tables()):
            # It was killed while it made the tables: no file can be there.
            return []
        found = connection.execute("""
            with held as (
                select load_id, 'rows_accepted' as fate from raw.readings left join raw.reading_batches using (batch_key)
                union all
                select load_id, 'rows_superseded'
                from raw.superseded_readings left join raw.reading_batches using (batch_key)
                union all
                select load_id, 'rows_rejected' from raw.rejected_readings
            ),
            counted as (from (pivot held on fate in ('rows_accepted', 'rows_superseded', 'rows_rejected') using count(*)))
            select
                file_name,
                [manifest.rows_accepted, manifest.rows_superseded, manifest.rows_rejected],
                [coalesce(counted.rows_accepted, 0), coalesce(counted.rows_superseded, 0), coalesce(counted.rows_rejected, 0)],
                rows_in - rows_duplicate
            from raw.load_manifest as manifest full join counted using (load_id)
            order by load_id
        """).fetchall()
        strays = connection.execute("""
            select
                (select count(*) from raw.reading_batches anti join raw.load_manifest using (load_id)),
                (select count(*) from raw.readings anti join raw.meters using (meter_key)),
                (select count(*) from (from raw.readings select 1 group by meter_key, interval_start_at having count(*) > 1))
        """).fetchone()
    assert strays == (0, 0, 0)
    for file_name, in_manifest, in_tables, without_duplicates in found:
        assert file_name is not None, "rows of a file that is not in the manifest"
        assert in_tables == in_manifest
        assert sum(in_tables) == without_duplicates
    return [file_name for file_name, *_ in found]


def test_killed_at_any_moment_the_warehouse_is_whole_and_the_next_load_finishes(tmp_path: Path) -> None:
    files = synthetic_months(tmp_path / "months")
    arguments = [*map(str, files), *UTC_START, "--holidays", "US"]
    undisturbed = Home(tmp_path / "undisturbed")
    started = time.perf_counter()
    assert load(undisturbed, *arguments).code == 0
    seconds = time.perf_counter() - started
    wanted = [rows(undisturbed, query) for query in RESULT]
    assert wanted[1][0][0] > 400_000
    names = [file.name for file in files]
    assert names_of_whole_files(undisturbed) == names

    moments = random.Random(7)
    kills = kills_half_way = 0
    # A slow start can keep all kills before the first file, or a fast one behind the last: then some more are tried.
    for number in range(3 * KILLS // KILLS_A_HOME):
        if kills >= KILLS and kills_half_way:
            break
        home = Home(tmp_path / f"killed {number}")
        for _ in range(KILLS_A_HOME):
            killed = kill_load_after(seconds * moments.random(), home, arguments)
            whole = names_of_whole_files(home)
            assert whole == names[: len(whole)]
            kills += killed
            kills_half_way += killed and 0 < len(whole) < len(files)
            if not killed:
                # The machine has become faster than it was in the measured load.
                seconds *= 0.8
                break
        assert load(home, *arguments).code == 0
        assert [rows(home, query) for query in RESULT] == wanted
    assert kills >= KILLS
    assert kills_half_way > 0, "no kill fell between two files: the moments do not test what they should"


def test_london_is_accepted_row_by_row_and_its_energy_conserved(home: Home) -> None:
    path = real_data("lcl_2013_readings.parquet")
    finished = load(home, path, *LONDON)
    assert finished.code == 0, finished.errors
    assert rows(home, f"select {FATES} from raw.load_manifest") == [(25_163_863, 25_163_863, 0, 0, 0)]
    with duckdb.connect() as connection:
        kwh = connection.execute(f"select sum(kwh::decimal(18, 9)) from read_parquet('{path}')").fetchone()[0]
    assert rows(
        home,
        "select sum(kwh), min(interval_minutes), max(interval_minutes) from raw.readings join raw.meters using (meter_key)",
    ) == [(kwh, 30, 30)]
    assert rows(
        home, "select first_interval_start_at::varchar, last_interval_end_at::varchar from raw.load_manifest"
    ) == [("2012-12-31 23:30:00", "2013-12-31 23:30:00")]


def test_lisbon_rejects_the_hour_that_its_clock_skips(home: Home) -> None:
    path = real_data("uci_electricity_2014w13_14_readings.parquet")
    finished = load(home, path, "--label", "start", "--label-timezone", "Europe/Lisbon")
    assert finished.code == 1
    assert rows(home, f"select {FATES}, rows_ambiguous from raw.load_manifest") == [(124_320, 123_950, 0, 0, 370, 0)]
    assert rows(home, "select distinct label, reason from raw.rejected_readings") == [
        ("2014-03-30 01:00:00", "the local time does not exist: the clock skips it")
    ]
    with duckdb.connect() as connection:
        stored = connection.execute(f"select customer_id, kwh from read_parquet('{path}')").fetchall()
    for service_point, line, kwh in rows(home, "select service_point_id, line_number, kwh from raw.rejected_readings"):
        assert stored[line - 1] == (service_point, float(kwh))
    assert rows(home, "select time_zone from raw.utility") == [("Europe/Lisbon",)]


def test_comstock_loads_the_column_it_is_told(home: Home) -> None:
    path = real_data("comstock_sim_2018_readings.parquet")
    finished = load(
        home, path, "--label", "start", "--label-timezone", "-05:00", "--utility-timezone", "America/New_York",
        "--columns", "kwh=kwh_reporting",
    )  # fmt: skip
    assert finished.code == 0, finished.errors
    with duckdb.connect() as connection:
        wanted = connection.execute(
            f"select count(*), sum(kwh_reporting::decimal(18, 9)) from read_parquet('{path}')"
        ).fetchone()
    assert rows(home, "select count(*), sum(kwh) from raw.readings") == [wanted]


def test_a_london_csv_with_a_null_and_duplicates(home: Home) -> None:
    null = real_data("raw/lcl/long_datastore_null/MAC000002.csv")
    padded = sorted(real_data("raw/lcl/long_kaggle").glob("*.csv"))
    finished = load(home, null, *padded, *LONDON)
    assert finished.code == 1
    fates = rows(home, f"select file_name, {FATES} from raw.load_manifest order by load_id")
    assert fates[0] == ("MAC000002.csv", 24_158, 24_140, 17, 0, 1)
    assert all(rows_in == accepted for _, rows_in, accepted, *_ in fates[1:])
    (line, label) = rows(home, "select line_number, label from raw.rejected_readings")[0]
    assert null.read_text().splitlines()[line - 1].split(",")[-2:] == [label, "Null"]
    energy = sum(float(text.split(",")[2]) for path in padded for text in path.read_text().splitlines()[1:])
    assert float(
        rows(home, "select sum(kwh) from raw.readings join raw.reading_batches using (batch_key) where load_id > 1")[0][
            0
        ]
    ) == pytest.approx(energy, rel=1e-12)


def test_threads_do_not_matter(tmp_path: Path) -> None:
    files = synthetic_months(tmp_path / "months")
    found = []
    for threads in (1, 2):
        with desk_in(tmp_path, threads=threads) as desk:
            desk.load(*files)
            found.append([desk.rows(query) for query in RESULT])
    assert found[0] == found[1]
