"""A whole run on a small warehouse: what is read, what is written, and how it fails."""

import subprocess
import sys
from datetime import UTC, date, datetime

import duckdb
import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import segment_customers as command
from peakwise.errors import UnusableInput
from peakwise.segmentation import segment_customers
from peakwise.segmentation.profiles import HOUR_COLUMNS, read_profiles
from peakwise.warehouse import connect

MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)
EVENING = datetime(2026, 3, 1, 20, tzinfo=UTC)


def profile_rows(customers=90, *, classes=("unclassified",), season="all", day_type="all", first_key=0):
    """Rows of the standardised table: daily shares with an evening, a noon and a night peak in turn."""
    random = np.random.default_rng(5)
    keys = np.arange(first_key, first_key + customers)
    peak_hours = np.array([19, 12, 3])[keys % 3]
    kw = 0.4 + np.exp(-0.5 * ((np.arange(24) - peak_hours[:, None]) / 2) ** 2)
    kw *= random.lognormal(0, 0.1, (customers, 24))
    shapes = kw / kw.sum(axis=1, keepdims=True)
    return pyarrow.table(
        {
            "customer_key": pyarrow.array(keys, pyarrow.int32()),
            "customer_id": [f"customer {key:05d}" for key in keys],
            "customer_class": [classes[key % len(classes)] for key in keys],
            "season": [season] * customers,
            "day_type": [day_type] * customers,
            "standardisation": ["daily_share"] * customers,
            **{column: shapes[:, hour] for hour, column in enumerate(HOUR_COLUMNS)},
        }
    )


def fill(connection, rows):
    connection.register("profile_rows", rows)
    connection.execute("create schema if not exists intermediate")
    connection.execute("create schema if not exists marts")
    connection.execute("create or replace table intermediate.int_profiles_standardized as from profile_rows")
    connection.execute("""
        create or replace table marts.fct_customer_daily_usage as
        select * from (values (date '2025-01-01', false), (date '2025-01-02', true), (date '2025-12-30', true),
                              (date '2025-12-31', false)) as days (usage_date, shapes_profile)
    """)


@pytest.fixture
def warehouse(tmp_path):
    def make(rows):
        path = tmp_path / "peakwise.duckdb"
        with connect(path) as connection:
            fill(connection, rows)
        return path

    return make


