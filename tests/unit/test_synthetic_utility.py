import json
import tracemalloc
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from meter_files import desk_in

import generate_utility
from peakwise.errors import UnusableInput
from peakwise.loading import WeatherOptions, load_outages, load_weather
from peakwise.synthetic import SyntheticOptions, SyntheticSummary, generate, utility

# Many faults and movers on few customers: three months around both kinds of weather and a clock change.
FAULTY = SyntheticOptions(
    customers=150,
    first_date=date(2025, 2, 1),
    months=3,
    mover_fraction=0.4,
    second_point_fraction=0.1,
    gap_fraction=0.02,
    resent_fraction=0.02,
    correction_fraction=0.02,
    spike_fraction=0.001,
    outages_per_customer_year=6,
    momentary_outages_per_customer_year=3,
)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> SyntheticSummary:
    return generate(FAULTY, tmp_path_factory.mktemp("faulty") / "utility")


def ask(folder: Path, question: str) -> list[tuple]:
    connection = duckdb.connect()
    try:
        connection.execute("set TimeZone = 'UTC'")
        for view, pattern in {
            "readings": "readings/*.parquet",
            "customers": "customers.parquet",
            "truth": "truth/customers.parquet",
            "faults": "truth/faults.parquet",
            "weather": "truth/weather.parquet",
            "outages": "truth/outages.parquet",
            "known_outages": "outages.parquet",
            "station_weather": "weather.parquet",
        }.items():
            connection.execute(f"create view {view} as from read_parquet('{folder / pattern}', filename = true)")
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def tables(folder: Path) -> dict[str, object]:
    return {str(path.relative_to(folder)): pq.read_table(path) for path in sorted(folder.rglob("*.parquet"))}


def test_same_options_give_same_rows_whatever_the_chunks_and_threads(faulty: SyntheticSummary, tmp_path: Path) -> None:
    again = generate(FAULTY, tmp_path / "again", readings_per_chunk=1, threads=1)
    assert replace(again, folder=faulty.folder) == faulty
    expected, found = tables(faulty.folder), tables(again.folder)
    assert found.keys() == expected.keys()
    for name in expected:
        assert found[name].equals(expected[name]), name


def test_another_seed_gives_other_readings(faulty: SyntheticSummary, tmp_path: Path) -> None:
    other = generate(replace(FAULTY, seed=8), tmp_path / "other")
    assert other.delivered_kwh != faulty.delivered_kwh


def test_files_hold_what_the_interface_promises(faulty: SyntheticSummary) -> None:
    names = sorted(path.name for path in (faulty.folder / "readings").iterdir())
    assert names == ["readings_2025_02.parquet", "readings_2025_03.parquet", "readings_2025_04.parquet"]
    assert sorted(path.name for path in faulty.folder.iterdir()) == [
        "bills.parquet", "contacts.parquet", "customer_attributes.parquet", "customers.parquet", "dr_events.parquet",
        "event_participation.parquet", "outages.parquet", "premises.parquet", "program_enrolments.parquet",
        "program_offers.parquet", "programs.parquet", "readings", "tariffs.parquet", "truth", "weather.parquet",
    ]  # fmt: skip
    columns = [row[:2] for row in ask(faulty.folder, "select column_name, column_type from (describe readings)")]
    assert columns[:5] == [
        ("service_point_id", "VARCHAR"),
        ("channel", "VARCHAR"),
        ("interval_start_at", "TIMESTAMP"),
        ("kwh", "DOUBLE"),
        ("version", "BIGINT"),
    ]
    assert ask(faulty.folder, "select count(*) from readings where kwh is null or kwh < 0 or round(kwh, 4) <> kwh") == [
        (0,)
    ]
    assert json.loads((faulty.folder / "truth" / "options.json").read_text())["customers"] == 150


def test_archetypes_stand_in_the_truth_only(faulty: SyntheticSummary) -> None:
    for name, table in tables(faulty.folder).items():
        if not name.startswith("truth/"):
            assert not {"archetype", "flexible_fraction", "willingness"} & set(table.column_names)


