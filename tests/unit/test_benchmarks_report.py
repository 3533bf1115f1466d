"""The page of benchmark results: tables, ratios and what they say."""

import math
import sys
from datetime import date

import numpy as np
import pytest

from peakwise.paths import PROJECT

sys.path.insert(0, str(PROJECT / "benchmarks"))

from side_by_side import customer_360, large_segmentation, recovery, standardisations
from side_by_side.bars import Bar
from side_by_side.customer_360 import Graph, Repeated360
from side_by_side.formats import FORMATS, FormatRun, tasks_of_formats
from side_by_side.large_segmentation import FITS, LargeRun
from side_by_side.late_data import LateRun, late_run
from side_by_side.machine import describe_machine
from side_by_side.markdown import table
from side_by_side.page import with_measured
from side_by_side.parts import Measured
from side_by_side.places import PLAIN, PROFILES, RESENT
from side_by_side.recovery import Recovery, Sweep
from side_by_side.report import STAGES, Run, bars_table, formats_table, late_section, render
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
    }
    return Run(**values | changes)


def format_run(**loads):
    """A thousand readings a format; loading takes one second, or as told by format, and bare DuckDB half a second."""
    written = {key: {"readings": 1_000, "kwh": "1.0", "megabytes": 12.4} for key in FORMATS}
    phases = {}
    for task in tasks_of_formats(written):
        least = loads.get(task.variant, 1.0) if task.key == "load" else 0.5
        phases[task.variant, task.key, task.key] = Summary(least, 2 * least, least, 250_000_000)
    return FormatRun(40, written, Results(phases, {}))


def addition(day, history_days, load_seconds, build_seconds, **nodes):
    return {
        "day": day, "history_days": history_days, "copy_seconds": [0.5, 0.25], "load_seconds": load_seconds,
        "build_seconds": build_seconds, "nodes": nodes,
    }  # fmt: skip


def late_days() -> LateRun:
    nodes = {f"int_model_{number}": number / 10 for number in range(8)}
    additions = [
        addition("last", 30, [0.2, 0.1], [1.0, 0.9], **dict.fromkeys(nodes, 0.01)),
        addition("last", 364, [0.1, 0.3], [1.4, 1.1], **nodes),
        addition("first", 334, [0.1], [2.9], **nodes),
        addition("first", 30, [0.1], [0.9], **nodes),
    ]
    return late_run(1_000, {"start_seconds": 0.34, "additions": additions})


def large_run(ours: float, sweep_seconds: float = 60.0, sweep_gibibytes: float = 1.5) -> LargeRun:
    """A million profiles; scikit-learn takes two seconds."""
    theirs, own = (task.key for task in FITS)
    phases = {
        (PROFILES, theirs, theirs): Summary(2.0, 2.5, 4.0, 700_000_000),
        (PROFILES, own, own): Summary(ours, 2 * ours, ours, 900_000_000),
    }
    sweep = Summary(sweep_seconds, sweep_seconds, sweep_seconds, int(sweep_gibibytes * 2**30))
    return LargeRun(1_000_000, Results(phases, {}), 1.0, sweep, "k is 5: lowest mean rank.")


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
    assert row_of(bars_table(whole_run(results=results(load=1.3))), "Loading")[1:] == ["met", "1.3", "1.30", "1.30"]
    assert row_of(bars_table(whole_run(results=results(load=1.4))), "Loading")[1:] == ["missed", "1.3", "1.40", "1.40"]


def test_all_stages_are_compared_with_the_textbook_recipe():
    row = row_of(bars_table(whole_run(results=results(profiles_and_clusters=3.0))), "All stages")
    assert row[1:4] == ["missed", "1.0", "2.00"], "six stages of one second over three seconds"


