"""The whole pipeline on a small synthetic utility, run as a user runs it."""

import json
import os
import re
import shutil
import stat
from pathlib import Path

import duckdb
import pytest
from conftest import PROJECT, Home

from peakwise.dbt import Dbt

MONTHS = ("2025_01", "2025_02", "2025_03")
CLOCKS = ("--label", "start", "--label-timezone", "UTC", "--utility-timezone", "America/New_York", "--holidays", "US")
# `dbt build` in an empty folder runs them; they do not look at the data.
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
SEGMENTS = "select customer_id, segment_id from marts.fct_customer_segment order by 1"
# The time of a load is its own.
UNREPEATABLE = {"fct_load_fates": ["loaded_at"], "mart_source_freshness": ["last_loaded_at"]}


@pytest.fixture(scope="module")
def utility(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A utility of 150 service points and three months, built by the command without readings."""
    home = Home(tmp_path_factory.mktemp("utility"))
    finished = home.script("run_pipeline.py", "--synthetic-customers", "150", "--synthetic-months", "3")
    assert finished.code == 0, finished.output + finished.errors
    (home.folder / "output.txt").write_text(finished.output)
    return home


def query(path: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def query_files(sql: str) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


def models(path: Path, kind: str = "BASE TABLE") -> list[str]:
    """Tables, or views, of the intermediate and marts schemas."""
    names = query(
        path,
        f"""
        select table_schema || '.' || table_name from information_schema.tables
        where table_schema in ('intermediate', 'marts') and table_type = '{kind}' order by 1
        """,
    )
    return [name for (name,) in names]


def differing_tables(one: Path, other: Path, apart_from: set[str]) -> dict[str, int]:
    """Rows in which two warehouses differ, for each table that differs."""
    different = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        for name in sorted(set(models(one)) | set(models(other))):
            table = name.split(".")[1]
            if table in apart_from:
                continue
            left_out = UNREPEATABLE.get(table, [])
            columns = [
                row[0] for row in connection.execute(f"describe one.{name}").fetchall() if row[0] not in left_out
            ]
            kept = ", ".join(f'"{column}"' for column in columns)
            rows = connection.execute(f"""
                select count(*) from (
                    (select {kept} from one.{name} except all select {kept} from other.{name})
                    union all (select {kept} from other.{name} except all select {kept} from one.{name})
                )
            """).fetchone()[0]
            if rows:
                different[name] = rows
    for name in models(one, "VIEW"):
        # A view names its own database, so it is read where it stands.
        sides = [
            query(path, f"select hash(viewed) as h, count(*) from {name} as viewed group by h") for path in (one, other)
        ]
        if set(sides[0]) != set(sides[1]):
            different[name] = len(set(sides[0]) ^ set(sides[1]))
    return different


def test_the_summary_tells_where_rows_went_and_what_to_try(utility: Home) -> None:
    output = (utility.folder / "output.txt").read_text()
    for expected in ("Rows in and where they went", "Segments by shape of day", "Targets: reduce at the peak", "Try "):
        assert expected in output
    assert "Traceback" not in output


def test_the_fates_equal_the_faults_that_were_planted(utility: Home) -> None:
    truth = utility.folder / "synthetic" / "truth" / "faults.parquet"
    planted = dict(query_files(f"select kind, sum(readings) from '{truth}' group by 1"))
    duplicate, superseded, rejected = query(
        utility.warehouse, "select sum(rows_duplicate), sum(rows_superseded), sum(rows_rejected) from raw.load_manifest"
    )[0]
    assert (duplicate, superseded, rejected) == (planted["duplicate"], planted["superseded"], 0)


def documented_queries() -> list[str]:
    """Every SQL statement of the README and the documentation."""
    texts = [page.read_text() for page in (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")))]
    blocks = [block for text in texts for block in re.findall(r"```sql\n(.*?)```", text, re.DOTALL)]
    blocks += [
        block
        for text in texts
        for block in re.findall(r"((?:^    (?:select|with|--) .*\n)(?:^    .*\n)*)", text, re.MULTILINE)
    ]
    return [statement for block in blocks for statement in block.split(";") if statement.strip()]


def test_the_queries_of_the_documentation_run(utility: Home) -> None:
    queries = documented_queries()
    assert len(queries) > 10
    for statement in queries:
        reads_warehouse = "intermediate." in statement or "raw." in statement
        query(utility.warehouse if reads_warehouse else utility.published / "peakwise.duckdb", statement)


def test_the_bill_check_finds_the_planted_bills_and_no_other(utility: Home) -> None:
    planted = f"select bill_id, kind from '{utility.folder}/synthetic/truth/wrong_bills.parquet'"
    verdicts = query(
        utility.warehouse,
        f"""
        select planted.kind is not null as is_planted, verdict, count(*)
        from marts.mart_bill_check left join ({planted}) as planted using (bill_id)
        where verdict != 'cannot be checked' group by all order by all
        """,
    )
    assert {verdict for is_planted, verdict, _ in verdicts if not is_planted} == {"agrees"}
    assert "agrees" not in {verdict for is_planted, verdict, _ in verdicts if is_planted} and len(verdicts) > 1


def test_a_release_holds_every_mart_twice_with_figures_and_manifest(utility: Home) -> None:
    release = utility.published.resolve()
    manifest = json.loads((release / "manifest.json").read_text())
    names = models(utility.warehouse) + models(utility.warehouse, "VIEW")
    marts = {name.split(".")[1] for name in names if name.startswith("marts.")}
    assert set(manifest["tables"]) == marts
    assert stat.S_IMODE((release / "peakwise.duckdb").stat().st_mode) == 0o600
    for name in marts:
        parquet = release / "parquet" / f"{name}.parquet"
        rows = query(release / "peakwise.duckdb", f"select count(*) from {name}")[0][0]
        told = manifest["tables"][name]
        private = told["personal_data"]
        assert rows == told["rows"] == query(utility.warehouse, f"select count(*) from marts.{name}")[0][0]
        copied = query_files(f"select count(*) from '{parquet}'")[0][0]
        assert copied == (rows if private else told["public_rows"])
        assert stat.S_IMODE(parquet.stat().st_mode) == (0o600 if private else 0o644)
    assert manifest["figures"] and all(
        (release / "figures" / name).stat().st_size > 10_000 for name in manifest["figures"]
    )


def test_others_can_read_what_is_public_and_nothing_else(utility: Home) -> None:
    reachable = []
    for folder, folders, files in os.walk(utility.folder):
        folders[:] = [name for name in folders if (Path(folder) / name).stat().st_mode & 0o055]
        reachable += [path for path in map(Path(folder).joinpath, files) if path.stat().st_mode & 0o044]
    release = utility.published.resolve()
    manifest = json.loads((release / "manifest.json").read_text())
    public = {name for name, told in manifest["tables"].items() if not told["personal_data"]}
    ours = {path for path in reachable if path.is_relative_to(utility.folder / "releases")}
    assert {path.resolve() for path in ours} == {release / "manifest.json"} | {
        release / "parquet" / f"{name}.parquet" for name in public
    }
    assert not [path for path in reachable if path.suffix in (".duckdb", ".png", ".wal")]
    assert not [path for path in reachable if "warehouse" in path.parts or "synthetic" in path.parts]


def test_the_public_files_hold_no_segment_and_no_feeder_of_few_customers(utility: Home) -> None:
    parquet = utility.published / "parquet"
    for name, customers in (
        ("mart_segment_summary", "customers"),
        ("fct_segment_load_monthly", "customers"),
        ("dim_segment", "customers"),
        ("mart_reliability_feeder", "customers_served"),
    ):
        least = f"select coalesce(min({customers}), 15) >= 15 from"
        assert query_files(f"{least} '{parquet}/{name}.parquet'") == [(True,)], name
    # The businesses of so small a utility are fewer, so the test has something to see.
    few = "select count(*) from mart_segment_summary where customers < 15"
    assert query(utility.published / "peakwise.duckdb", few)[0][0] > 0


def test_all_dbt_tests_pass_and_a_second_build_changes_nothing(utility: Home, tmp_path: Path) -> None:
    before = tmp_path / "peakwise.duckdb"
    shutil.copy(utility.warehouse, before)
    finished = utility.dbt("build", *WITHOUT_UNIT_TESTS)
    assert finished.code == 0, finished.output[-3000:]
    assert differing_tables(before, utility.warehouse, set()) == {}


def test_an_incremental_build_equals_a_full_one(utility: Home, tmp_path: Path) -> None:
    readings = utility.folder / "synthetic" / "readings"
    customers = utility.folder / "synthetic" / "customers.parquet"
    whole, grown = Home(tmp_path / "whole"), Home(tmp_path / "grown")
    months = [readings / f"readings_{month}.parquet" for month in MONTHS]
    assert whole.pipeline("--customers", customers, *CLOCKS, "--readings", *months).code == 0
    assert grown.pipeline("--customers", customers, *CLOCKS, "--readings", months[0]).code == 0
    first_segments = query(grown.warehouse, SEGMENTS)
    for month in months[1:]:
        finished = grown.pipeline("--update", "--readings", month)
        assert finished.code == 0, finished.errors
        # Who has a segment keeps it.
        kept = dict(query(grown.warehouse, SEGMENTS))
        assert all(kept[customer] == segment for customer, segment in first_segments)
    # As if nobody had been segmented before: a fit that knows of others goes on from them.
    with duckdb.connect(str(grown.warehouse)) as connection:
        for table in ("runs", "centroids", "assignments", "k_diagnostics"):
            connection.execute(f"delete from ml.segment_{table}")
    finished = grown.pipeline("--update", "--k", "3", "--readings", *months)
    assert finished.code == 0 and "known already" in finished.output, finished.errors
    # The run's identity differs; what it found must not.
    segments = {name.split(".")[1] for name in models(whole.warehouse) if "segment" in name or "novel" in name}
    segments.add("dim_day_shape")
    assert differing_tables(whole.warehouse, grown.warehouse, segments | {"int_customer_days_touched"}) == {}
    assert query(whole.warehouse, SEGMENTS) == query(grown.warehouse, SEGMENTS)


def test_size_row_order_and_threads_change_no_label(utility: Home, tmp_path: Path) -> None:
    readings = utility.folder / "synthetic" / "readings"
    scaled = tmp_path / "scaled.parquet"
    # Ten times as much must still be what a service can carry: beyond that, days would not count.
    chosen = query(
        utility.warehouse,
        """
        select customer_id from marts.mart_customer_360
        where segment_id is not null and customer_class = 'residential' and own_peak_kw < 5 and service_points = 1
        order by customer_id limit 1
        """,
    )[0][0]
    point = query(
        utility.warehouse, f"select service_point_id from raw.service_agreements where customer_id = '{chosen}' limit 1"
    )[0][0]
    query_files(f"""
        copy (
            select * replace (case when service_point_id = '{point}' then kwh * 10 else kwh end as kwh)
            from '{readings}/*.parquet' order by hash(service_point_id || interval_start_at::varchar || kwh::varchar)
        ) to '{scaled}'
    """)
    other = Home(tmp_path / "other")
    beside = [f"--{name}={utility.folder / 'synthetic' / name}.parquet" for name in ("customers", "outages", "weather")]
    finished = other.pipeline(*beside, *CLOCKS, "--readings", scaled)
    assert finished.code == 0, finished.errors
    assert query(utility.warehouse, SEGMENTS) == query(other.warehouse, SEGMENTS)
    energy = "select sum(kwh) from marts.fct_customer_daily_usage where customer_id = '" + chosen + "'"
    assert query(other.warehouse, energy)[0][0] == 10 * query(utility.warehouse, energy)[0][0]


def test_an_update_assigns_a_new_customer_to_the_nearest_segment_without_a_refit(utility: Home, tmp_path: Path) -> None:
    readings = f"read_parquet('{utility.folder}/synthetic/readings/*.parquet')"
    [(late,)] = query(
        utility.warehouse,
        """
        select customer_id from marts.fct_customer_segment inner join marts.dim_customer using (customer_id)
        where service_points = 1 and customer_class = 'residential' order by hash(customer_id) limit 1
        """,
    )
    points = f"select service_point_id from '{utility.folder}/synthetic/customers.parquet' where customer_id = '{late}'"
    parts = {"early": f"service_point_id not in ({points})", "late": f"service_point_id in ({points})"}
    for name, condition in parts.items():
        query_files(f"copy (from {readings} where {condition}) to '{tmp_path}/{name}.parquet'")
    home = Home(tmp_path / "home")
    customers = utility.folder / "synthetic" / "customers.parquet"
    arguments = ("--customers", customers, *CLOCKS, "--readings", tmp_path / "early.parquet")
    assert home.pipeline(*arguments).code == 0
    before = dict(query(home.warehouse, SEGMENTS))
    runs = query(home.warehouse, "select * from ml.segment_runs order by all")
    finished = home.pipeline("--update", "--readings", tmp_path / "late.parquet")
    assert finished.code == 0, finished.errors
    assert ": 1, with whom they hold" in finished.output
    after = dict(query(home.warehouse, SEGMENTS))
    assert query(home.warehouse, "select * from ml.segment_runs order by all") == runs
    assert set(after) - set(before) == {late} and all(after[customer] == before[customer] for customer in before)
    hours = [f"hour_{hour:02d}" for hour in range(24)]
    distance = " + ".join(f"power(profiles.{hour} - centroids.{hour}, 2)" for hour in hours)
    nearest = query(
        home.warehouse,
        f"""
        select arg_min(centroids.segment_id, {distance}) from intermediate.int_profiles_standardized as profiles
        inner join ml.segment_centroids as centroids using (customer_class, season, day_type)
        where customer_id = '{late}'
        """,
    )
    assert nearest == [(after[late],)]


def test_an_update_of_the_customers_drops_who_is_listed_no_longer_and_follows_changes_of_class(
    utility: Home, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(utility.folder / "warehouse", home.folder / "warehouse")
    listed, update = utility.folder / "synthetic" / "customers.parquet", tmp_path / "customers.parquet"
    # Of three homes one is dropped with its agreement, one hands its service point to another, one becomes a business.
    one_home = """
        select customer_id from marts.fct_customer_segment inner join marts.dim_customer using (customer_id)
        where service_points = 1 and customer_class = 'residential' order by hash(customer_id) limit 3
    """
    (dropped,), (replaced,), (changed,) = query(home.warehouse, one_home)
    query_files(f"""
        copy (
            select * replace (
                case when customer_id = '{replaced}' then 'somebody else' else customer_id end as customer_id,
                case when customer_id = '{changed}' then 'small_business' else customer_class end as customer_class
            ) from '{listed}' where customer_id != '{dropped}'
        ) to '{update}'
    """)
    expected = query_files(f"""
        select customer_id from '{update}' union
        select service_point_id from '{utility.folder}/synthetic/readings/*.parquet'
        where service_point_id not in (select service_point_id from '{update}') order by 1
    """)
    finished = home.pipeline("--update", "--customers", update)
    assert finished.code == 0, finished.errors
    for mart in ("dim_customer", "mart_customer_360", "mart_dr_targets"):
        assert query(home.warehouse, f"select customer_id from marts.{mart} order by 1") == expected, mart
    assert not {dropped, replaced} & {customer for customer, _ in query(home.warehouse, SEGMENTS)}
    # Her key stays, and what names her says that she is none of the customers.
    assert query(home.warehouse, f"select count(*) from raw.customers where customer_id = '{dropped}'") == [(1,)]
    assert query(
        home.warehouse,
        f"select count(customer_key), count(*) > 0 from marts.mart_bill_check where customer_id = '{dropped}'",
    ) == [(0, True)]
    class_of_segment = f"""
        select segments.customer_class, assigned.was_fitted from marts.fct_customer_segment as assigned
        inner join marts.dim_segment as segments using (run_id, segment_id) where customer_id = '{changed}'
    """
    assert query(home.warehouse, class_of_segment) == [("small_business", False)]
    finished = home.dbt("build", *WITHOUT_UNIT_TESTS)
    assert finished.code == 0, finished.output[-3000:]
    grown = tmp_path / "grown.duckdb"
    shutil.copy(home.warehouse, grown)
    assert home.dbt("run", "--full-refresh").code == 0
    assert differing_tables(grown, home.warehouse, {"int_customer_days_touched"}) == {}


def test_a_candidate_changes_nothing_until_it_is_accepted(utility: Home, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(utility.folder / "warehouse", home.folder / "warehouse")
    before = query(home.warehouse, SEGMENTS)
    refit = home.script("run_pipeline.py", "--update", "--k", "2")
    assert refit.code == 0, refit.errors
    assert "as a candidate" in refit.output and "make accept" in refit.output
    assert query(home.warehouse, SEGMENTS) == before
    moves = query(home.warehouse, "select sum(customers), min(status) from marts.mart_segment_churn")
    assert moves == [(len(before), "candidate")]
    accepted = home.pipeline("--accept")
    assert accepted.code == 0, accepted.errors
    statuses = "select status, count(distinct run_id) from ml.segment_runs group by 1 order by 1"
    assert query(home.warehouse, statuses) == [("accepted", 1), ("retired", 1)]
    after = query(home.warehouse, SEGMENTS)
    assert [customer for customer, _ in after] == [customer for customer, _ in before] and after != before
    again = home.pipeline("--accept")
    assert again.code == 2 and "No segmentation waits for a decision" in again.errors
    assert query(home.warehouse, SEGMENTS) == after


# Of each raw table the moment at which a row was known, and columns that were known later.
KNOWN_AT = {
    "readings": ("interval_start_at", {}),
    "superseded_readings": ("interval_start_at", {}),
    "system_load": ("interval_start_at", {}),
    "weather": ("observed_at", {}),
    "outages": ("started_at", {"restored_at": "restored_at"}),
    "service_agreements": ("coalesce(valid_from, date '1900-01-01')", {"valid_to": "valid_to"}),
    "customer_attributes": ("known_from_date", {}),
    "bills": ("issued_on", {"paid_on": "paid_on"}),
    "program_offers": ("offered_on", {}),
    "program_enrolments": ("enrolled_on", {"left_on": "left_on", "leave_reason": "left_on"}),
    "contacts": ("contacted_at", {}),
}


def test_a_build_as_of_a_past_date_equals_one_that_knew_no_more(utility: Home, tmp_path: Path) -> None:
    day = "2025-02-20"
    later, truncated = Home(tmp_path / "later"), Home(tmp_path / "truncated")
    for home in (later, truncated):
        home.warehouse.parent.mkdir(parents=True)
        shutil.copy(utility.warehouse, home.warehouse)
    with duckdb.connect(str(truncated.warehouse)) as connection:
        for table, (moment, known_later) in KNOWN_AT.items():
            connection.execute(f"delete from raw.{table} where cast({moment} as date) > date '{day}'")
            for column, told_at in known_later.items():
                connection.execute(
                    f"update raw.{table} set {column} = null where cast({told_at} as date) > date '{day}'"
                )
        connection.execute(f"delete from raw.load_manifest where cast(first_interval_start_at as date) > date '{day}'")
        connection.execute(
            f"update raw.load_manifest set last_interval_end_at = least(last_interval_end_at, timestamp '{day}' + interval 1 day)"
        )
        connection.execute(f"""
            delete from raw.event_participation where event_id in (
                select event_id from raw.dr_events where cast(coalesce(notified_at, starts_at) as date) > date '{day}'
            )
        """)
        connection.execute(
            f"delete from raw.dr_events where cast(coalesce(notified_at, starts_at) as date) > date '{day}'"
        )
        connection.execute(
            "delete from raw.customers where is_listed and customer_id not in (select customer_id from raw.service_agreements)"
        )
        connection.execute("update raw.customers set has_consent = null, has_medical_need = null, is_enrolled = null")
        for (table,) in connection.execute(
            "select table_name from information_schema.tables where table_schema = 'ml'"
        ).fetchall():
            connection.execute(f"delete from ml.{table}")
    build = (
        "build",
        "--full-refresh",
        "--exclude-resource-type",
        "test",
        "unit_test",
        "--select",
        "+mart_customer_360",
        "+int_readings_counted",
    )
    as_of = ("--vars", f"{{as_of: '{day}'}}")
    refused = later.dbt("run", "--select", "stg_billing__bills", *as_of)
    assert refused.code != 0 and "Add --full-refresh" in refused.output
    in_part = later.dbt("run", "--full-refresh", "--select", "dim_customer", *as_of)
    assert in_part.code != 0 and "build without --select" in " ".join(in_part.output.split())
    for home, known in ((later, as_of), (truncated, ())):
        finished = home.dbt(*build, *known)
        assert finished.code == 0, finished.output[-3000:]
    assert (
        query(later.warehouse, "select count(*), max(last_usage_date)::varchar from marts.mart_customer_360")[0][1]
        <= day
    )
    assert differing_rows_of(later.warehouse, truncated.warehouse, "marts.mart_customer_360") == 0
    refused = later.dbt("run", "--select", "stg_billing__bills")
    assert refused.code != 0 and f"was built as of {day}" in refused.output
    whole = "select count(*) from marts.mart_customer_360 where last_usage_date > date '2025-02-21'"
    assert query(utility.warehouse, whole)[0][0] > 0, "the whole warehouse knows more"


def differing_rows_of(one: Path, other: Path, name: str) -> int:
    """Rows in which a table of two warehouses differs."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        return connection.execute(f"""
            select count(*) from (
                (from one.{name} except all from other.{name}) union all (from other.{name} except all from one.{name})
            )
        """).fetchone()[0]


def test_a_run_never_mixes_two_utilities_and_a_failing_one_leaves_everything(utility: Home, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    for path, name in ((one, "A"), (two, "B")):
        query_files(f"""
            copy (
                select '{name}' as meter_id, timestamp '2024-01-01' + to_hours(h::integer) as interval_start, 1 + h % 24 as kwh
                from range(24 * 30) as hours (h)
            ) to '{path}'
        """)
    clocks = ("--label-timezone", "Europe/London")
    assert home.pipeline(*clocks, "--readings", one).code == 0
    assert home.pipeline(*clocks, "--readings", two).code == 0
    assert query(home.warehouse, "select distinct customer_id from marts.fct_customer_daily_usage") == [("B",)]
    release, warehouse = home.published.resolve(), home.warehouse.read_bytes()
    broken = tmp_path / "broken.csv"
    broken.write_text("meter_id,interval_start\nA,2024-01-01\n")
    finished = home.pipeline(*clocks, "--readings", broken)
    assert finished.code == 2
    assert "no column for the energy" in finished.errors and "Traceback" not in finished.errors
    assert home.published.resolve() == release and home.warehouse.read_bytes() == warehouse


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--readings", "nowhere.parquet"], "UTILITY_TIMEZONE"),
        (["--utility-timezone", "Europe/London", "--readings", "nowhere.parquet"], "No file of readings"),
        (["--utility-timezone", "Europe/Londres", "--readings", "x"], "Time zone 'Europe/Londres' is unknown"),
        (["--utility-timezone", "UTC", "--label", "middle", "--readings", "x"], "must be start or end"),
        (["--utility-timezone", "UTC", "--label-timezone", "+25:00", "--readings", "x"], "'+25:00' is unknown"),
        (["--utility-timezone", "UTC", "--holidays", "ZZ", "--readings", "x"], "no known calendar"),
        (["--utility-timezone", "UTC", "--method", "guess", "--readings", "x"], "METHOD is 'guess'"),
        (
            ["--utility-timezone", "UTC", "--k", "three", "--readings", "x"],
            "must be auto or a whole number, not 'three'",
        ),
        (["--utility-timezone", "UTC", "--target-kw", "1", "--target-count", "1", "--readings", "x"], "not both"),
        (["--update"], "Say what to add"),
        (["--update", "--readings", "x"], "There is no warehouse"),
    ],
)
def test_bad_options_are_one_clear_sentence(home: Home, arguments: list[str], expected: str) -> None:
    finished = home.script("run_pipeline.py", *arguments)
    assert finished.code == 2
    assert expected in " ".join(finished.errors.split())
    assert "Traceback" not in finished.errors
    assert not home.published.exists()


def test_plain_dbt_runs_and_tests_in_an_empty_folder(home: Home) -> None:
    assert home.dbt("run").code == 0
    finished = home.dbt("test", *WITHOUT_UNIT_TESTS)
    assert finished.code == 0, finished.output[-3000:]


def test_plain_dbt_builds_in_an_empty_folder(home: Home) -> None:
    finished = home.dbt("build")
    assert finished.code == 0, finished.output[-3000:]
    assert query(home.warehouse, "select count(*) from marts.mart_dr_targets") == [(0,)]


def test_a_customers_file_after_the_readings_moves_their_energy_by_plain_dbt_alone(home: Home, tmp_path: Path) -> None:
    hours = "select '{}' as meter_id, timestamp '2024-01-01' + to_hours(h::integer) as interval_start, {} as kwh from range({}) as t (h)"
    first, late = tmp_path / "first.csv", tmp_path / "late.csv"
    query_files(f"copy ({hours.format('SP1', 1, 240)} union all {hours.format('SP2', 2, 240)}) to '{first}'")
    query_files(f"copy ({hours.format('SP2', 2, 241)} offset 240) to '{late}'")
    customers = tmp_path / "customers.csv"
    customers.write_text(
        "customer_id,service_point_id,valid_from,valid_to\nA,SP1,,2024-01-05\nB,SP1,2024-01-05,\nC,SP2,,\n"
    )
    clocks = ("--label-timezone", "UTC", "--utility-timezone", "UTC")
    usage = "select customer_id, sum(kwh)::double, count(*) from marts.fct_customer_daily_usage group by 1 order by 1"
    assert home.script("load_readings.py", first, *clocks).code == 0
    assert home.dbt("run").code == 0
    assert query(home.warehouse, usage) == [("SP1", 240, 10), ("SP2", 480, 10)]
    assert home.script("load_readings.py", late, *clocks, "--customers", customers).code == 0
    finished = home.dbt("build", *WITHOUT_UNIT_TESTS)
    assert finished.code == 0, finished.output[-3000:]
    assert query(home.warehouse, usage) == [("A", 96, 4), ("B", 144, 6), ("C", 482, 11)]
    grown = tmp_path / "grown.duckdb"
    shutil.copy(home.warehouse, grown)
    assert home.dbt("run", "--full-refresh").code == 0
    assert differing_tables(grown, home.warehouse, {"int_customer_days_touched"}) == {}


# Of each optional source what is taken away, and a column of the customer 360 that nobody can know without it.
OPTIONAL_SOURCES = {
    "premises": (["premises"], "feeder_id"),
    "attributes": (["customer_attributes"], "tenure"),
    "bills": (["bills", "tariffs"], "arrears_amount"),
    "outages": (["outages"], "interruptions"),
    "programs": (
        ["programs", "program_offers", "program_enrolments", "dr_events", "event_participation"], "events_called"
    ),
    "contacts": (["contacts"], "contacts"),
    "weather": (["weather"], "has_electric_cooling"),
}  # fmt: skip


def outages_found(utility: Home, warehouse: Path) -> tuple[int, int, int, int]:
    """Of the true outages of two hours, or of an hour and several service points, how many were found;
    of suspicions, how many are true.
    """
    return query(
        warehouse,
        f"""
        with outages as (
            select outage_id, timezone('UTC', min(started_at)) as started_at, timezone('UTC', max(restored_at)) as restored_at
            from '{utility.folder}/synthetic/truth/outages.parquet' group by outage_id
            having max(restored_at) - min(started_at) >= to_hours(case when count(*) > 1 then 1 else 2 end)
        ),
        met as (
            select outages.outage_id, suspicions.suspicion_key
            from outages inner join marts.mart_unrecorded_outages as suspicions
                on suspicions.started_at < outages.restored_at and suspicions.ended_at > outages.started_at
        )
        select
            (select count(*) from outages), (select count(distinct outage_id) from met),
            (select count(*) from marts.mart_unrecorded_outages), (select count(distinct suspicion_key) from met)
        """,
    )[0]


def test_each_optional_source_can_be_missing(utility: Home, tmp_path: Path) -> None:
    everything = query(utility.warehouse, "select distinct sources_present from marts.mart_customer_360")[0][0].split(
        ", "
    )
    without = tmp_path / "peakwise.duckdb"
    dbt = Dbt(without, tmp_path / "dbt")
    for source, (tables, column) in OPTIONAL_SOURCES.items():
        shutil.copy(utility.warehouse, without)
        with duckdb.connect(str(without)) as connection:
            for table in tables:
                connection.execute(f"delete from raw.{table}")
        touched = [f"source:*.{table}+" for table in tables]
        dbt.run("build", *WITHOUT_UNIT_TESTS, "--select", *touched)
        known, present = query(without, f"select count({column}), min(sources_present) from marts.mart_customer_360")[0]
        assert known == 0, source
        assert present.split(", ") == [name for name in everything if name != source]
        if source == "outages":
            # What nobody recorded, zeros show.
            lasting, found, suspicions, true_suspicions = outages_found(utility, without)
            assert lasting > 2 and (found, true_suspicions) == (lasting, suspicions)


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        ("delete from raw.programs; delete from raw.dr_events; delete from raw.event_participation", "programs"),
        ("update raw.bills set customer_id = null", "billing"),
    ],
    ids=["offers and enrolments without programs", "bills that do not name the customer"],
)
def test_a_source_may_be_given_in_part(utility: Home, tmp_path: Path, change: str, touched: str) -> None:
    part = tmp_path / "peakwise.duckdb"
    shutil.copy(utility.warehouse, part)
    with duckdb.connect(str(part)) as connection:
        connection.execute(change)
    Dbt(part, tmp_path / "dbt").run("build", *WITHOUT_UNIT_TESTS, "--select", f"source:{touched}+")
    sums = "select sum(offers), sum(arrears_amount), count(last_bill_amount) from marts.mart_customer_360"
    assert query(part, sums) == query(utility.warehouse, sums)