def test_truth_counts_every_faulty_row(faulty: SyntheticSummary) -> None:
    told = dict(ask(faulty.folder, "select kind, sum(readings) from faults group by kind"))
    assert told == faulty.fault_readings
    assert min(told.values()) > 0
    found = ask(
        faulty.folder,
        """
        with keys as (
            select
                count(*) as sent,
                count(distinct version) as versions,
                count(*) filter (version = 0) as first_versions,
                count(distinct kwh) filter (version = 0) as first_values,
            from readings group by service_point_id, channel, interval_start_at
        )
        select
            count(*),
            sum(first_versions - 1),
            count(*) filter (versions = 2),
            count(*) filter (first_values <> 1),
            sum(sent)
        from keys
        """,
    )[0]
    keys, duplicates, corrected, contradictions, rows = found
    assert keys == faulty.expected_readings - told["missing"]
    assert duplicates == told["duplicate"]
    assert corrected == told["superseded"]
    assert contradictions == 0
    assert rows == faulty.rows == faulty.expected_readings - told["missing"] + told["duplicate"] + told["superseded"]


def test_corrected_readings_differ_from_their_estimates(faulty: SyntheticSummary) -> None:
    same = """
        select count(*) from readings as estimate join readings as correction
            using (service_point_id, channel, interval_start_at)
        where estimate.version = 0 and correction.version = 1 and estimate.kwh = correction.kwh
    """
    assert ask(faulty.folder, same) == [(0,)]


def test_energy_in_files_is_true_energy_and_the_faults_told(faulty: SyntheticSummary) -> None:
    question = """
        with written as (select channel, sum(kwh::decimal(18, 4)) as kwh from readings group by channel),
        load as (
            select unnest(['delivered', 'received']) as channel,
                unnest([sum(delivered_kwh::decimal(18, 4)), sum(received_kwh::decimal(18, 4))]) as kwh
            from truth
        ),
        told as (
            select channel, sum(case
                when kind in ('missing', 'spike', 'outage') then written_kwh - true_kwh else written_kwh
            end::decimal(18, 4)) as kwh
            from faults group by channel
        )
        select channel, written.kwh, load.kwh + told.kwh
        from written join load using (channel) join told using (channel)
        order by channel
    """
    answer = ask(faulty.folder, question)
    assert [row[0] for row in answer] == ["delivered", "received"]
    for _, written, explained in answer:
        assert written == explained


def test_late_rows_come_with_the_next_file_and_first_rows_with_their_own(faulty: SyntheticSummary) -> None:
    local = "timezone('America/New_York', timezone('UTC', interval_start_at))"
    late = ask(
        faulty.folder,
        f"""
        select filename[-10:-9] as file_month, month({local}) as month, count(*) from readings
        where file_month::int <> month group by all order by all
        """,
    )
    told = ask(
        faulty.folder,
        f"""
        select strftime(arrival_month, '%m'), month({local.replace("interval_start_at", "first_interval_start_at")}),
            sum(readings)
        from faults where month(arrival_month) <> 2 and kind in ('duplicate', 'superseded')
            and arrival_month > {local.replace("interval_start_at", "first_interval_start_at")}
        group by all order by all
        """,
    )
    assert [row[:2] for row in late] == [("03", 2), ("04", 3)]
    assert late == told


def test_duplicates_come_in_blocks(faulty: SyntheticSummary) -> None:
    assert ask(faulty.folder, "select avg(readings) > 8 from faults where kind = 'duplicate'") == [(True,)]


def test_faults_do_not_change_what_is_true(faulty: SyntheticSummary, tmp_path: Path) -> None:
    clean = generate(FAULTY.without_faults(), tmp_path / "clean")
    assert (clean.delivered_kwh, clean.received_kwh) == (faulty.delivered_kwh, faulty.received_kwh)
    assert clean.rows == clean.expected_readings == faulty.expected_readings
    assert set(clean.fault_readings.values()) == {0}
    assert pq.read_table(clean.folder / "truth" / "faults.parquet").num_rows == 0
    correction = """
        select count(*) from readings join read_parquet('{}') as clean
            using (service_point_id, channel, interval_start_at)
        where readings.version = 1 and readings.kwh <> clean.kwh
    """
    assert ask(faulty.folder, correction.format(clean.folder / "readings" / "*.parquet")) == [(0,)]


