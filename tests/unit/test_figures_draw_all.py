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
from peakwise.figures import (
    draw_all,
    load_heatmap,
    segment_churn,
    segment_count,
    segment_load_shapes,
    segment_profiles,
    segment_seasons,
    system_load,
    target_curve,
)
from peakwise.figures.segments import read_segments
from peakwise.warehouse import connect

HOURS = [f"hour_{hour:02d}_kw" for hour in range(24)]
SEGMENT_FIGURES = [
    "segment_load_shapes.png",
    "segment_profiles.png",
    "segment_sizes.png",
    "segment_count.png",
    "segment_silhouettes.png",
    "segment_seasons.png",
    "segment_churn.png",
]
SYSTEM_FIGURES = ["load_heatmap.png", "system_load.png", "target_curve.png"]
ALL_FIGURES = [*SEGMENT_FIGURES, "day_shapes.png", *SYSTEM_FIGURES]
OF_SEVERAL_SEGMENTS = {"segment_count.png", "segment_silhouettes.png", "segment_seasons.png"}


def make_marts(connection):
    connection.execute("create schema marts")
    hours_kw = ", ".join(f"{hour} double" for hour in HOURS)
    hours = ", ".join(f"hour_{hour:02d} double" for hour in range(24))
    for table in (
        f"""fct_customer_load_profile (customer_key integer, season varchar, day_type varchar, shape_reason varchar,
            {hours_kw})""",
        """fct_customer_segment (run_id varchar, customer_key integer, segment_id smallint, is_outlier boolean,
            silhouette double)""",
        """dim_segment (run_id varchar, segment_id smallint, is_current boolean, segment_name varchar,
            customer_class varchar, profile_set varchar, standardisation varchar, customers integer,
            descriptive_only boolean, k_reason varchar, silhouette double, null_silhouette_mean double, program varchar,
            advice_reason varchar)""",
        """fct_segment_centroid (run_id varchar, segment_id smallint, season varchar, day_type varchar)""",
        """fct_segment_k_diagnostics (run_id varchar, customer_class varchar, k smallint, inertia double,
            null_inertia double, silhouette double, null_silhouette double, davies_bouldin double,
            calinski_harabasz double, clustering_dispersion double, mean_index_adequacy double, stability double,
            smallest_segment_fraction double, is_admissible boolean, mean_rank double)""",
        """mart_segment_churn (run_id varchar, status varchar, purpose varchar, customer_class varchar,
            from_segment_id smallint, from_segment_name varchar, to_segment_id smallint, to_segment_name varchar,
            customers integer)""",
        """mart_customer_segment_by_season (customer_key integer, season varchar, day_type varchar,
            year_segment_id smallint, segment_id smallint, changes_shape boolean)""",
        """fct_segment_load_monthly (run_id varchar, segment_id smallint, local_month date, local_hour smallint,
            kw double)""",
        """mart_segment_summary (segment_id smallint, customers integer, former_customers integer,
            customer_fraction double, energy_fraction double, peak_window_fraction double, mean_peak_window_kw double)""",
        f"dim_day_shape (day_shape_id smallint, day_shape_name varchar, day_fraction double, {hours})",
        "mart_customer_day_shapes (customer_key integer, has_enough_days boolean, entropy_bits double)",
        """mart_system_peak (season varchar, is_peak_season boolean, peak_window_start_hour smallint,
            peak_window_end_hour smallint)""",
        """fct_system_load_hourly (hour_start_at timestamp, local_date date, local_month date, local_hour smallint,
            system_kw decimal(18, 9), overall_peak_day_rank integer)""",
        """mart_dr_targets (customer_class varchar, rank integer, expected_kw double, cumulative_kw double,
            is_eligible boolean, is_target boolean, flexible_fraction double)""",
    ):
        connection.execute(f"create table marts.{table}")