def answer(path, query):
    with connect(path, read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_run_fills_its_four_tables(warehouse):
    path = warehouse(profile_rows(90))
    summary = segment_customers(path, created_at=MORNING)
    [found] = summary.classes
    window = (date(2025, 1, 2), date(2025, 12, 30))
    assert (found.customer_class, found.k, found.customers) == ("unclassified", 3, 90)
    assert found.sizes == {1: 30, 2: 30, 3: 30}
    assert not found.descriptive_only
    assert (summary.season, summary.day_type, summary.standardisation) == ("all", "all", "daily_share")
    assert answer(
        path,
        """
        select run_id, created_at, season, day_type, standardisation, k, seed, customers, descriptive_only, verdict,
            first_usage_date, last_usage_date, silhouette
        from ml.segment_runs
        """,
    ) == [
        (
            summary.run_id,
            datetime(2026, 3, 1, 8),
            "all",
            "all",
            "daily_share",
            3,
            7,
            90,
            False,
            found.verdict,
            *window,
            found.silhouette,
        )
    ]
    assert answer(path, "select segment_id, customers from ml.segment_centroids order by 1") == [
        (1, 30),
        (2, 30),
        (3, 30),
    ]
    # The night peak comes first, then noon, then evening: keys 2, 1, 0 modulo 3.
    assert answer(
        path,
        """
        select customer_key % 3, min(segment_id), max(segment_id), count(*), min(distance) > 0,
            bool_and(distance < next_distance), bool_and(silhouette between -1 and 1)
        from ml.segment_assignments group by 1 order by 1
        """,
    ) == [(0, 3, 3, 30, True, True, True), (1, 2, 2, 30, True, True, True), (2, 1, 1, 30, True, True, True)]
    assert answer(path, "select k, silhouette is null from ml.segment_k_diagnostics order by k") == [
        (k, k == 1) for k in range(1, 9)
    ]
    assert answer(
        path,
        """
        select sum(power(distance, 2)) - any_value(inertia)
        from ml.segment_assignments join ml.segment_runs using (run_id)
        """,
    )[0][0] == pytest.approx(0, abs=1e-12)


def test_segment_ids_are_unique_over_classes_in_order_of_their_name(warehouse):
    path = warehouse(profile_rows(120, classes=("residential", "commercial")))
    summary = segment_customers(path, created_at=MORNING)
    assert [found.customer_class for found in summary.classes] == ["commercial", "residential"]
    assert [list(found.sizes) for found in summary.classes] == [[1, 2, 3], [4, 5, 6]]
    assert answer(
        path,
        """
            select count(*) from ml.segment_assignments as assignments
            join intermediate.int_profiles_standardized as profiles using (customer_key)
            join ml.segment_centroids as centroids using (run_id, segment_id)
            where profiles.customer_class != centroids.customer_class
            """,
    ) == [(0,)]
    assert answer(path, "select count(*), sum(customers) from ml.segment_runs") == [(2, 120)]


def test_a_small_class_takes_fewer_ids(warehouse):
    rows = pyarrow.concat_tables([profile_rows(25, classes=("farm",)), profile_rows(90, first_key=100)])
    farm, rest = segment_customers(warehouse(rows)).classes
    assert (farm.customer_class, farm.k, list(farm.sizes)) == ("farm", 2, [1, 2])
    assert "k is 2 instead of 3: 25 customers" in farm.verdict
    assert list(rest.sizes) == [3, 4, 5]


def test_older_runs_stay(warehouse):
    path = warehouse(profile_rows(60))
    first = segment_customers(path, created_at=MORNING)
    second = segment_customers(path, k=2, created_at=EVENING)
    assert answer(path, "select run_id, k from ml.segment_runs order by created_at") == [
        (first.run_id, 3),
        (second.run_id, 2),
    ]
    assert answer(path, "select run_id, count(*) from ml.segment_assignments group by 1 order by 1") == [
        (first.run_id, 60),
        (second.run_id, 60),
    ]


def test_the_same_run_twice_is_there_once(warehouse):
    path = warehouse(profile_rows(60))
    assert segment_customers(path, created_at=MORNING) == segment_customers(path, created_at=MORNING)
    assert answer(path, "select count(*) from ml.segment_assignments") == [(60,)]
    assert answer(path, "select count(*) from ml.segment_k_diagnostics") == [(8,)]


def test_a_failing_write_leaves_nothing_behind(warehouse, monkeypatch):
    path = warehouse(profile_rows(60))
    first = segment_customers(path, created_at=MORNING)
    monkeypatch.setattr("peakwise.segmentation.tables._diagnostics", lambda *_: pyarrow.table({"no_such_column": [1]}))
    with pytest.raises(duckdb.Error):
        segment_customers(path, created_at=EVENING)
    for table in ("segment_runs", "segment_centroids", "segment_assignments", "segment_k_diagnostics"):
        assert answer(path, f"select distinct run_id from ml.{table}") == [(first.run_id,)]


SHUFFLED = profile_rows(40, classes=("residential", "commercial"))


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(40)))
def test_the_order_of_rows_changes_nothing(order):
    read = []
    for rows in (SHUFFLED, SHUFFLED.take(list(order))):
        with duckdb.connect() as connection:
            fill(connection, rows)
            read.append(read_profiles(connection))
    assert np.array_equal(read[0].customer_keys, read[1].customer_keys)
    assert np.array_equal(read[0].shapes, read[1].shapes)
    assert read[0].rows_of_class == read[1].rows_of_class == {"commercial": slice(0, 20), "residential": slice(20, 40)}