def test_outages_explain_every_outage_zero_and_nothing_else(faulty: SyntheticSummary) -> None:
    """Interval by interval: runs of zeros and the outages meet in both directions, but for gaps that lie on outages."""
    question = """
        with zeros as (
            select distinct service_point_id,
                unnest(range(first_interval_start_at, last_interval_start_at + interval 1 hour, interval 1 hour)) as hour
            from faults where kind = 'outage'
        ),
        gaps as (
            select distinct service_point_id,
                unnest(range(first_interval_start_at, last_interval_start_at + interval 1 hour, interval 1 hour)) as hour
            from faults where kind = 'missing'
        ),
        dark as (
            select distinct service_point_id,
                unnest(range(timezone('UTC', started_at), timezone('UTC', restored_at), interval 1 hour)) as hour
            from outages where restored_at - started_at >= interval 1 hour
        )
        select
            (select count(*) from zeros),
            (select count(*) from zeros anti join dark using (service_point_id, hour)),
            (select count(*) from dark anti join zeros using (service_point_id, hour) anti join gaps using (service_point_id, hour))
    """
    zeros, unexplained, without_zeros = ask(faulty.folder, question)[0]
    assert zeros > 100
    assert (unexplained, without_zeros) == (0, 0)


def test_known_outages_are_the_recorded_ones_of_the_truth(faulty: SyntheticSummary) -> None:
    columns = "outage_id, service_point_id, started_at, restored_at, cause"
    known = ask(faulty.folder, f"select {columns} from known_outages")
    assert known == ask(faulty.folder, f"select {columns} from outages where is_recorded")
    every, recorded, keys, split, causes = ask(
        faulty.folder,
        """
        select count(*), count(*) filter (is_recorded), count(distinct (outage_id, service_point_id)),
            (select count(*) from (select outage_id from outages group by outage_id
             having count(distinct (is_recorded, cause, started_at)) > 1)),
            count(distinct cause)
        from outages
        """,
    )[0]
    assert keys == every
    assert split == 0
    assert 0 < recorded < every
    assert causes > 1


def test_how_much_is_recorded_changes_nothing_else(faulty: SyntheticSummary, tmp_path: Path) -> None:
    expected = tables(faulty.folder)
    for fraction in (0.0, 1.0):
        found = tables(generate(replace(FAULTY, unrecorded_outage_fraction=fraction), tmp_path / f"{fraction}").folder)
        for name in expected.keys() - {"outages.parquet", "truth/outages.parquet"}:
            assert found[name].equals(expected[name]), name
        truth = found["truth/outages.parquet"]
        assert truth.drop_columns("is_recorded").equals(expected["truth/outages.parquet"].drop_columns("is_recorded"))
        assert len(found["outages.parquet"]) == (len(truth) if fraction == 0 else 0)


def test_the_station_knows_the_true_temperature_of_every_hour_of_readings(faulty: SyntheticSummary) -> None:
    question = """
        select count(*), count(*) filter (temperature_c = temperature_celsius), count(distinct station_id),
            min(timezone('UTC', observed_at)) = (select min(interval_start_at) from readings),
            max(timezone('UTC', observed_at)) = (select max(interval_start_at) from readings)
        from station_weather join weather on timezone('UTC', observed_at) = hour_start_at
    """
    # February, March without the hour that the clock skips, April: 28, 31 and 30 days.
    assert ask(faulty.folder, question) == [(89 * 24 - 1, 89 * 24 - 1, 1, True, True)]


def test_loaders_take_what_the_utility_has_on_file(faulty: SyntheticSummary, tmp_path: Path) -> None:
    clean = generate(FAULTY.without_faults(), tmp_path / "clean")
    with desk_in(tmp_path) as desk:
        weather = load_weather(desk.connection, faulty.folder / "weather.parquet", WeatherOptions())
        assert (weather.stations, weather.observations, weather.gaps) == (1, 89 * 24 - 1, 0)
        known = load_outages(desk.connection, faulty.folder / "outages.parquet", None)
        assert known.interruptions == len(pq.read_table(faulty.folder / "outages.parquet"))
        assert known.missing == []
        assert load_outages(desk.connection, clean.folder / "outages.parquet", None).interruptions == 0


