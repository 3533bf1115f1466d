"""Measured processes and the whole command, on a tiny utility."""

import argparse
import importlib
import inspect
import json
import os
import subprocess
import sys
from dataclasses import replace

import duckdb
import numpy as np
import pytest

from peakwise.paths import PROJECT

sys.path.insert(0, str(PROJECT / "benchmarks"))

import run_benchmarks
from side_by_side import (
    algorithms,
    complaints,
    customer_360,
    equipment,
    formats,
    large_segmentation,
    late_data,
    parts,
    recovery,
    rounds,
)
from side_by_side.agreement import LARGEST_DIFFERENCE_KW, largest_difference
from side_by_side.bars import Bar
from side_by_side.formats import FORMATS, tasks_of_formats
from side_by_side.late_data import histories, late_run
from side_by_side.parts import Measured, Part
from side_by_side.places import CUSTOMER_360, LATE, PARTS, PLAIN, PROFILES, RESENT, Places
from side_by_side.processes import Answer, TaskFailed, run_in_process
from side_by_side.report import STAGES
from side_by_side.stopwatch import Phase, Stopwatch

BARE_AGGREGATION_PHASES = ("bare aggregations on the bare table", "bare aggregations on raw.readings")


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
    assert (given.format_customers, given.late_customers, given.segmentation_customers) == (1000, 1000, 1_000_000)
    assert given.output == run_benchmarks.PAGE
    quick = run_benchmarks.parse(["--quick", "--repeats", "2"])
    assert (quick.customers, quick.repeats, quick.output) == (60, 2, None)
    assert quick.format_customers == 60, "no more than there are"
    assert (quick.segmentation_customers, quick.london_households) == (20_000, 60)
    assert given.london_households is None, "all of them"


def test_a_file_of_london_that_is_not_there_is_an_error(tmp_path, capsys):
    with pytest.raises(SystemExit):
        run_benchmarks.parse(["--london", str(tmp_path / "london.parquet")])
    assert "there is no file" in capsys.readouterr().err


@pytest.fixture(scope="module")
def written(places):
    return run_in_process("formats.make_files", places, customers=40).found


def test_every_format_holds_the_readings_it_should(places, written):
    hours = (31 + 28) * 24
    # A fifth and a twentieth of forty are eight, of whom six are there, and two. The readings begin at 15:00 of 1 January and
    # end at 15:00 of 1 March on NEM12's clock: nine and fifteen hours of days that are not whole.
    assert {key: form["readings"] for key, form in written.items()} == {
        "parquet": 6 * hours, "long_csv": 6 * hours, "wide_daily_csv": 6 * hours, "customer_columns_csv": 6 * hours,
        "nem12": 6 * (hours - 24), "green_button": 2 * hours,
    }  # fmt: skip
    text = {key: (places.folder / form.file_name).read_text() for key, form in FORMATS.items() if key != "parquet"}
    assert text["long_csv"].splitlines()[0] == "service_point_id,channel,interval_start_at,kwh,version"
    wide = [f"{hour:02d}:00" for hour in range(24)]
    assert text["wide_daily_csv"].splitlines()[0] == ",".join(["service_point_id", "date", *wide])
    assert text["customer_columns_csv"].splitlines()[0].count(",") == 6
    assert len(text["customer_columns_csv"].splitlines()) == 1 + hours
    assert text["nem12"].count("\n300,") == 6 * 58 and text["nem12"].count("\n200,") == 6
    assert text["green_button"].count("<UsagePoint ") == 2


def test_every_format_loads_whole_and_a_file_that_holds_less_stops_the_run(places, written):
    for task in tasks_of_formats(written):
        measured = {"formats.load": formats.load, "formats.bare_load": formats.bare_load}[task.name]
        stopwatch = Stopwatch()
        measured(stopwatch, places.of_variant(task.variant), **task.settings)
        assert stopwatch.phases[task.key].seconds > 0
    with pytest.raises(AssertionError, match="but loaded as long_csv the warehouse holds"):
        formats.load(Stopwatch(), places.of_variant("long_csv"), readings=written["long_csv"]["readings"], kwh="1.0")


