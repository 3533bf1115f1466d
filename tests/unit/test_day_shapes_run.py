"""A run over the days of a small warehouse: what is found, what is written, and how it fails."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow
import pytest

import cluster_day_shapes as command
from peakwise.day_shapes import cluster_day_shapes, days, run
from peakwise.errors import UnusableInput
from peakwise.warehouse import connect

MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)
PEAKS = {"night": 3, "noon": 12, "evening": 19}


def day_rows(customers=30, days_each=20, *, first_key=1, scale=1.0, noise=0.1):
    """Days with a night, a noon and an evening peak in turn: customer c has shape (c + d) % 3 on day d."""
    random = np.random.default_rng(5)
    keys = np.repeat(np.arange(customers), days_each)
    numbers = np.tile(np.arange(days_each), customers)
    peaks = np.array(list(PEAKS.values()))[(keys + numbers) % 3]
    kw = 0.2 + np.exp(-0.5 * ((np.arange(24) - peaks[:, None]) / 2) ** 2)
    kw *= random.lognormal(0, noise, kw.shape) * scale
    return pyarrow.table(
        {
            "customer_key": pyarrow.array(keys + first_key, pyarrow.int32()),
            "local_date": [date(2025, 1, 1) + timedelta(days=int(number)) for number in numbers],
            **{column: kw[:, hour] for hour, column in enumerate(days.KW_COLUMNS)},
        }
    )


def fill(connection, rows, ids_start_with="customer"):
    connection.register("day_rows", rows)
    connection.execute("create schema if not exists intermediate")
    connection.execute("create schema if not exists marts")
    connection.execute("create or replace table intermediate.int_customer_day_loads as from day_rows")
    connection.execute(
        """
        create or replace table marts.dim_customer as
        select customer_key, ? || ' ' || lpad((customer_key - min(customer_key) over ())::varchar, 5, '0') as customer_id
        from (select distinct customer_key from day_rows)
        """,
        [ids_start_with],
    )


@pytest.fixture
def warehouse(tmp_path):
    def make(rows, name="peakwise"):
        path = tmp_path / f"{name}.duckdb"
        with connect(path) as connection:
            fill(connection, rows)
        return path

    return make


def answer(path, query):
    with connect(path, read_only=True) as connection:
        return connection.execute(query).fetchall()


def tables(path):
    return {
        name: answer(path, f"select * exclude (created_at) from ml.{name} order by all")
        if name == "day_shape_runs"
        else answer(path, f"select * from ml.{name} order by all")
        for name in ("day_shape_runs", "day_shape_centroids", "day_shape_assignments")
    }


def test_a_run_finds_the_three_shapes_in_order_of_their_peak_and_fills_its_tables(warehouse):
    path = warehouse(day_rows())
    summary = cluster_day_shapes(path, k=3, seed=7, created_at=MORNING)
    assert [found.top_hour for found in summary.day_shapes] == list(PEAKS.values())
    assert [found.days for found in summary.day_shapes] == [200, 200, 200]
    assert summary.explained_fraction > 0.9
    assert answer(path, "select * from ml.day_shape_runs") == [
        (
            summary.run_id,
            datetime(2026, 3, 1, 8),
            3,
            "k is 3, as given.",
            7,
            30,
            600,
            600,
            summary.explained_fraction,
            date(2025, 1, 1),
            date(2025, 1, 20),
        )
    ]
    assert answer(path, "select day_shape_id, sampled_days from ml.day_shape_centroids order by 1") == [
        (1, 200),
        (2, 200),
        (3, 200),
    ]
    assert answer(
        path,
        """
        select (customer_key - 1 + local_date - date '2025-01-01') % 3 + 1, min(day_shape_id), max(day_shape_id)
        from ml.day_shape_assignments group by 1 order by 1
        """,
    ) == [(1, 1, 1), (2, 2, 2), (3, 3, 3)]
    sums = answer(path, f"select {' + '.join(run.HOUR_COLUMNS)} from ml.day_shape_centroids")
    assert [total for (total,) in sums] == pytest.approx([1, 1, 1])


def test_a_customer_ten_times_as_large_has_the_same_shapes(warehouse):
    small, large = warehouse(day_rows(), "small"), warehouse(day_rows(scale=10.0), "large")
    for path in (small, large):
        cluster_day_shapes(path, k=5, created_at=MORNING)
    query = "select * from ml.day_shape_assignments order by all"
    assert answer(small, query) == answer(large, query)


@pytest.mark.parametrize("sampled", [50_000, 100])
def test_the_order_of_rows_and_the_size_of_parts_change_nothing(warehouse, monkeypatch, sampled):
    monkeypatch.setattr(run, "SAMPLED_DAYS", sampled)
    rows = day_rows(noise=0.6)
    sorted_rows = warehouse(rows, "sorted")
    cluster_day_shapes(sorted_rows, k=5, created_at=MORNING)
    shuffled = warehouse(rows.take(np.random.default_rng(1).permutation(len(rows))), "shuffled")
    monkeypatch.setattr(days, "DAYS_AT_ONCE", 77)
    cluster_day_shapes(shuffled, k=5, created_at=MORNING)
    expected, found = tables(sorted_rows), tables(shuffled)
    # The explained share is added up in other parts, so its last digits may differ.
    position = 7
    (expected_run,), (found_run,) = expected.pop("day_shape_runs"), found.pop("day_shape_runs")
    assert found_run[position] == pytest.approx(expected_run[position], rel=1e-12)
    assert found_run[:position] + found_run[position + 1 :] == expected_run[:position] + expected_run[position + 1 :]
    assert found == expected


def test_the_numbering_of_customers_does_not_change_the_sample(warehouse, monkeypatch):
    monkeypatch.setattr(run, "SAMPLED_DAYS", 100)
    paths = [warehouse(day_rows(noise=0.6, first_key=key), f"from_{key}") for key in (1, 500)]
    for path in paths:
        cluster_day_shapes(path, k=5, created_at=MORNING)
    first, second = (tables(path)["day_shape_centroids"] for path in paths)
    assert first == second


def test_another_seed_takes_another_sample(warehouse, monkeypatch):
    monkeypatch.setattr(run, "SAMPLED_DAYS", 100)
    path = warehouse(day_rows(noise=0.6))
    found = []
    for seed in (7, 8):
        assert cluster_day_shapes(path, k=5, seed=seed, created_at=MORNING).sampled_days == 100
        found.append(tables(path)["day_shape_centroids"])
    assert found[0] != found[1]


def test_every_day_goes_to_the_nearest_centroid(warehouse, monkeypatch):
    monkeypatch.setattr(run, "SAMPLED_DAYS", 50)
    rows = day_rows(noise=0.6)
    path = warehouse(rows)
    summary = cluster_day_shapes(path, k=4, created_at=MORNING)
    kw = np.column_stack([rows[name] for name in days.KW_COLUMNS])
    shapes = kw / kw.sum(axis=1, keepdims=True)
    centroids = np.array(
        answer(path, f"select {', '.join(run.HOUR_COLUMNS)} from ml.day_shape_centroids order by day_shape_id")
    )
    squares = np.square(shapes[:, None, :] - centroids[None]).sum(axis=2)
    labels = answer(path, "select day_shape_id from ml.day_shape_assignments order by customer_key, local_date")
    assert [label for (label,) in labels] == (squares.argmin(axis=1) + 1).tolist()
    explained = 1 - squares.min(axis=1).sum() / np.square(shapes - shapes.mean(axis=0)).sum()
    assert summary.explained_fraction == pytest.approx(explained)


def test_a_new_run_takes_the_place_of_the_former(warehouse):
    path = warehouse(day_rows())
    cluster_day_shapes(path, k=6, created_at=MORNING)
    summary = cluster_day_shapes(path, k=2, created_at=MORNING)
    assert answer(path, "select run_id, k from ml.day_shape_runs") == [(summary.run_id, 2)]
    assert answer(path, "select count(*) from ml.day_shape_centroids") == [(2,)]
    assert answer(path, "select count(*), max(day_shape_id) from ml.day_shape_assignments") == [(600, 2)]


def test_a_run_that_fails_half_way_leaves_the_former_whole(warehouse, monkeypatch):
    path = warehouse(day_rows())
    cluster_day_shapes(path, k=3, created_at=MORNING)
    before = tables(path)
    insert = run._insert

    def fail_at_the_end(connection, table, rows):
        if table == "day_shape_runs":
            raise RuntimeError("no space left")
        insert(connection, table, rows)

    monkeypatch.setattr(run, "_insert", fail_at_the_end)
    with pytest.raises(RuntimeError):
        cluster_day_shapes(path, k=5, created_at=MORNING)
    assert tables(path) == before


def test_there_are_no_more_shapes_than_different_days(warehouse):
    path = warehouse(day_rows(noise=0.0))
    summary = cluster_day_shapes(path, k=12, created_at=MORNING)
    assert (summary.k, summary.k_reason) == (3, "k is 3 and not 12: there are no more different days.")
    assert summary.explained_fraction == pytest.approx(1)


def test_days_that_are_all_alike_have_one_shape_and_nothing_to_explain(warehouse):
    path = warehouse(day_rows(noise=0.0).filter(pyarrow.array([row % 3 == 0 for row in range(20)] * 30)).slice(0, 7))
    summary = cluster_day_shapes(path, created_at=MORNING)
    assert (summary.k, summary.explained_fraction) == (1, None)
    assert answer(path, "select explained_fraction from ml.day_shape_runs") == [(None,)]


def test_without_a_day_the_former_run_stays(warehouse):
    path = warehouse(day_rows())
    cluster_day_shapes(path, k=3, created_at=MORNING)
    before = tables(path)
    with connect(path) as connection:
        connection.execute("delete from intermediate.int_customer_day_loads")
    with pytest.raises(UnusableInput, match="No customer has a good day with all 24 hours metered"):
        cluster_day_shapes(path, created_at=MORNING)
    assert tables(path) == before


def test_a_warehouse_that_is_missing_or_not_built_is_named(tmp_path):
    with pytest.raises(UnusableInput, match="There is no warehouse"):
        cluster_day_shapes(tmp_path / "nowhere.duckdb")
    path = tmp_path / "empty.duckdb"
    with connect(path):
        pass
    with pytest.raises(UnusableInput, match="int_customer_day_loads"):
        cluster_day_shapes(path)


@pytest.mark.parametrize(("setting", "value"), [("k", 0), ("k", 101), ("seed", -1), ("seed", 2**32)])
def test_settings_out_of_bounds_are_refused(warehouse, setting, value):
    path = warehouse(day_rows())
    with pytest.raises(UnusableInput, match=f"not {value}"):
        cluster_day_shapes(path, **{setting: value})


def test_the_command_shows_the_shapes_and_ends_with_2_on_bad_input(warehouse, monkeypatch, capsys):
    path = warehouse(day_rows())
    monkeypatch.setattr(sys, "argv", ["cluster_day_shapes.py", "--k", "3", "--warehouse", str(path)])
    assert command.main() == 0
    shown = capsys.readouterr()
    assert "600 days of 30 customers" in shown.out
    assert "19:00" in shown.out
    monkeypatch.setattr(sys, "argv", ["cluster_day_shapes.py", "--k", "0", "--warehouse", str(path)])
    assert command.main() == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "The number of day shapes must be from 1 to 100, not 0.\n")


def test_the_command_has_help_with_an_example():
    done = subprocess.run(
        [sys.executable, command.__file__, "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert "Example: .venv/bin/python scripts/cluster_day_shapes.py --k 16" in done.stdout