def test_shuffled_rows_give_the_same_run(tmp_path):
    summaries = []
    for name, rows in (("a", SHUFFLED), ("b", SHUFFLED.take(np.random.default_rng(1).permutation(40)))):
        path = tmp_path / f"{name}.duckdb"
        with connect(path) as connection:
            fill(connection, rows)
        summaries.append((segment_customers(path, created_at=MORNING), answer(path, "from ml.segment_assignments")))
    assert summaries[0] == summaries[1]


def test_a_short_history_is_segmented_on_weekdays(warehouse):
    summary = segment_customers(warehouse(profile_rows(60, day_type="weekday")))
    assert (summary.season, summary.day_type) == ("all", "weekday")


def test_a_profile_that_is_asked_for_is_the_one_that_is_taken(warehouse):
    rows = pyarrow.concat_tables([profile_rows(60), profile_rows(45, season="winter", day_type="peak_day")])
    summary = segment_customers(warehouse(rows), season="winter", day_type="peak_day")
    assert (summary.season, summary.day_type, summary.customers) == ("winter", "peak_day", 45)


def test_an_unknown_profile_names_those_that_exist(warehouse):
    with pytest.raises(UnusableInput, match=r"season spring, day type all; choose .* all/weekday \(60\)"):
        segment_customers(warehouse(profile_rows(60, day_type="weekday")), season="spring")


def test_no_shape_at_all_says_what_to_do(warehouse):
    with pytest.raises(UnusableInput, match="load a longer history"):
        segment_customers(warehouse(profile_rows(0)))


def test_a_warehouse_without_models_says_what_to_do(tmp_path):
    path = tmp_path / "peakwise.duckdb"
    with connect(path):
        pass
    with pytest.raises(UnusableInput, match="run `dbt build`"):
        segment_customers(path)


def test_a_missing_warehouse_is_not_created(tmp_path):
    with pytest.raises(UnusableInput, match="There is no warehouse"):
        segment_customers(tmp_path / "nowhere.duckdb")
    assert not (tmp_path / "nowhere.duckdb").exists()


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_hole_in_a_shape_names_the_customer(warehouse, value):
    rows = profile_rows(60)
    hours = rows.column("hour_05").to_pylist()
    hours[12] = value
    position = rows.schema.get_field_index("hour_05")
    with pytest.raises(UnusableInput, match=r"1 of 60 .* customer 00012, hold an hour that is null, NaN or infinite"):
        segment_customers(warehouse(rows.set_column(position, "hour_05", pyarrow.array(hours, pyarrow.float64()))))


def test_mixed_standardisations_are_refused(warehouse):
    rows = profile_rows(60)
    methods = ["daily_share", "z_score"] * 30
    position = rows.schema.get_field_index("standardisation")
    with pytest.raises(UnusableInput, match="daily_share, z_score"):
        segment_customers(warehouse(rows.set_column(position, "standardisation", pyarrow.array(methods))))


@pytest.mark.parametrize("setting", [{"k": 0}, {"k": 101}, {"seed": -1}, {"seed": 2**32}])
def test_settings_out_of_bounds_are_refused(tmp_path, setting):
    with pytest.raises(UnusableInput, match="must be from"):
        segment_customers(tmp_path / "nowhere.duckdb", **setting)


def test_git_is_not_needed(warehouse, monkeypatch):
    def no_git(*_, **__):
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", no_git)
    path = warehouse(profile_rows(30))
    segment_customers(path)
    assert answer(path, "select git_revision from ml.segment_runs") == [(None,)]


def test_the_command_prints_a_summary(warehouse, monkeypatch, capsys):
    path = warehouse(profile_rows(60))
    monkeypatch.setattr(sys, "argv", ["segment_customers.py", "--k", "2", "--warehouse", str(path)])
    assert command.main() == 0
    printed = capsys.readouterr().out
    assert "60 customers, season all, day type all, daily_share" in " ".join(printed.split())
    assert "unclassified" in printed


def test_the_command_says_what_is_wrong_in_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["segment_customers.py", "--warehouse", str(tmp_path / "nowhere.duckdb")])
    assert command.main() == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("There is no warehouse at")
    assert "Traceback" not in captured.err