def test_histories_end_where_the_added_day_begins(tmp_path):
    assert [(history.name, str(history.start)) for history in histories(["last", "first"])] == [
        ("last_364", "2025-01-01"), ("last_30", "2025-12-01"), ("first_334", "2025-01-01"), ("first_30", "2025-11-01"),
    ]  # fmt: skip
    late_data.make_readings(Stopwatch(), Places(tmp_path, LATE), customers=2)
    # New York is five hours behind UTC in winter; November has the hour that autumn repeats.
    assert rows(f"select count(*), min(interval_start_at)::varchar from '{tmp_path}/late_last.parquet'") == [
        (48, "2025-12-31 05:00:00")
    ]
    for name, hours, start in (
        ("last_364", 364 * 24, "2025-01-01 05:00:00"),
        ("last_30", 30 * 24, "2025-12-01 05:00:00"),
        ("first_334", 334 * 24, "2025-01-01 05:00:00"),
        ("first_30", 30 * 24 + 1, "2025-11-01 04:00:00"),
        ("first", 24, "2025-12-01 05:00:00"),
    ):
        assert rows(f"select count(*), min(interval_start_at)::varchar from '{tmp_path}/late_{name}.parquet'") == [
            (2 * hours, start)
        ], name


ON_THE_MODELS = """
import json, sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from side_by_side import customer_360, late_data, peers, pipeline_stages
from side_by_side.places import CUSTOMER_360, LATE, PLAIN, Places
from side_by_side.stopwatch import Stopwatch

folder, stopwatch = Path(sys.argv[2]), Stopwatch()
plain, late, repeated = (Places(folder, variant) for variant in (PLAIN, LATE, CUSTOMER_360))
pipeline_stages.load(stopwatch, plain)
peers.bare_load(stopwatch, plain)
peers.bare_aggregations(stopwatch, plain)
models = pipeline_stages.profiles(stopwatch, plain)
pipeline_stages.segmentation(stopwatch, plain)
pipeline_stages.marts(stopwatch, plain)
pipeline_stages.publishing(stopwatch, plain)
late_data.make_readings(stopwatch, late, customers=2)
found = late_data.measure(
    stopwatch, late, repeats=1, chosen=[late_data.History("last", is_long=False)],
    selection=("--select", "+int_load_sums_monthly", *pipeline_stages.WITHOUT_TESTS),
)
made = customer_360.make_utility(stopwatch, repeated, service_points=50, months=2)
rows = customer_360.repeat_customers(stopwatch, repeated, tables=made["tables"], times=2)
nodes = customer_360.build(stopwatch, repeated, models=made["models"])
checked = customer_360.check(stopwatch, repeated, times=2)
print(json.dumps({
    "phases": list(stopwatch.phases), "models": models, "late": found, "made": made, "rows": rows, "nodes": nodes,
    "checked": checked,
}))
"""


