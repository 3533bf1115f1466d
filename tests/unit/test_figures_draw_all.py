"""Drawing of whole figures from small hand-made warehouses: which files are made, and that they are sound."""

import subprocess
import sys
import warnings
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from PIL import Image

import draw_figures as command
from peakwise.errors import UnusableInput
from peakwise.figures import draw_all, segment_count, segment_load_shapes, system_load, target_curve
from peakwise.figures.segments import read_segments
from peakwise.warehouse import connect

HOURS = [f"hour_{hour:02d}_kw" for hour in range(24)]
SEGMENT_FIGURES = ["segment_load_shapes.png", "segment_count.png", "segment_sizes.png"]
ALL_FIGURES = [*SEGMENT_FIGURES, "system_load.png", "target_curve.png"]


def make_marts(connection):
    connection.execute("create schema marts")
    hours = ", ".join(f"{hour} double" for hour in HOURS)
    for table in (
        f"""fct_customer_load_profile (customer_key integer, season varchar, day_type varchar, {hours})""",
        "fct_customer_segment (customer_key integer, segment_id smallint)",
        """dim_segment (run_id varchar, segment_id smallint, segment_name varchar, customer_class varchar,
            season varchar, day_type varchar, standardisation varchar, customers integer, descriptive_only boolean)""",
        """mart_segment_summary (segment_id smallint, customers integer, customer_fraction double, energy_fraction double,
            peak_window_fraction double, mean_peak_window_kw double)""",
        """mart_system_peak (season varchar, is_peak_season boolean, peak_window_start_hour smallint,
            peak_window_end_hour smallint)""",
        """fct_system_load_hourly (hour_start_at timestamp, local_date date, local_hour smallint, system_kw decimal(18, 9),
            overall_peak_day_rank integer)""",
        """mart_dr_targets (customer_class varchar, rank integer, expected_kw double, cumulative_kw double,
            is_eligible boolean, is_target boolean, flexible_fraction double)""",
    ):
        connection.execute(f"create table marts.{table}")


def add_customers(connection, customers, classes):
    """Profiles, and target lists of a tenth of each class."""
    shares = ", ".join(
        f"(1 + cos(({hour} - 18 + customer_key % 5) / 4.0)) / (1 + customer_key % 7)" for hour in range(24)
    )
    connection.execute(f"""
        insert into marts.fct_customer_load_profile
        select customer_key, 'all', 'all', {shares} from range({customers}) as customers (customer_key)
    """)
    connection.execute(
        """
        insert into marts.mart_dr_targets
        with ranked as (
            select
                $classes[1 + customer_key % len($classes)] as customer_class,
                row_number() over (partition by customer_key % len($classes) order by customer_key) as rank,
                1 / (1 + rank / 50) as expected_kw
            from range($customers) as customers (customer_key)
        )
        select
            customer_class,
            rank,
            expected_kw,
            sum(expected_kw) over (partition by customer_class order by rank),
            true,
            rank <= ceil(0.1 * count(*) over (partition by customer_class)),
            0.06
        from ranked
        """,
        {"classes": list(classes), "customers": customers},
    )


def add_segments(connection, customers, classes, segments_of_class, *, descriptive_only, known_peak=True):
    number = 0
    for class_number, customer_class in enumerate(classes):
        connection.execute(
            """
            insert into ml.segment_runs by name
            select 'run' as run_id, $customer_class as customer_class, $k as k, $customers as customers,
                $descriptive_only as descriptive_only, 'daily_share' as standardisation
            """,
            {
                "customer_class": customer_class,
                "k": segments_of_class,
                "customers": customers // len(classes),
                "descriptive_only": descriptive_only,
            },
        )
        for k in range(1, min(8, customers) + 1):
            silhouette = None if k == 1 else 0.4 / k
            connection.execute(
                "insert into ml.segment_k_diagnostics values ('run', $1, $2, $3, $4, $5, $4, 0.1)",
                [customer_class, k, 10 / k, silhouette, 11 / k],
            )
        for segment in range(segments_of_class):
            number += 1
            name = f"Evening peak, top at {17 + segment % 6}:00"
            share = 1 / (len(classes) * segments_of_class)
            connection.execute(
                "insert into marts.dim_segment values ('run', $1, $2, $3, 'all', 'all', 'daily_share', $4, $5)",
                [number, name, customer_class, max(1, int(customers * share)), descriptive_only],
            )
            peak = (share * (1 + number % 2), 0.8) if known_peak else (None, None)
            connection.execute(
                "insert into marts.mart_segment_summary values ($1, $2, $3, $3, $4, $5)",
                [number, max(1, int(customers * share)), share, *peak],
            )
            connection.execute(
                """
                insert into marts.fct_customer_segment
                select customer_key, $1 from range($2) as customers (customer_key)
                where customer_key % $3 = $4 and customer_key // $3 % $5 = $6
                """,
                [number, customers, len(classes), class_number, segments_of_class, segment],
            )