def add_customers(connection, customers, classes):
    """Profiles of all days, of weekends and of winter, and target lists of a tenth of each class."""
    shares = ", ".join(
        f"(1 + cos(({hour} - 18 + customer_key % 5 + days.later) / 4.0)) / (1 + customer_key % 7)" for hour in range(24)
    )
    connection.execute(f"""
        insert into marts.fct_customer_load_profile
        select customer_key, days.season, days.day_type, null, {shares}
        from range({customers}) as customers (customer_key)
        cross join (
            values ('all', 'all', 0), ('all', 'weekday', 0), ('all', 'weekend', 2), ('winter', 'all', 1), ('monsoon', 'all', 3)
        ) as days (season, day_type, later)
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


def add_segments(
    connection, customers, classes, segments_of_class, *, descriptive_only, known_peak=True, parts=(("all", "all"),)
):
    """The run in use, with its diagnostics, and what follows from it; a retired run is in the way."""
    connection.execute(
        "insert into marts.dim_segment by name select 'old' as run_id, 1 as segment_id, false as is_current"
    )
    number = 0
    for class_number, customer_class in enumerate(classes):
        for k in range(1, min(8, customers) + 1):
            connection.execute(
                """
                insert into marts.fct_segment_k_diagnostics
                select 'run', $class, $k, 10 / $k, 11 / $k, if($k = 1, null, 0.4 / $k), if($k = 1, null, 0.3 / $k),
                    if($k = 1, null, 2 - $k / 10), if($k = 1, null, 100 / $k), if($k = 1, null, 1 / $k), 1 / $k,
                    if($k = 1, null, 0.9), 1 / $k, $admissible, if($admissible, $k, null)
                """,
                {"class": customer_class, "k": k, "admissible": not descriptive_only and k in (2, 3)},
            )
        for segment in range(segments_of_class):
            number += 1
            name = f"Evening peak, top at {17 + segment % 6}:00"
            share = 1 / (len(classes) * segments_of_class)
            size = max(1, int(customers * share))
            connection.execute(
                """
                insert into marts.dim_segment
                select 'run', $number, true, $name, $class, $profile_set, 'daily_share', $size, $descriptive_only,
                    'k is 3, as given.', if($k = 1, null, 0.3), if($k = 1, null, 0.2),
                    if($descriptive_only, null, 'Peak-time rebate'), if($descriptive_only, 'no program: no groups', null)
                """,
                {
                    "number": number,
                    "name": name,
                    "class": customer_class,
                    "profile_set": " + ".join("/".join(part) for part in parts),
                    "size": size,
                    "descriptive_only": descriptive_only,
                    "k": segments_of_class,
                },
            )
            for season, day_type in parts:
                connection.execute(
                    "insert into marts.fct_segment_centroid values ('run', $1, $2, $3)", [number, season, day_type]
                )
            peak = (share * (1 + number % 2), 0.8) if known_peak else (None, None)
            connection.execute(
                "insert into marts.mart_segment_summary values ($1, $2 - $3, $3, $4, $4, $5, $6)",
                [number, size, size // 10, share, *peak],
            )
            connection.execute(
                """
                insert into marts.fct_customer_segment
                select 'run', customer_key, $1, customer_key % 40 = 39, if($5 = 1, null, (customer_key % 10 - 1) / 10)
                from range($2) as customers (customer_key)
                where customer_key % $3 = $4 and customer_key // $3 % $5 = $6
                """,
                [number, customers, len(classes), class_number, segments_of_class, segment],
            )
            connection.execute(
                """
                insert into marts.mart_segment_churn
                select 'run', 'accepted', 'targeting', $class, $number, $name, later, 'Flat, top at 3:00', customers
                from (values ($number, 20), ($number + 1, 3)) as moves (later, customers)
                """,
                {"class": customer_class, "number": number, "name": name},
            )
    # In summer, every tenth customer moves to the next segment of the same class.
    connection.execute(
        """
        insert into marts.mart_customer_segment_by_season
        select
            customer_key,
            season,
            'all',
            segment_id,
            segment_id + if(season = 'summer' and customer_key % 10 = 0 and segment_id % $1 != 0, 1, 0) as nearest,
            nearest != segment_id
        from marts.fct_customer_segment
        cross join (values ('winter'), ('summer')) as seasons (season)
        """,
        [segments_of_class],
    )
    connection.execute("""
        insert into marts.fct_segment_load_monthly
        select run_id, segment_id, date '2025-11-01' + to_months(later::integer), hour, segment_id + hour / 24
        from marts.dim_segment
        cross join range(2) as months (later)
        cross join range(24) as hours (hour)
        where is_current
    """)


def add_day_shapes(connection, customers):
    hours = ", ".join(f"(1 + cos(({hour} - 18 + 6 * shape) / 4.0)) / 24" for hour in range(24))
    connection.execute(f"""
        insert into marts.dim_day_shape
        select shape, 'Evening peak, top at ' || shape || ':00', 1 / 6, {hours} from range(6) as shapes (shape)
    """)
    connection.execute(
        "insert into marts.mart_customer_day_shapes select key, true, log2(1 + key % 6) from range($1) as customers (key)",
        [customers],
    )


def add_system_load(connection, days):
    start = date(2025, 11, 20)
    rows = []
    for day in range(days):
        local_date = start + timedelta(days=day)
        rank = (day % 31) // 3 + 1 if day % 31 < 30 and day % 3 == 0 and day < 31 else None
        for hour in range(24):
            kw = 900 + 300 * np.sin((hour - 12) / 4) + (200 if rank else 0) + day % 7
            start_at = datetime(local_date.year, local_date.month, local_date.day, hour)
            rows.append((start_at, local_date, local_date.replace(day=1), hour, kw, rank))
    connection.executemany("insert into marts.fct_system_load_hourly values (?, ?, ?, ?, ?, ?)", rows)


@pytest.fixture
def warehouse(tmp_path):
    """A function that makes a warehouse file of the wanted size."""

    def make(
        *, customers=120, classes=("residential",), segments_of_class=3, days=20, descriptive_only=True,
        peak_window=(17, 21), known_peak=True, parts=(("all", "all"),),
    ):  # fmt: skip
        path = tmp_path / "peakwise.duckdb"
        with connect(path) as connection:
            make_marts(connection)
            connection.execute("begin")
            add_customers(connection, customers, classes)
            if segments_of_class:
                add_segments(
                    connection, customers, classes, segments_of_class,
                    descriptive_only=descriptive_only, known_peak=known_peak, parts=parts,
                )  # fmt: skip
                add_day_shapes(connection, customers)
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
    assert drawn(warehouse(segments_of_class=0), folder) == SYSTEM_FIGURES


def test_one_customer_is_drawn(warehouse, tmp_path):
    path = warehouse(customers=1, segments_of_class=1, days=2)
    assert drawn(path, tmp_path / "figures") == [name for name in ALL_FIGURES if name not in OF_SEVERAL_SEGMENTS]


def test_an_unknown_peak_window_and_unknown_peak_load_are_drawn(warehouse, tmp_path):
    path = warehouse(peak_window=(None, None), known_peak=False, descriptive_only=False)
    assert drawn(path, tmp_path / "figures") == ALL_FIGURES


def test_classes_and_segments_beyond_the_most_are_left_out(warehouse, tmp_path, monkeypatch):
    monkeypatch.setattr("peakwise.figures.segments.MOST_SEGMENTS", 5)
    for theme in ("segment_count", "segment_silhouettes", "segment_churn"):
        monkeypatch.setattr(f"peakwise.figures.{theme}.MOST_CLASSES", 2)
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


def test_the_bold_line_is_the_mean_of_all_usual_customers_not_of_the_sample(warehouse):
    with connect(warehouse(customers=700, segments_of_class=1, days=1), read_only=True) as connection:
        shapes = segment_load_shapes.read(connection)
        columns = ", ".join(HOURS)
        profiles = np.array(
            connection.execute(f"""
                select {columns} from marts.fct_customer_load_profile
                where season = 'all' and day_type = 'all' and customer_key % 40 != 39
            """).fetchall()
        )
    expected = (100 * profiles / profiles.sum(axis=1, keepdims=True)).mean(axis=0)
    assert shapes.samples[1].shape == (segment_load_shapes.MOST_CUSTOMERS_DRAWN, 24)
    np.testing.assert_allclose(shapes.means[1], expected, rtol=1e-9)
    assert shapes.segments.outlier_note.startswith("17 customers of unusual shape")


def test_several_profiles_of_a_customer_are_drawn_as_their_mean(warehouse):
    parts = (("all", "weekday"), ("all", "weekend"))
    with connect(warehouse(customers=1, segments_of_class=1, days=1, parts=parts), read_only=True) as connection:
        shapes = segment_load_shapes.read(connection)
        columns = ", ".join(HOURS)
        weekday, weekend = np.array(
            connection.execute(f"""
                select {columns} from marts.fct_customer_load_profile
                where season = 'all' and day_type in ('weekday', 'weekend')
                order by day_type
            """).fetchall()
        )
    expected = 50 * (weekday / weekday.sum() + weekend / weekend.sum())
    np.testing.assert_allclose(shapes.means[1], expected, rtol=1e-9)
    assert shapes.segments.profile_days == "all weekdays and all weekend days"


def test_bands_are_quantiles_of_usual_customers_with_a_shape_in_the_order_of_the_days(warehouse):
    path = warehouse(customers=200, segments_of_class=1, days=1)
    with connect(path) as connection:
        connection.execute("""
            update marts.fct_customer_load_profile set shape_reason = 'too few good days'
            where season = 'winter' and customer_key >= 100
        """)
        profiles = segment_profiles.read(connection)
        columns = ", ".join(HOURS)
        winter = np.array(
            connection.execute(f"""
                select {columns} from marts.fct_customer_load_profile
                where season = 'winter' and customer_key < 100 and customer_key % 40 != 39
            """).fetchall()
        )
    assert profiles.days == [("all", "weekday"), ("all", "weekend"), ("winter", "all"), ("monsoon", "all")]
    band = profiles.bands[1, "winter", "all"]
    assert band.customers == 98
    shares = 100 * winter / winter.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(band.quantiles, np.quantile(shares, [0.1, 0.5, 0.9], axis=0), rtol=1e-9)


def test_profiles_without_weekends_or_seasons_draw_what_there_is(warehouse, tmp_path):
    path = warehouse()
    with connect(path) as connection:
        connection.execute("delete from marts.fct_customer_load_profile where season != 'all' or day_type = 'weekend'")
        assert segment_profiles.read(connection).days == [("all", "weekday")]
    assert drawn(path, tmp_path / "first") == ALL_FIGURES
    with connect(path) as connection:
        connection.execute("delete from marts.fct_customer_load_profile where day_type = 'weekday'")
    assert "segment_profiles.png" not in drawn(path, tmp_path / "second")


def test_customers_count_as_changed_only_when_another_segment_is_clearly_nearer(warehouse):
    path = warehouse(customers=120, segments_of_class=3)
    with connect(path) as connection:
        connection.execute("""
            update marts.mart_customer_segment_by_season set segment_id = 3, changes_shape = false where season = 'winter'
        """)
        seasons = segment_seasons.read(connection)
    assert list(seasons.customers) == ["winter", "summer"]
    np.testing.assert_array_equal(seasons.customers["winter"], np.diag([40, 40, 40]))
    np.testing.assert_array_equal(seasons.customers["summer"], [[36, 4, 0], [0, 36, 4], [0, 0, 40]])


def test_the_newest_comparison_is_drawn(warehouse):
    path = warehouse(customers=120, segments_of_class=2)
    with connect(path) as connection:
        connection.execute("""
            insert into marts.mart_segment_churn
            select 'run_2', 'candidate', purpose, customer_class, 1, from_segment_name, 9, to_segment_name, 7
            from marts.mart_segment_churn
            limit 1
        """)
        connection.execute("insert into marts.mart_segment_churn by name select 'run_3' as run_id, 'season' as purpose")
        churn = segment_churn.read(connection)
    assert churn.is_candidate
    assert [found.customers for found in churn.classes] == [{(1, 9): 7}]


def test_months_of_few_hours_at_the_ends_are_not_drawn(warehouse):
    path = warehouse(days=5, segments_of_class=0)
    with connect(path) as connection:
        connection.execute("""
            insert into marts.fct_system_load_hourly by name
            select local_month + to_months(months) as local_month, local_hour, 1 as system_kw
            from marts.fct_system_load_hourly
            cross join (values (-1), (2), (3)) as others (months)
            where months = 2 or local_hour = 23
        """)
        loads = load_heatmap.read(connection)
    assert [month.month for month in loads.months] == [11, 1]
    assert loads.system_kw.shape == (2, 24)


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
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "out" / name) for name in SYSTEM_FIGURES]


def test_the_command_ends_with_2_without_a_warehouse(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["draw_figures.py", "--warehouse", str(tmp_path / "none.duckdb")])
    assert command.main() == 2
    assert "There is no warehouse" in capsys.readouterr().err
