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
from peakwise.segmentation import (
    SegmentationSettings,
    accept_candidates,
    assign_new_customers,
    profile_choice,
    segment_customers,
)
from peakwise.segmentation.profile_sets import CHOICES, DEFAULT_CHOICE
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
    connection.execute("create or replace table intermediate.int_profiles_standardized as from profile_rows")
    connection.execute("""
        create or replace table intermediate.int_customer_days_assessed as
        select * from (values (date '2025-01-01', 'incomplete'), (date '2025-01-02', null), (date '2025-12-30', null),
                              (date '2025-12-31', 'outage')) as days (local_date, quality_reason)
    """)
    connection.execute("create schema if not exists marts")
    connection.execute("""
        create or replace table marts.dim_customer as
        select distinct customer_key, customer_class from intermediate.int_profiles_standardized
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
    [summary] = segment_customers(path, created_at=MORNING)
    [found] = summary.classes
    window = (date(2025, 1, 2), date(2025, 12, 30))
    assert (found.customer_class, found.k, found.customers) == ("unclassified", 3, 90)
    assert found.sizes == {1: 30, 2: 30, 3: 30}
    assert not found.descriptive_only
    assert (summary.profile_set, summary.standardisation, summary.is_accepted) == ("all/all", "daily_share", True)
    assert answer(
        path,
        """
        select run_id, created_at, status, accepted_at, compared_run_id, purpose, profile_set, standardisation,
            algorithm, k, k_reason, seed, customers, outliers, descriptive_only, verdict,
            first_usage_date, last_usage_date, silhouette
        from ml.segment_runs
        """,
    ) == [
        (
            summary.run_id,
            datetime(2026, 3, 1, 8),
            "accepted",
            datetime(2026, 3, 1, 8),
            None,
            "targeting",
            "all/all",
            "daily_share",
            "kmeans",
            3,
            "k is 3, as given.",
            7,
            90,
            0,
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
        (k, k == 1) for k in range(1, 13)
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
    [summary] = segment_customers(path, created_at=MORNING)
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
    [summary] = segment_customers(warehouse(rows))
    farm, rest = summary.classes
    assert (farm.customer_class, farm.k, list(farm.sizes)) == ("farm", 2, [1, 2])
    assert "It is 2 instead of 3: 25 customers" in farm.k_reason
    assert list(rest.sizes) == [3, 4, 5]


def test_older_runs_stay(warehouse):
    path = warehouse(profile_rows(60))
    [first] = segment_customers(path, created_at=MORNING)
    [second] = segment_customers(path, SegmentationSettings(k=2), created_at=EVENING)
    assert answer(path, "select run_id, k, status from ml.segment_runs order by created_at") == [
        (first.run_id, 3, "accepted"),
        (second.run_id, 2, "candidate"),
    ]
    assert answer(path, "select run_id, count(*) from ml.segment_assignments group by 1 order by 1") == [
        (first.run_id, 60),
        (second.run_id, 60),
    ]


def test_a_refit_keeps_the_numbers_of_segments_that_it_recognises(warehouse):
    path = warehouse(profile_rows(90))
    segment_customers(path, SegmentationSettings(k=2), created_at=MORNING)
    before = dict(answer(path, "select customer_key % 3, min(segment_id) from ml.segment_assignments group by 1"))
    [refit] = segment_customers(path, SegmentationSettings(k=3), created_at=EVENING)
    after = dict(
        answer(
            path,
            f"select customer_key % 3, min(segment_id) from ml.segment_assignments "
            f"where run_id = '{refit.run_id}' group by 1",
        )
    )
    alone = next(kind for kind in range(3) if list(before.values()).count(before[kind]) == 1)
    assert after[alone] == before[alone]
    assert len(set(after.values())) == 3
    assert refit.compared_run_id is not None


def test_segments_of_other_profiles_get_numbers_never_used(warehouse):
    rows = pyarrow.concat_tables([profile_rows(60), profile_rows(60, day_type="weekday")])
    path = warehouse(rows)
    segment_customers(path, created_at=MORNING)
    [other] = segment_customers(path, choice=profile_choice("all/weekday"), created_at=EVENING)
    assert list(other.classes[0].sizes) == [4, 5, 6]
    assert (other.is_accepted, other.compared_run_id) == (False, None)


def test_accepting_a_candidate_retires_the_run_in_use(warehouse):
    path = warehouse(profile_rows(60))
    [first] = segment_customers(path, created_at=MORNING)
    [second] = segment_customers(path, SegmentationSettings(k=2), created_at=EVENING)
    accepted = accept_candidates(path, accepted_at=EVENING)
    assert (accepted.run_ids, accepted.retired_run_ids) == ([second.run_id], [first.run_id])
    assert answer(path, "select run_id, status, accepted_at from ml.segment_runs order by created_at") == [
        (first.run_id, "retired", datetime(2026, 3, 1, 8)),
        (second.run_id, "accepted", datetime(2026, 3, 1, 20)),
    ]
    with pytest.raises(UnusableInput, match="No segmentation waits for a decision"):
        accept_candidates(path)
    # The way back is to accept the former run by its name.
    assert accept_candidates(path, first.run_id).retired_run_ids == [second.run_id]


def test_a_newer_candidate_takes_the_place_of_an_older_one(warehouse):
    path = warehouse(profile_rows(60))
    for k, hour in ((3, 8), (2, 9), (4, 10)):
        segment_customers(path, SegmentationSettings(k=k), created_at=MORNING.replace(hour=hour))
    assert answer(path, "select k, status from ml.segment_runs order by created_at") == [
        (3, "accepted"),
        (2, "retired"),
        (4, "candidate"),
    ]


def test_a_run_that_is_not_there_or_in_use_already_cannot_be_accepted(warehouse):
    path = warehouse(profile_rows(60))
    [first] = segment_customers(path, created_at=MORNING)
    with pytest.raises(UnusableInput, match=f"The newest runs are: {first.run_id}"):
        accept_candidates(path, "nonsense")
    with pytest.raises(UnusableInput, match="in use already"):
        accept_candidates(path, first.run_id)
    with pytest.raises(UnusableInput, match="There is no warehouse"):
        accept_candidates(path.with_name("nowhere.duckdb"))


def test_several_profiles_make_one_vector_and_one_centroid_part_each(warehouse):
    rows = pyarrow.concat_tables([profile_rows(60, day_type="weekday"), profile_rows(45, day_type="weekend")])
    path = warehouse(rows)
    [summary] = segment_customers(path, choice=profile_choice("weekday-weekend"), created_at=MORNING)
    assert (summary.profile_set, summary.customers) == ("all/weekday + all/weekend", 45)
    assert answer(
        path,
        "select day_type, count(*), round(sum(hour_00 + hour_23) , 9) > 0 from ml.segment_centroids group by 1 order by 1",
    ) == [
        ("weekday", 3, True),
        ("weekend", 3, True),
    ]
    distance = " + ".join(f"power(profiles.{hour} - centroids.{hour}, 2)" for hour in HOUR_COLUMNS)
    assert answer(
        path,
        f"""
        select max(abs(parts.distance - assignments.distance)) < 1e-12 from (
            select customer_key, sqrt(sum({distance})) as distance
            from intermediate.int_profiles_standardized as profiles
            join ml.segment_assignments using (customer_key)
            join ml.segment_centroids as centroids using (segment_id, season, day_type)
            group by 1
        ) as parts join ml.segment_assignments as assignments using (customer_key)
        """,
    ) == [(True,)]


def test_each_season_has_runs_of_its_own_that_are_not_for_targeting(warehouse):
    rows = pyarrow.concat_tables(
        [profile_rows(60), *(profile_rows(60, season=season) for season in ("winter", "summer"))]
    )
    path = warehouse(rows)
    segment_customers(path, created_at=MORNING)
    summaries = segment_customers(path, choice=profile_choice("each-season"), created_at=EVENING)
    assert [(summary.profile_set, summary.is_accepted) for summary in summaries] == [
        ("winter/all", True),
        ("summer/all", True),
    ]
    assert answer(path, "select purpose, profile_set, status from ml.segment_runs order by all") == [
        ("season", "summer/all", "accepted"),
        ("season", "winter/all", "accepted"),
        ("targeting", "all/all", "accepted"),
    ]


def test_unusual_customers_lie_in_the_nearest_segment_without_shaping_it(warehouse):
    rows = profile_rows(200)
    lonely = {f"hour_{hour:02d}": 0.5 if hour in (5, 14) else 0.0 for hour in range(24)}
    columns = rows.to_pylist()
    columns[17].update(lonely)
    path = warehouse(pyarrow.Table.from_pylist(columns, schema=rows.schema))
    [summary] = segment_customers(path, created_at=MORNING)
    assert summary.classes[0].outliers == 1
    assert answer(
        path,
        "select customer_key, was_fitted, outlier_factor > 1.5, silhouette from ml.segment_assignments where is_outlier",
    ) == [(17, False, True, None)]
    [kept] = segment_customers(path, SegmentationSettings(screens_outliers=False), created_at=EVENING)
    assert kept.classes[0].outliers == 0
    assert answer(
        path,
        f"select bool_and(was_fitted), count(outlier_factor) from ml.segment_assignments where run_id = '{kept.run_id}'",
    ) == [(True, 0)]


def test_new_customers_get_the_nearest_segment_in_use(warehouse):
    path = warehouse(profile_rows(60))
    [first] = segment_customers(path, created_at=MORNING)
    segment_customers(path, SegmentationSettings(k=2), created_at=EVENING)
    with connect(path) as connection:
        fill(connection, profile_rows(90))
    assigned = assign_new_customers(path)
    assert (assigned.run_id, assigned.new_customers, assigned.customers) == (first.run_id, 30, 90)
    assert (
        answer(
            path,
            f"""
        select count(distinct segment_id), count(*) from ml.segment_assignments
        where run_id = '{first.run_id}' group by customer_key % 3
        """,
        )
        == [(1, 30)] * 3
    )


CLASSES = """
    select assignments.customer_key, centroids.customer_class, assignments.segment_id, assignments.was_fitted
    from ml.segment_assignments as assignments
    inner join ml.segment_centroids as centroids using (run_id, segment_id) order by 1
"""


def reclassified(rows, classes):
    """The same shapes, of customers of whom some have another class: {customer_key: class}."""
    columns = rows.to_pylist()
    for row in columns:
        row["customer_class"] = classes.get(row["customer_key"], row["customer_class"])
    return pyarrow.Table.from_pylist(columns, schema=rows.schema)


def test_who_changes_class_gets_the_nearest_segment_of_the_new_class(warehouse):
    rows = profile_rows(120, classes=("home", "shop"))
    path = warehouse(rows)
    segment_customers(path, created_at=MORNING)
    before = {row[0]: row for row in answer(path, CLASSES)}
    like_them = {row[0] % 3: row[2] for row in before.values() if row[1] == "shop"}
    with connect(path) as connection:
        fill(connection, reclassified(rows, {0: "shop", 2: "shop", 4: "shop"}))
    assigned = assign_new_customers(path)
    assert (assigned.customers, assigned.new_customers, assigned.changed_class) == (120, 0, 3)
    after = {row[0]: row for row in answer(path, CLASSES)}
    assert [after[key] for key in (0, 2, 4)] == [(key, "shop", like_them[key % 3], False) for key in (0, 2, 4)]
    assert {key: row for key, row in after.items() if key not in (0, 2, 4)} == {
        key: row for key, row in before.items() if key not in (0, 2, 4)
    }
    again = assign_new_customers(path)
    assert (again.changed_class, again.customers) == (0, 120)
    assert {row[0]: row for row in answer(path, CLASSES)} == after


def test_who_changes_to_a_class_without_segments_or_loses_the_shape_has_no_segment(warehouse):
    rows = profile_rows(120, classes=("home", "shop"))
    path = warehouse(rows)
    segment_customers(path, created_at=MORNING)
    with connect(path) as connection:
        fill(connection, reclassified(rows, {0: "farm", 2: "shop"}))
        connection.execute("delete from intermediate.int_profiles_standardized where customer_key in (2, 4)")
    assigned = assign_new_customers(path)
    assert (assigned.customers, assigned.changed_class, assigned.without_segments) == (118, 0, 1)
    # Who has lost the shape in her own class keeps her segment.
    assert {0, 1, 2, 3, 4} & {row[0] for row in answer(path, CLASSES)} == {1, 3, 4}


def test_who_is_no_customer_any_more_keeps_the_segment_and_is_not_counted(warehouse):
    path = warehouse(profile_rows(60))
    segment_customers(path, created_at=MORNING)
    before = answer(path, CLASSES)
    with connect(path) as connection:
        for table in ("intermediate.int_profiles_standardized", "marts.dim_customer"):
            connection.execute(f"delete from {table} where customer_key = 7")
    assert assign_new_customers(path).customers == 59
    assert answer(path, CLASSES) == before


def test_an_assignment_that_fails_takes_nobody_out(warehouse):
    rows = profile_rows(120, classes=("home", "shop"))
    path = warehouse(rows)
    segment_customers(path, created_at=MORNING)
    before = answer(path, CLASSES)
    with connect(path) as connection:
        fill(connection, reclassified(rows, {0: "shop"}))
        connection.execute("alter table intermediate.int_profiles_standardized drop column hour_23")
    with pytest.raises(duckdb.Error):
        assign_new_customers(path)
    assert answer(path, CLASSES) == before


def test_the_same_run_twice_is_there_once(warehouse):
    path = warehouse(profile_rows(60))
    assert segment_customers(path, created_at=MORNING) == segment_customers(path, created_at=MORNING)
    assert answer(path, "select count(*) from ml.segment_assignments") == [(60,)]
    assert answer(path, "select count(*) from ml.segment_k_diagnostics") == [(12,)]
    assert answer(path, "select status, compared_run_id from ml.segment_runs") == [("accepted", None)]


def test_a_failing_write_leaves_nothing_behind(warehouse, monkeypatch):
    path = warehouse(profile_rows(60))
    [first] = segment_customers(path, created_at=MORNING)
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
            read += read_profiles(connection, CHOICES[DEFAULT_CHOICE])
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
    [summary] = segment_customers(warehouse(profile_rows(60, day_type="weekday")))
    assert summary.profile_set == "all/weekday"


def test_a_profile_that_is_asked_for_is_the_one_that_is_taken(warehouse):
    rows = pyarrow.concat_tables([profile_rows(60), profile_rows(45, season="winter", day_type="peak_day")])
    [summary] = segment_customers(warehouse(rows), choice=profile_choice("winter/peak_day"))
    assert (summary.profile_set, summary.customers) == ("winter/peak_day", 45)


def test_an_unknown_profile_names_those_that_exist(warehouse):
    with pytest.raises(UnusableInput, match=r"spring/all; choose .* all/weekday \(60\)"):
        segment_customers(warehouse(profile_rows(60, day_type="weekday")), choice=profile_choice("spring/all"))


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


@pytest.mark.parametrize(
    "setting", [{"k": 0}, {"k": 101}, {"business_k": 0}, {"seed": -1}, {"seed": 2**32}, {"algorithm": "magic"}]
)
def test_settings_out_of_bounds_are_refused(setting):
    with pytest.raises(UnusableInput, match="must be"):
        SegmentationSettings(**setting)


@pytest.mark.parametrize("name", ["", "winter", "winter/", "/all", "a/b/c"])
def test_profiles_that_nobody_knows_are_refused(name):
    with pytest.raises(UnusableInput, match="or a season and day type such as winter/weekday"):
        profile_choice(name)


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
    assert "60 customers, profiles all/all, daily_share" in " ".join(printed.split())
    assert "unclassified" in printed


def test_the_command_accepts_a_candidate(warehouse, monkeypatch, capsys):
    path = warehouse(profile_rows(60))
    segment_customers(path, created_at=MORNING)
    [second] = segment_customers(path, SegmentationSettings(k=2), created_at=EVENING)
    monkeypatch.setattr(sys, "argv", ["segment_customers.py", "--accept", "--warehouse", str(path)])
    assert command.main() == 0
    assert f"In use now: run {second.run_id}." in capsys.readouterr().out
    assert command.main() == 2
    assert "No segmentation waits for a decision" in capsys.readouterr().err


def test_the_command_says_what_is_wrong_in_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["segment_customers.py", "--warehouse", str(tmp_path / "nowhere.duckdb")])
    assert command.main() == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("There is no warehouse at")
    assert "Traceback" not in captured.err