def add_system_load(connection, days):
    start = date(2025, 11, 20)
    rows = []
    for day in range(days):
        local_date = start + timedelta(days=day)
        rank = (day % 31) // 3 + 1 if day % 31 < 30 and day % 3 == 0 and day < 31 else None
        for hour in range(24):
            kw = 900 + 300 * np.sin((hour - 12) / 4) + (200 if rank else 0) + day % 7
            rows.append((datetime(local_date.year, local_date.month, local_date.day, hour), local_date, hour, kw, rank))
    connection.executemany("insert into marts.fct_system_load_hourly values (?, ?, ?, ?, ?)", rows)


@pytest.fixture
def warehouse(tmp_path):
    """A function that makes a warehouse file of the wanted size."""

    def make(
        *, customers=120, classes=("residential",), segments_of_class=3, days=20, descriptive_only=True,
        peak_window=(17, 21), known_peak=True,
    ):  # fmt: skip
        path = tmp_path / "peakwise.duckdb"
        with connect(path) as connection:
            make_marts(connection)
            connection.execute("begin")
            add_customers(connection, customers, classes)
            if segments_of_class:
                add_segments(
                    connection, customers, classes, segments_of_class,
                    descriptive_only=descriptive_only, known_peak=known_peak,
                )  # fmt: skip
            add_system_load(connection, days)
            connection.execute("insert into marts.mart_system_peak values ('winter', true, $1, $2)", list(peak_window))
            connection.execute("commit")
        return path

    return make