def test_stages_late_data_and_repeated_customers_run_on_the_models_as_they_are(places):
    """One process for all of it: in processes of their own they would parse the project seven times.

    Late data builds no more than the sums that are checked; what `make update` builds is built for the repeated customers.
    """
    outcome = subprocess.run(
        [sys.executable, "-c", ON_THE_MODELS, str(PROJECT / "benchmarks"), str(places.folder)],
        env=os.environ | {"PEAKWISE_HOME": str(places.home)},
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == 0, outcome.stderr
    found = json.loads(outcome.stdout)
    assert {phase for _, _, phase in STAGES} <= set(found["phases"])
    assert {"fct_customer_load_profile", "int_profiles_standardized"} <= set(found["models"]["profiles"]["nodes"])
    run_in_process("dataframes.polars_profiles", places)
    for other in ("duckdb", "polars"):
        assert largest_difference(places.profiles("peakwise"), places.profiles(other), other) < LARGEST_DIFFERENCE_KW
    [addition] = late_run(2, found["late"]).additions
    assert (addition.day, addition.history_days) == ("last", 30)
    assert len(addition.load_seconds) == len(addition.build_seconds) == len(addition.copy_seconds) == 1
    assert addition.nodes["int_load_sums_monthly"] > 0
    customers = found["made"]["customers"]
    assert customers >= 50 and found["checked"]["customers"] == 2 * customers == found["rows"]["marts.dim_customer"]
    assert found["checked"]["columns"] > 60
    assert set(found["nodes"]) == set(found["made"]["models"])
    assert {"mart_customer_360", "int_customer_bills", "mart_peak_contribution"} <= set(found["nodes"])
    check_repeated_customers(Places(places.folder, CUSTOMER_360), customers)


def check_repeated_customers(places, customers):
    """Each bill stands twice with an id of its own, and a row that is wrong or missing is found."""
    from peakwise.warehouse import connect

    with connect(places.warehouse) as connection:
        bills, ids, repeated = connection.execute("""
            select count(*), count(distinct bill_id), count(case when ends_with(bill_id, '_1') then 1 end)
            from intermediate.int_bills_compared
        """).fetchone()
        assert bills == ids == 2 * repeated > customers
        connection.execute(
            "update marts.mart_customer_360 set mean_bill_amount = -1 where ends_with(customer_id, '_1')"
        )
    with pytest.raises(AssertionError, match="'mean_bill_amount': "):
        customer_360.check(Stopwatch(), places, times=2)
    with pytest.raises(AssertionError, match=f"where {3 * customers} should be"):
        customer_360.check(Stopwatch(), places, times=3)


def test_sums_that_lack_a_reading_stop_the_run(tmp_path):
    from peakwise.warehouse import connect

    places = Places(tmp_path, LATE)
    with connect(places.warehouse) as connection:
        connection.execute("insert into raw.readings values (1, timestamp '2025-12-31 05:00', 1.5, 1)")
        connection.execute("create schema intermediate")
        connection.execute("create table intermediate.int_load_sums_monthly as select 1 as hours, 1.5 as kwh")
    late_data.check_sums(places)
    with connect(places.warehouse) as connection:
        connection.execute("insert into raw.readings values (1, timestamp '2025-12-31 06:00', 0.5, 1)")
    with pytest.raises(AssertionError, match=r"holds 2 readings of 2\.0+ kWh, but its sums 1 hours of 1\.5 kWh"):
        late_data.check_sums(places)


def test_generated_profiles_are_shares_of_a_day_and_both_fits_agree(tmp_path):
    places = Places(tmp_path, PROFILES)
    large_segmentation.make_profiles(Stopwatch(), places, customers=3_000)
    shapes = np.load(places.shapes)
    assert shapes.shape == (3_000, 24) and (shapes > 0).all()
    assert shapes.sum(axis=1) == pytest.approx(np.ones(3_000))
    assert len(np.unique(shapes, axis=0)) == 3_000
    stopwatch = Stopwatch()
    theirs = large_segmentation.fit_by_scikit_learn(stopwatch, places)
    ours = large_segmentation.fit_by_peakwise(stopwatch, places)
    assert ours == pytest.approx(theirs, rel=1e-9)
    assert large_segmentation.compare(stopwatch, places) == 1.0
    assert set(stopwatch.phases) == {large_segmentation.OURS, large_segmentation.THEIRS}
    np.save(places.labels("peakwise"), np.arange(3_000) % 4)
    with pytest.raises(AssertionError, match="different partitions"):
        large_segmentation.compare(stopwatch, places)


def test_the_choice_of_k_is_measured_whole(tmp_path):
    places = Places(tmp_path, PROFILES)
    large_segmentation.make_profiles(Stopwatch(), places, customers=400)
    stopwatch = Stopwatch()
    found = large_segmentation.sweep(stopwatch, places)
    assert found["candidates"] == 12 and found["chosen"].startswith("k is ")
    assert stopwatch.phases[large_segmentation.SWEEP].seconds > 0


def test_every_algorithm_is_compared_on_the_same_shapes():
    random = np.random.default_rng(1)
    kinds = random.integers(0, 2, 200)
    kw = np.array([np.roll(np.eye(24)[6] + 0.2, 12 * kind) for kind in kinds]) * random.lognormal(0, 0.1, (200, 24))
    shapes = kw / kw.sum(axis=1, keepdims=True)
    found = algorithms.compare_algorithms("a source", shapes, 2, kinds.tolist())
    assert [entry["algorithm"] for entry in found] == ["kmeans", "ward", "dtw"]
    assert {entry["against_truth"] for entry in found} == {entry["against_kmeans"] for entry in found} == {1.0}
    assert all(
        entry["silhouette"] > 0.5 and entry["smallest"] == min(kinds.mean(), 1 - kinds.mean()) for entry in found
    )
    unknown = algorithms.compare_algorithms("a source", shapes, 2, None)
    page = algorithms.render([*found, *unknown])
    assert page.count("| a source | `dtw`") == 2
    assert [entry["against_truth"] for entry in unknown] == [None] * 3


def test_a_part_is_measured_with_its_settings_and_writes_its_section(monkeypatch, tmp_path, answers):
    class Module:
        @staticmethod
        def render(found):
            return f"## A section of {found}"

    part = Part("recovery", "a part", lambda given: {"customers": given.customers})
    monkeypatch.setattr(parts.importlib, "import_module", lambda name: Module)
    monkeypatch.setattr(parts, "run_in_process", lambda task, places, **settings: Answer({}, (task, settings)))
    lines = []
    given = argparse.Namespace(customers=3, london=None, london_households=None, skip_recovery=False)
    [measured] = parts.measure_parts(Places(tmp_path, PARTS), given, lines.append, [part])
    assert measured == Measured("## A section of ('recovery.measure', {'customers': 3})", [])
    assert lines == ["a part: 0.0 s"]
    Module.measure = lambda places, customers, show: show("a utility") or customers
    Module.bars = lambda found: [Bar("A bar", 5.0, found, found)]
    [measured] = parts.measure_parts(
        Places(tmp_path, PARTS), given, lines.append, [replace(part, has_own_processes=True)]
    )
    assert measured == Measured("## A section of 3", [Bar("A bar", 5.0, 3, 3)])
    assert lines[1:] == ["a utility", "a part: 0.0 s"]
    given.skip_recovery = True
    assert parts.measure_parts(Places(tmp_path, PARTS), given, lines.append, [part]) == []


def test_every_part_has_what_it_needs():
    for part in parts.PARTS:
        module = importlib.import_module(f"side_by_side.{part.module}")
        settings = part.settings(run_benchmarks.parse(["--quick"]))
        if part.has_own_processes:
            inspect.signature(module.measure).bind(None, **settings, show=print)
        else:
            inspect.signature(module.measure).bind(Stopwatch(), None, **settings)
        assert callable(module.render)
        json.dumps(settings)


def test_a_quick_run_takes_few_of_londons_households(tmp_path):
    london = tmp_path / "all.parquet"
    rows(f"""
        copy (
            select format('MAC{{:03d}}', number) as customer_id, timestamp '2013-01-01 00:30' as reading_ts, 1.0 as kwh
            from range(9) as households (number), range(4)
        ) to '{london}'
    """)
    cut = parts.cut_london(Stopwatch(), Places(tmp_path, PARTS), london=str(london), households=2)
    assert rows(f"select count(*), min(customer_id), max(customer_id) from '{cut}'") == [(8, "MAC000", "MAC001")]


@pytest.fixture
def answers(monkeypatch):
    """Answers of measured processes that did not run: one second for every phase that a task has."""
    asked = []
    phases = {
        "peers.bare_aggregations": BARE_AGGREGATION_PHASES,
        "dataframes.pandas_recipe": ("profiles", "profiles and clusters"), "dataframes.polars_profiles": ("profiles",),
        "pipeline_stages.profiles": ("profiles", "marts before segmentation"),
        "pipeline_stages.marts": ("marts after segmentation",),
        "large_segmentation.fit_by_peakwise": (large_segmentation.OURS,),
        "large_segmentation.fit_by_scikit_learn": (large_segmentation.THEIRS,),
        "customer_360.build": (customer_360.BUILD,),
        "formats.load": ("load",), "formats.bare_load": ("bare load",), "peers.bare_load": ("bare load",),
    }  # fmt: skip
    addition = {"copy_seconds": [0.1], "load_seconds": [0.5], "build_seconds": [1.5], "nodes": {"int_local_days": 0.1}}
    found = {
        "dataset.make_readings": {"plain": 10, "resent": 11, "narrow": 10},
        "agreement.compare": {"Polars": 0.0},
        "formats.make_files": {key: {"readings": 5, "kwh": "1.0", "megabytes": 1.0} for key in FORMATS},
        "pipeline_stages.profiles": {
            "profiles": {"start_seconds": 0.3, "summed_seconds": 1.0, "nodes": {"int_local_days": 0.1}}
        },
        "late_data.measure": {
            "start_seconds": 0.3,
            "additions": [addition | {"day": "last", "history_days": days} for days in (364, 30)],
        },
        "recovery.recover": {"daily_share": [0.9, 0.8], "hellinger": [0.9, 0.9], "hourly_z_score": [0.5, 0.4]},
        "customer_360.make_utility": {
            "models": ["mart_customer_360"],
            "tables": ["marts.dim_customer"],
            "customers": 51,
        },
        "customer_360.repeat_customers": {"marts.dim_customer": 102},
        "customer_360.build": {"mart_customer_360": 0.5},
        "customer_360.check": {"customers": 102, "columns": 60},
        "large_segmentation.compare": 1.0,
        "large_segmentation.sweep": {"candidates": 12, "chosen": "k is 3: for a reason."},
        "parts.cut_london": "london.parquet",
        "algorithms.measure": [],
        "standardisations.measure": [],
        "identities.measure": [],
        "equipment.detect": [],
        "complaints.triage": [["outage", 3, 0.5, 0.6, 0.7], ["all", 4, 0.4, 0.5, 0.6]],
    }

    def answer(task, places, **settings):
        asked.append((task, places.variant, settings))
        names = phases.get(task, (task.partition(".")[2],))
        return Answer({name: Phase(1.0, 1.0, 1_000_000) for name in names}, found.get(task))

    monkeypatch.setattr(run_benchmarks, "run_in_process", answer)
    for module in (rounds, large_segmentation, parts, complaints, customer_360, recovery, equipment):
        monkeypatch.setattr(module, "run_in_process", answer)
    return asked


def test_the_command_measures_everything_and_writes_the_page(answers, tmp_path, monkeypatch, capsys):
    page = tmp_path / "benchmarks.md"
    monkeypatch.setenv("PEAKWISE_HOME", str(tmp_path / "home"))
    assert run_benchmarks.main(["--quick", "--repeats", "2", "--output", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    for words in (
        "## The bars", "Peakwise: all stages", "Polars: profiles", "sent twice", "Loading by format", "late data",
        "## The customer 360", "| `hourly_z_score`, timers |", "Segmentation of 20,000 customers", "k is 3: for a reason.", "## Algorithms",
        "## Do segments keep their numbers?", "| 200       | all      |", "## Standardisations",
    ):  # fmt: skip
        assert words in text
    shown = capsys.readouterr().out
    assert "| Adding the last day of a month to 364 days over adding it to 30 | met " in shown
    assert "| The customer 360 of 102 customers from existing facts           | met     |  30.0 s |   1.00 s |" in shown
    assert str(tmp_path) not in text
    assert not any((tmp_path / "home" / "benchmarks").iterdir()), "the working folder is removed"
    tasks = [task for task, _, _ in answers]
    assert tasks.count("pipeline_stages.load") == 2 * 3, "two rounds of plain, re-sent and narrow readings"
    assert tasks.count("formats.load") == 2 * 6
    assert tasks.count("large_segmentation.fit_by_peakwise") == 2 and tasks.count("large_segmentation.sweep") == 1
    assert ("late_data.measure", "late", {"repeats": 2}) in answers
    assert tasks.count("customer_360.build") == 2 and tasks.count("customer_360.check") == 1
    timers = [settings["with_timers"] for task, _, settings in answers if task == "recovery.recover"]
    assert timers == [False, True]
    assert ("formats.load", "nem12", {"readings": 5, "kwh": "1.0"}) in answers


def test_what_is_to_be_left_out_is_not_measured(answers, tmp_path, monkeypatch):
    monkeypatch.setenv("PEAKWISE_HOME", str(tmp_path / "home"))
    left_out = ["formats", "late-data", "segmentation", *(part.module.replace("_", "-") for part in parts.PARTS)]
    assert run_benchmarks.main(["--quick", *(f"--skip-{name}" for name in left_out)]) == 0
    assert {task.partition(".")[0] for task, _, _ in answers} - {"parts"} == {
        "dataset", "dataframes", "peers", "pipeline_stages", "agreement",
    }  # fmt: skip


def test_parts_that_are_measured_alone_go_into_the_page_there_is(answers, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PEAKWISE_HOME", str(tmp_path / "home"))
    page = tmp_path / "page.md"
    chosen = ["--quick", "--output", str(page), "--only", "customer_360", "recovery"]
    with pytest.raises(SystemExit):
        run_benchmarks.main(chosen)
    assert f"there is no {page}" in capsys.readouterr().err
    page.write_text(
        "# Page\n\n## The bars\n\n| Bar | Verdict | At most | Ratio | Of medians |\n| - | - | - | - | - |\n"
    )
    assert run_benchmarks.main(chosen) == 0
    assert {task.partition(".")[0] for task, _, _ in answers} - {"parts"} == {"customer_360", "recovery"}
    text = page.read_text()
    assert text.index("| The customer 360 of 102 customers") < text.index(
        "## The customer 360\n\nMeasured by itself on "
    )
    assert "## How well shapes come back\n\nMeasured by itself on " in text


def test_a_measurement_that_fails_writes_no_page(answers, tmp_path, monkeypatch, capsys):
    def fail(*arguments, **settings):
        raise TaskFailed("late_data.measure (late) failed")

    monkeypatch.setenv("PEAKWISE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(run_benchmarks, "run_in_process", fail)
    assert run_benchmarks.main(["--quick", "--output", str(tmp_path / "page.md")]) == 2
    assert "late_data.measure (late) failed" in capsys.readouterr().err
    assert not (tmp_path / "page.md").exists()