def test_formats_have_bars_where_bare_duckdb_reads_them():
    page = bars_table(whole_run(formats=format_run(parquet=0.65, long_csv=1.05)))
    assert row_of(page, "Loading Parquet, 1,000 rows")[1:] == ["met", "1.3", "1.30", "1.30"]
    assert row_of(page, "Loading Long CSV, 1,000 rows")[1:] == ["missed", "2.0", "2.10", "2.10"]
    assert "NEM12" not in page


def test_a_format_shows_its_rate_and_a_ratio_where_bare_duckdb_reads_it():
    page = formats_table(format_run(long_csv=0.8, nem12=4.0))
    assert row_of(page, "Long CSV")[1:] == [
        "1,000", "12", "0.80", "1.60", "0.80", "250", "1,250", "0.50", "1.60", "2.0", "met",
    ]  # fmt: skip
    assert row_of(page, "NEM12")[1:] == ["1,000", "12", "4.00", "8.00", "4.00", "250", "250", "", "", "", ""]
    assert len(page.splitlines()) == 2 + 6


def test_a_day_added_to_a_year_is_compared_with_one_added_to_a_month():
    # 0.1 + 1.1 over 0.1 + 0.9; of medians (0.2 + 1.25) over (0.15 + 0.95).
    row = row_of(
        bars_table(whole_run(late=late_days())), "Adding the last day of a month to 364 days over adding it to 30"
    )
    assert row[1:] == ["met", "1.3", "1.20", "1.32"]
    page = late_section(late_days())
    long, short = (line.split("|") for line in page.splitlines() if line.startswith("| last of a month, 31 December"))
    assert [cell.strip() for cell in long[2:9]] == ["364", "0.25", "0.10", "1.10", "1.20", "1.45", "1.20"]
    assert [cell.strip() for cell in short[2:9]] == ["30", "0.25", "0.10", "0.90", "1.00", "1.10", ""]
    first = next(line for line in page.splitlines() if line.startswith("| first of a month, 01 December"))
    assert first.split("|")[8].strip() == "3.00", "3.0 seconds over one second"


def test_a_fit_has_a_bar_over_that_of_scikit_learn():
    page = bars_table(whole_run(large=large_run(ours=2.4)))
    assert row_of(page, "A fit at 1,000,000 x 24, k = 4,")[1:] == ["met", "1.2", "1.20", "1.92"]
    assert row_of(bars_table(whole_run(large=large_run(ours=2.5))), "A fit at")[1] == "missed"


def test_the_choice_of_k_has_goals_of_its_own():
    page = large_segmentation.render(large_run(ours=2.4, sweep_seconds=301, sweep_gibibytes=4.0))
    assert row_of(page, "Peakwise: one fit")[1:] == ["2.40", "4.80", "2.40", "900", "1.20"]
    assert row_of(page, "Choice of k, seconds")[1:] == ["301", "300", "missed"]
    assert row_of(page, "Choice of k, peak GiB")[1:] == ["4.00", "4", "met"]
    assert "k is 5: lowest mean rank." in page


def test_other_sections_follow_each_other():
    parts = [Measured("## One\n\ntext\n", [Bar("A time", 30.0, 31.0, 32.5, " s")]), Measured("\n## Two\n")]
    page = render(whole_run(large=large_run(ours=2.4), parts=parts), date(2026, 11, 24))
    assert page.endswith("\n\n## One\n\ntext\n\n## Two\n")
    assert page.index("## Segmentation of 1,000,000 customers") < page.index("## One")
    assert row_of(page, "A time")[1:] == ["missed", "30.0 s", "31.00 s", "32.50 s"]
    assert "it has data of its own" in page


def test_the_slowest_models_of_late_data_stand_beside_each_other():
    page = late_section(late_days()).partition("| Adding the first day")[0]
    assert row_of(page, "`int_model_7`")[1:] == ["0.70", "0.01"]
    assert row_of(page, "3 other seeds and models")[1:] == ["0.30", "0.03"], "0.0 + 0.1 + 0.2"
    assert "`int_model_2`" not in page


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
    for left_out in ("How well shapes come back", "Loading by format", "late data"):
        assert left_out not in page