def drawn(path, folder):
    """Names of the figures, each looked at: no warnings, the right width, not blank."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files = draw_all(path, folder)
    for file in files:
        with Image.open(file) as image:
            assert image.format == "PNG"
            assert image.width == 1350
            assert 300 < image.height < 20_000
            assert len(set(image.convert("L").resize((300, 200)).get_flattened_data())) > 20
    assert sorted(path.name for path in folder.iterdir()) == sorted(file.name for file in files)
    return [file.name for file in files]


def test_all_figures_are_drawn_and_the_same_warehouse_gives_the_same_bytes(warehouse, tmp_path):
    path = warehouse(customers=700)
    assert drawn(path, tmp_path / "new" / "first") == ALL_FIGURES
    assert drawn(path, tmp_path / "second") == ALL_FIGURES
    for name in ALL_FIGURES:
        assert (tmp_path / "new" / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_customers_without_segments_give_no_segment_figures_and_remove_stale_ones(warehouse, tmp_path):
    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / "segment_sizes.png").write_bytes(b"of an earlier run")
    assert drawn(warehouse(segments_of_class=0), folder) == ["system_load.png", "target_curve.png"]


def test_one_customer_is_drawn(warehouse, tmp_path):
    path = warehouse(customers=1, segments_of_class=1, days=2)
    assert drawn(path, tmp_path / "figures") == [name for name in ALL_FIGURES if name != "segment_count.png"]


def test_an_unknown_peak_window_and_unknown_peak_load_are_drawn(warehouse, tmp_path):
    path = warehouse(peak_window=(None, None), known_peak=False, descriptive_only=False)
    assert drawn(path, tmp_path / "figures") == ALL_FIGURES


def test_classes_and_segments_beyond_the_most_are_left_out(warehouse, tmp_path, monkeypatch):
    monkeypatch.setattr("peakwise.figures.segments.MOST_SEGMENTS", 5)
    monkeypatch.setattr("peakwise.figures.segment_count.MOST_CLASSES", 2)
    monkeypatch.setattr("peakwise.figures.target_curve.MOST_CLASSES", 2)
    classes = [
        f"large industrial and $agricultural$ customers_of_tariff_{number}_with_interruptible_supply"
        for number in "abc"
    ]
    path = warehouse(classes=classes, customers=90, segments_of_class=2)
    assert drawn(path, tmp_path / "figures") == ALL_FIGURES
    with connect(path, read_only=True) as connection:
        found = read_segments(connection)
        assert (len(found.drawn), found.left_out) == (5, 1)
        assert segment_count.read(connection).left_out == 1
        assert target_curve.read(connection).left_out == 1


def test_curves_of_many_customers_are_thinned_and_keep_both_ends(warehouse):
    with connect(warehouse(customers=5000, segments_of_class=0, days=1), read_only=True) as connection:
        (curve,) = target_curve.read(connection).drawn
        shapes_of_nobody = segment_load_shapes.read(connection)
    assert shapes_of_nobody is None
    assert (curve.eligible_customers, curve.targets) == (5000, 500)
    assert len(curve.points) <= target_curve.POINTS_OF_A_CURVE + 2
    assert curve.points[0] == (0, 0.0)
    assert curve.points[-1] == (5000, curve.eligible_kw)


def test_the_bold_line_is_the_mean_of_all_customers_not_of_the_sample(warehouse):
    with connect(warehouse(customers=700, segments_of_class=1, days=1), read_only=True) as connection:
        shapes = segment_load_shapes.read(connection)
        columns = ", ".join(HOURS)
        profiles = np.array(connection.execute(f"select {columns} from marts.fct_customer_load_profile").fetchall())
    expected = (100 * profiles / profiles.sum(axis=1, keepdims=True)).mean(axis=0)
    assert shapes.samples[1].shape == (segment_load_shapes.MOST_CUSTOMERS_DRAWN, 24)
    np.testing.assert_allclose(shapes.means[1], expected, rtol=1e-9)


def test_days_with_missing_hours_are_no_daily_peaks(warehouse):
    path = warehouse(days=5, segments_of_class=0)
    with connect(path) as connection:
        connection.execute(
            "delete from marts.fct_system_load_hourly where local_date = '2025-11-21' and local_hour > 3"
        )
        assert [day.day for day, _, _ in system_load.read(connection).daily_peaks] == [20, 22, 23, 24]
        connection.execute("delete from marts.fct_system_load_hourly where local_hour > 3")
        assert len(system_load.read(connection).daily_peaks) == 5


def test_an_empty_warehouse_draws_nothing(tmp_path):
    path = tmp_path / "peakwise.duckdb"
    with connect(path) as connection:
        make_marts(connection)
    assert drawn(path, tmp_path / "figures") == []


def test_a_warehouse_without_marts_is_refused(tmp_path):
    path = tmp_path / "peakwise.duckdb"
    with connect(path):
        pass
    with pytest.raises(UnusableInput, match="holds no marts"):
        draw_all(path, tmp_path / "figures")


def test_a_folder_that_cannot_be_made_is_refused(warehouse, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UnusableInput, match="cannot be written"):
        draw_all(warehouse(segments_of_class=0), tmp_path / "taken")


def test_importing_the_package_does_not_import_matplotlib():
    code = "import sys, peakwise.figures; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_the_command_lists_what_it_drew(warehouse, tmp_path, monkeypatch, capsys):
    path = warehouse(segments_of_class=0)
    monkeypatch.setattr(sys, "argv", ["draw_figures.py", "--warehouse", str(path), "--folder", str(tmp_path / "out")])
    assert command.main() == 0
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "out" / name) for name in ALL_FIGURES[3:]]


def test_the_command_ends_with_2_without_a_warehouse(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["draw_figures.py", "--warehouse", str(tmp_path / "none.duckdb")])
    assert command.main() == 2
    assert "There is no warehouse" in capsys.readouterr().err
