"""The page of benchmark results: tables, ratios and what they say."""

import sys
from datetime import date

import pytest

from peakwise.paths import PROJECT

sys.path.insert(0, str(PROJECT / "benchmarks"))

from side_by_side.machine import describe_machine
from side_by_side.markdown import table
from side_by_side.places import PLAIN, RESENT
from side_by_side.report import STAGES, Recovery, Run, bars_table, recovery_finding, render
from side_by_side.rounds import ROUND, Results, Summary, summarise, tasks_of_round
from side_by_side.stopwatch import Phase, Stopwatch

PHASES = {
    "scan": ["scan"],
    "bare load": ["bare load"],
    "load": ["load"],
    "bare aggregations": ["bare aggregations on the bare table", "bare aggregations on raw.readings"],
    "models": ["profiles", "marts before segmentation"],
    "segmentation": ["segmentation"],
    "marts": ["marts after segmentation"],
    "publishing": ["publishing"],
    "pandas, daily pivot": ["profiles", "profiles and clusters"],
    "pandas, groupby": ["profiles", "profiles and clusters"],
    "pandas, pivot_table": ["profiles", "profiles and clusters"],
    "Polars": ["profiles"],
}


def results(**seconds):
    """Every phase at one second, but for those named as `load=1.2`; medians are twice as long."""
    phases = {}
    for task in ROUND:
        for phase in PHASES[task.key]:
            least = seconds.get(phase.replace(" ", "_").replace(".", "_"), 1.0)
            phases[task.variant, task.key, phase] = Summary(least, 2 * least, least, 100_000_000)
    models = {"start_seconds": 0.9, "summed_seconds": 3.25, "nodes": {f"int_model_{n}": n / 10 for n in range(12)}}
    return Results(phases, {(PLAIN, "models"): {"profiles": models}})


def whole_run(**changes):
    values = {
        "machine": {"Processor": "A chip, 2 cores"},
        "rows": {PLAIN: 17_520_000, RESENT: 17_870_400},
        "customers": 2000,
        "months": 12,
        "repeats": 3,
        "results": results(),
        "differences": {"Polars": 2e-16},
        "recovery": [],
        "recovery_customers": 600,
        "recovery_months": 12,
    }
    return Run(**values | changes)


def row_of(page, start):
    [line] = [line for line in page.splitlines() if line.startswith(f"| {start}")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_table_pads_its_columns_and_aligns_numbers_to_the_right():
    assert table(["Way", "Seconds"], [["scan", "0.10"], ["pandas", "11.30"]]).splitlines() == [
        "| Way    | Seconds |",
        "| ------ | ------: |",
        "| scan   |    0.10 |",
        "| pandas |   11.30 |",
    ]


def test_a_table_refuses_a_row_that_does_not_fit_its_header():
    with pytest.raises(ValueError, match="as many cells"):
        table(["Way", "Seconds"], [["scan"]])


def test_every_stage_and_way_of_the_report_is_measured_by_a_round():
    measured = {(task.key, phase) for task in ROUND for phase in PHASES[task.key]}
    assert {(task, phase) for _, task, phase in STAGES} <= measured


def test_every_round_runs_everything_and_dataframes_change_their_order():
    first, second, third = (tasks_of_round(number) for number in (1, 2, 3))
    assert first == third == ROUND
    assert sorted(task.key for task in second) == sorted(task.key for task in first)
    assert [task.key for task in second[:4]] == [task.key for task in first[:4]][::-1]


def test_a_bar_is_met_up_to_its_ratio_and_missed_above_it():
    assert row_of(bars_table(results(load=1.3)), "Loading")[1:] == ["met", "1.3", "1.30", "1.30"]
    assert row_of(bars_table(results(load=1.4)), "Loading")[1:] == ["missed", "1.3", "1.40", "1.40"]


def test_all_stages_are_compared_with_the_textbook_recipe():
    row = row_of(bars_table(results(profiles_and_clusters=3.0)), "All stages")
    assert row[1:4] == ["missed", "1.0", "2.00"], "six stages of one second over three seconds"


def test_a_summary_takes_the_least_time_the_median_and_the_greatest_memory():
    phases = [Phase(3.0, 5.0, 10), Phase(1.0, 6.0, 30), Phase(2.0, 4.0, 20)]
    assert summarise(phases) == Summary(1.0, 2.0, 4.0, 30)


def test_a_page_shows_size_machine_every_way_and_the_slowest_models():
    page = render(whole_run(), date(2026, 11, 24))
    assert "17,520,000 hourly rows (2,000 customers, 12 months)" in page
    assert "| Processor | A chip, 2 cores |" in page
    assert row_of(page, "Peakwise: all stages")[1] == "6.00"
    assert row_of(page, "`int_model_11`")[1] == "1.10"
    assert row_of(page, "2 other seeds and models")[1] == "0.10"
    assert "How well shapes come back" not in page


def test_a_page_shows_the_sweep_as_it_is():
    recovery = [
        Recovery(0.2, 0.1, {"daily_share": 0.927, "hourly_z_score": 0.465}),
        Recovery(0.7, 0.5, {"daily_share": 0.211, "hourly_z_score": 0.212}),
    ]
    page = render(whole_run(recovery=recovery), date(2026, 11, 24))
    assert "|         0.2 |   0.1 |         0.927 |            0.465 |" in page
    assert "below `hourly_z_score` in 1 of the 2 utilities: size spread 0.7, noise 0.5." in page
    assert "in none of the 1 utilities" in recovery_finding(recovery[:1])


def test_the_machine_is_described_without_host_name_and_folders():
    import socket

    described = describe_machine()
    assert {"Processor", "Memory", "Python", "duckdb", "dbt-core", "scikit-learn", "pandas", "polars"} <= set(described)
    text = " ".join(described.values())
    assert socket.gethostname() not in text
    assert str(PROJECT) not in text


def test_a_stopwatch_keeps_time_and_memory_of_each_phase():
    stopwatch = Stopwatch()
    with stopwatch.phase("first"):
        pass
    assert stopwatch.phases["first"].seconds >= 0
    assert stopwatch.phases["first"].peak_memory_bytes > 1_000_000