def test_a_page_tells_the_sizes_of_formats_and_of_late_data():
    page = render(whole_run(formats=format_run(), late=late_days()), date(2026, 11, 24))
    assert "The same hourly readings of 40 customers" in page
    assert "NEM12 those of 8; Green Button XML those of 2." in page
    assert "One local day of 1,000 customers (24,000 readings)" in page
    assert "Seconds are the least of 2," in page


def test_the_sweep_tells_kinds_alone_from_households_with_timers():
    cells = [
        Recovery(
            0.2,
            0.1,
            {"daily_share": [0.9, 0.95], "hellinger": [0.9, 0.9], "hourly_z_score": [0.4, 0.5]},
            {"daily_share": [0.8, 0.8], "hellinger": [0.9, 0.9], "hourly_z_score": [0.5, 0.5]},
        ),
        Recovery(
            0.7,
            0.5,
            {"daily_share": [0.3, 0.1], "hellinger": [0.4, 0.4], "hourly_z_score": [0.1, 0.2]},
            {"daily_share": [0.21, 0.212], "hellinger": [0.3, 0.3], "hourly_z_score": [0.212, 0.212]},
        ),
    ]
    page = recovery.render(Sweep(2, 600, 12, cells))
    assert "1,200 households" in page
    assert "in 2 groups of 600" in page
    assert "| Size spread | Noise | `daily_share` | `hellinger` | `hourly_z_score` | `daily_share`, timers |" in page
    assert row_of(page, "        0.7")[1:] == ["0.5", "0.200", "0.400", "0.150", "0.211", "0.300", "0.212"]
    assert (
        "`daily_share` is below `hourly_z_score`, kinds alone, in 0 of the 2 means and 1 of the 4 groups; "
        "the closest mean is +0.050 (standard error 0.150) at size spread 0.7, noise 0.5." in page
    )
    assert (
        "With timers and pumps: 1 of the 2 means (size spread 0.7, noise 0.5) and 1 of the 4 groups; "
        "-0.001 (standard error 0.001) at size spread 0.7, noise 0.5." in page
    )


def repeated_360(seconds):
    rows = {"marts.dim_customer": 101_800, "intermediate.int_customer_days_metered": 36_163_100}
    built = Summary(seconds, seconds + 1, 2 * seconds, 3_400_000_000)
    nodes = {f"int_model_{number}": number / 10 for number in range(11)}
    return Repeated360(1_000, 12, 100, 101_800, rows, 68, ["mart_customer_360"], built, nodes)


def test_the_customer_360_has_a_bar_in_seconds():
    [bar] = customer_360.bars(repeated_360(30.0))
    assert bar.cells == [
        "The customer 360 of 101,800 customers from existing facts", "met", "30.0 s", "30.00 s", "31.00 s",
    ]  # fmt: skip
    [bar] = customer_360.bars(repeated_360(30.1))
    assert bar.cells[1] == "missed"
    page = customer_360.render(repeated_360(30.1))
    assert row_of(page, "`mart_customer_360` and the models")[1:] == [
        "30.10",
        "31.10",
        "60.20",
        "3,400",
        "30 s",
        "missed",
    ]
    assert row_of(page, "3 others")[1:] == ["0.30"], "0.0 + 0.1 + 0.2"
    assert "`int_customer_days_metered` 36,163,100; `dim_customer` 101,800." in page


