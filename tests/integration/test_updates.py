"""What `run_pipeline.py --update` adds and changes, as a user runs it, against a warehouse built in one go."""

import shutil
from pathlib import Path

import duckdb
import pytest
from conftest import Home
from test_pipeline import CLOCKS, SEGMENTS, differing_tables, query

# What a run finds anew, and what tells of a load.
OF_A_RUN = {
    "dim_day_shape", "fct_customer_day_shape", "int_customer_days_touched", "fct_load_fates", "mart_source_freshness",
    "int_loads_applied",
}  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A utility of 60 service points and two months, built from its readings and customers alone."""
    home = Home(tmp_path_factory.mktemp("base"))
    finished = home.script("generate_utility.py", "--customers", "60", "--months", "2")
    assert finished.code == 0, finished.errors
    finished = home.pipeline("--readings", readings(home), "--customers", file(home, "customers"), *CLOCKS)
    assert finished.code == 0, finished.errors
    return home


def file(home: Home, name: str) -> Path:
    return home.folder / "synthetic" / f"{name}.parquet"


def readings(home: Home) -> Path:
    return home.folder / "synthetic" / "readings"


def copy_of(base: Home, folder: Path) -> Home:
    home = Home(folder)
    shutil.copytree(base.folder / "warehouse", home.folder / "warehouse")
    return home


def count(path: Path) -> int:
    with duckdb.connect() as connection:
        return connection.execute(f"select count(*) from '{path}'").fetchone()[0]


def test_files_beside_the_readings_and_settings_are_taken_with_a_fit_and_without_readings(
    base: Home, tmp_path: Path
) -> None:
    home, whole = copy_of(base, tmp_path / "grown"), Home(tmp_path / "whole")
    outages, weather = tmp_path / "outages.csv", file(base, "weather")
    with duckdb.connect() as connection:
        connection.execute(f"""
            copy (
                select
                    'O' || row_number() over (order by service_point_id) as outage_id, service_point_id,
                    '2025-01-15T12:00Z' as started_at, '2025-01-15T15:00Z' as restored_at
                from (select distinct service_point_id from '{file(base, "customers")}') order by service_point_id limit 7
            ) to '{outages}'
        """)
    # As if nobody had been segmented before: a fit that knows of others goes on from them.
    with duckdb.connect(str(home.warehouse)) as connection:
        for table in ("runs", "centroids", "assignments", "k_diagnostics"):
            connection.execute(f"delete from ml.segment_{table}")
    finished = home.pipeline("--update", "--k", "3", "--outages", outages, "--weather", weather)
    assert finished.code == 0, finished.errors
    assert "7 outages with 7 interruptions of service points" in finished.output
    assert query(home.warehouse, "select count(*) from raw.outages") == [(7,)]
    assert "temperatures of" in finished.output
    assert query(home.warehouse, "select count(*) > 0 from raw.weather") == [(True,)]
    finished = home.pipeline("--update", "--target-count", "4", "--estimate-gaps", "yes")
    assert finished.code == 0 and "done load" not in finished.output, finished.errors
    targets = "select count(*) from marts.mart_dr_targets where is_target and customer_class = 'residential'"
    assert query(home.warehouse, targets) == [(4,)]
    assert query(home.warehouse, "select count(estimated_kwh) > 0 from marts.fct_customer_daily_usage") == [(True,)]
    beside = ("--customers", file(base, "customers"), "--outages", outages, "--weather", weather)
    settings = ("--target-count", "4", "--estimate-gaps", "yes")
    assert whole.pipeline("--readings", readings(base), *beside, *settings, *CLOCKS).code == 0
    names = [name for (name,) in query(home.warehouse, "select table_name from duckdb_tables()")]
    # The run's identity differs; what it found must not.
    of_segments = {name for name in names if "segment" in name or "novel" in name}
    assert differing_tables(whole.warehouse, home.warehouse, OF_A_RUN | of_segments) == {}
    assert query(whole.warehouse, SEGMENTS) == query(home.warehouse, SEGMENTS)


def test_a_customers_file_alone_is_loaded_and_told(base: Home, tmp_path: Path) -> None:
    home, listed = copy_of(base, tmp_path / "home"), tmp_path / "customers.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"""
            copy (
                select * replace ('small_business' as customer_class) from '{file(base, "customers")}'
            ) to '{listed}'
        """)
    finished = home.pipeline("--update", "--customers", listed)
    assert finished.code == 0, finished.errors
    assert f"with {count(listed):,} service agreements" in finished.output
    assert query(home.warehouse, "select distinct customer_class from raw.service_agreements") == [("small_business",)]
    # The former figures would show what no longer holds.
    assert "figures" not in finished.output and not (home.published / "figures").exists()
    published = home.published / "peakwise.duckdb"
    assert query(published, "select distinct customer_class from dim_customer where service_points > 0") == [
        ("small_business",)
    ]


def test_an_update_of_a_warehouse_as_of_a_past_date_says_in_one_sentence_what_to_do(base: Home, tmp_path: Path) -> None:
    home = copy_of(base, tmp_path / "home")
    build = ("run", "--full-refresh", "--vars", "{as_of: '2025-02-10'}")
    built = home.dbt(*build)
    assert built.code == 0, built.output[-3000:]
    before = home.warehouse.read_bytes()
    for arguments in (("--update", "--weather", file(base, "weather")), ("--accept",)):
        refused = home.pipeline(*arguments)
        said = " ".join(refused.errors.split())
        assert refused.code == 2 and "was built as of 2025-02-10" in said, said
        assert "`.venv/bin/dbt run --full-refresh`" in said and "macro" not in said and "Add --full" not in said
        assert home.warehouse.read_bytes() == before
    assert home.dbt("run", "--full-refresh").code == 0
    finished = home.pipeline("--update", "--weather", file(base, "weather"))
    assert finished.code == 0, finished.errors