def test_agreements_of_a_service_point_follow_each_other(faulty: SyntheticSummary) -> None:
    rows = ask(
        faulty.folder,
        """
        select count(*), count(distinct customer_id), min(valid_to), max(valid_from), bool_and(customer_id <> other_id)
        from (select *, lag(customer_id) over points as other_id, lag(valid_to) over points = valid_from as fits
              from customers window points as (partition by service_point_id order by valid_from nulls first))
        where fits is null or fits
        """,
    )[0]
    assert rows[0] == faulty.agreements > faulty.service_points == 150
    assert rows[1] == faulty.customers < faulty.agreements
    assert date(2025, 2, 1) < rows[2] <= rows[3] < date(2025, 5, 1)
    assert rows[4]
    consistent = """
        select count(*) from (select customer_id from customers group by customer_id
        having count(distinct (has_consent, has_medical_need, is_enrolled, customer_class)) > 1)
    """
    assert ask(faulty.folder, consistent) == [(0,)]
    assert ask(faulty.folder, "select count(*) from customers where is_enrolled and not has_consent") == [(0,)]


def test_progress_is_told_up_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    generate(
        SyntheticOptions(customers=130, months=2),
        tmp_path / "utility",
        lambda *part: told.append(part),
        readings_per_chunk=1,
    )
    assert told == [(done, 6) for done in range(1, 7)]


def test_memory_follows_the_chunk_not_the_length(tmp_path: Path) -> None:
    def peak(months: int) -> int:
        tracemalloc.start()
        generate(SyntheticOptions(customers=256, months=months), tmp_path / f"{months}", readings_per_chunk=50_000)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1)
    # Both hold every month of a year, for months differ in what they need.
    year, two_years = peak(12), peak(24)
    assert two_years < 1.3 * year


def test_older_utility_is_replaced_only_by_a_whole_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "utility"
    generate(SyntheticOptions(customers=2, months=1), folder)
    before = tables(folder)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(SyntheticOptions(customers=3, months=1), folder, fail)
    assert list(tmp_path.iterdir()) == [folder]
    assert tables(folder) == before
    # Killed between the two renames: the old folder comes back before anything else happens.
    folder.rename(tmp_path / ".utility.replaced")
    (tmp_path / ".utility.partial").mkdir()
    (tmp_path / ".utility.partial" / "half.parquet").touch()
    with pytest.raises(KeyboardInterrupt):
        generate(SyntheticOptions(customers=3, months=1), folder, fail)
    assert tables(folder) == before
    generate(SyntheticOptions(customers=3, months=1), folder)
    assert len(pq.read_table(folder / "customers.parquet")) == 3
    assert list(tmp_path.iterdir()) == [folder]


def test_folder_of_something_else_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(UnusableInput, match="something else"):
        generate(SyntheticOptions(customers=2, months=1), tmp_path)
    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_second_run_for_the_same_folder_is_refused(tmp_path: Path) -> None:
    def run_again(*_: object) -> None:
        with pytest.raises(UnusableInput, match="Another run"):
            generate(SyntheticOptions(customers=2, months=1), tmp_path / "utility")

    generate(SyntheticOptions(customers=2, months=1), tmp_path / "utility", run_again)
    assert (tmp_path / "utility" / "customers.parquet").exists()


def test_command_makes_a_utility(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "utility"
    assert generate_utility.main(["--folder", str(folder), "--customers", "3", "--months", "1", "--no-faults"]) == 0
    assert "on 3 service points" in capsys.readouterr().out
    assert len(list((folder / "readings").iterdir())) == 1


@pytest.mark.parametrize(
    "arguments", [["--customers", "0"], ["--customers", "few"], ["--time-zone", "Nowhere"], ["--x"]]
)
def test_command_says_in_one_line_what_is_wrong(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = generate_utility.main(arguments)
    except SystemExit as end:
        code = end.code
    assert code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.strip().splitlines()) == 1


def test_chunks_hold_at_least_one_block() -> None:
    assert utility._blocks_per_chunk(SyntheticOptions(interval_minutes=5), 1) == 1
    assert utility._blocks_per_chunk(SyntheticOptions(), 1_000_000) == 21