def test_only_what_stands_between_facts_and_the_customer_360_is_built():
    """Facts, what is taken from hours, and whatever these need, are there; a view is read through to the tables below it."""
    reads = {
        "mart_customer_360": ["fct_usage", "int_bills", "mart_peaks", "int_runs_levelled", "stg_contacts"],
        "int_bills": ["stg_bills", "dim_customer", "int_holders"],
        "mart_peaks": ["fct_usage", "int_window"],
        "fct_usage": ["int_days", "int_window"],
        "int_runs_levelled": ["int_charging_runs_measured"],
        "int_charging_runs_measured": ["int_hours"],
        "int_customer_days_sunny": ["int_hours"],
        "mart_unrelated": ["fct_usage"],
    }
    views = {"fct_usage", "stg_bills", "stg_contacts"}
    nodes, parents = {}, {}
    for name in {*reads, *(parent for names in reads.values() for parent in names), "raw_bills", "raw_contacts"}:
        is_source = name.startswith("raw_")
        nodes[name] = {
            "name": name, "identifier": name.removeprefix("raw_"), "resource_type": "source" if is_source else "model",
            "schema": "raw" if is_source else "models", "fqn": ["staging" if name.startswith("stg_") else "models"],
            "config": {"materialized": "view" if name in views else "table"},
        }  # fmt: skip
        parents[name] = reads.get(name, {"stg_bills": ["raw_bills"], "stg_contacts": ["raw_contacts"]}.get(name, []))
    graph = Graph(nodes, parents)
    assert graph.models_to_build() == [
        "int_bills",
        "int_holders",
        "int_runs_levelled",
        "mart_customer_360",
        "mart_peaks",
    ]
    assert graph.tables_read() == [
        "models.dim_customer", "models.int_charging_runs_measured", "models.int_days", "models.int_window", "raw.bills", "raw.contacts",
    ]  # fmt: skip


PAGE = """# Page

Text.

## The bars

Words.

| Bar                      | Verdict | At most | Ratio | Of medians |
| ------------------------ | ------- | ------: | ----: | ---------: |
| Loading                  | met     |     1.3 |  1.02 |       1.03 |
| The 360 of 90 customers  | missed  |  30.0 s | 40.00 |      41.00 |

## One

old

## Two

kept
"""


def test_what_is_measured_alone_takes_the_place_of_what_was_there():
    new = Measured(
        "\n## One\n\nnew\n", [Bar("The 360 of 101,800 customers", 30.0, 25.0, 26.0, " s"), Bar("More", 1.0, 2.0, 3.0)]
    )
    page = with_measured(PAGE, [new, Measured("## Three\n\nadded")], date(2026, 11, 24))
    assert "old" not in page and "90 customers" not in page
    assert (
        "## One\n\nMeasured by itself on 2026-11-24.\n\nnew\n\n## Two\n\nkept\n\n## Three\n\nMeasured by itself" in page
    )
    assert row_of(page, "The 360")[1:] == ["met", "30.0 s", "25.00 s", "26.00 s"]
    assert row_of(page, "More")[1:] == ["missed", "1.0", "2.00", "3.00"]
    assert row_of(page, "Loading")[1:] == ["met", "1.3", "1.02", "1.03"]
    assert page.startswith("# Page\n\nText.\n\n## The bars\n\nWords.\n\n| Bar ")
    assert with_measured(page, [new], date(2026, 11, 24)) == page, "the second time changes nothing"
    with pytest.raises(ValueError, match="no bars"):
        with_measured("# Page\n", [new], date(2026, 11, 24))


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


def test_the_standardisations_are_shown_beside_each_other():
    found = [
        {
            "source": "London 2013",
            "method": "hellinger",
            "customers": 1_493,
            "k": 3,
            "against_truth": None,
            "load_explained": 0.005,
            "window_explained": 0.216,
        }
    ]
    page = standardisations.render(found)
    assert row_of(page, "London 2013")[1:] == ["`hellinger`", "1,493", "3", "", "0.5%", "21.6%"]


def test_variance_between_segments_is_explained_and_unknown_values_are_left_out():
    values = np.array([1.0, 3.0, 5.0, 7.0, math.nan])
    assert standardisations.variance_explained(values, np.array([0, 0, 1, 1, 1])) == pytest.approx(16 / 20)
    assert standardisations.variance_explained(values, np.array([0, 1, 0, 1, 0])) == pytest.approx(4 / 20)
