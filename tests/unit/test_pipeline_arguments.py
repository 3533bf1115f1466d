"""What `--update` takes as something to add or to change, and what the load step says of it."""

from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

import run_pipeline
from peakwise import pipeline
from peakwise.errors import UnusableInput
from peakwise.loading import BesideReadings, ReadingOptions, UtilitySettings
from peakwise.pipeline import Source, changed_settings, load_step
from peakwise.steps import Steps
from peakwise.warehouse import connect


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """What `update` was called with."""
    calls: list[SimpleNamespace] = []

    def update(
        source: Source, overrides: dict[str, object], plan: object, steps: Steps, *, draws_figures: bool
    ) -> SimpleNamespace:
        calls.append(SimpleNamespace(source=source, overrides=overrides, plan=plan, draws_figures=draws_figures))
        return SimpleNamespace(has_rejects=False)

    monkeypatch.setattr(run_pipeline, "update", update)
    monkeypatch.setattr(run_pipeline, "show_summary", lambda outcome, console: None)
    return calls


def work(*arguments: str) -> int:
    return run_pipeline.work(run_pipeline.parse(["--update", *arguments]), Console(file=StringIO()))


@pytest.mark.parametrize("name", ["customers", "system-load", "weather", "outages"])
def test_any_file_is_something_to_add(updates: list[SimpleNamespace], name: str) -> None:
    assert work(f"--{name}", "file.csv") == 0
    assert getattr(updates[0].source.beside, name.replace("-", "_")) == Path("file.csv")
    assert updates[0].source.has_files and updates[0].plan is None


def test_a_folder_of_sources_and_readings_are_something_to_add(updates: list[SimpleNamespace]) -> None:
    assert work("--sources", "folder") == 0 and work("--readings", "file.csv") == 0
    assert all(call.source.has_files for call in updates)


@pytest.mark.parametrize(
    ("arguments", "overrides"),
    [
        (("--target-count", "20"), {"target_count": 20}),
        (("--target-kw", "50"), {"target_kw": 50.0}),
        (("--estimate-gaps", "yes"), {"estimates_gaps": True}),
        (("--estimate-gaps", "no"), {"estimates_gaps": False}),
    ],
)
def test_a_setting_alone_is_something_to_change(
    updates: list[SimpleNamespace], arguments: tuple[str, ...], overrides: dict[str, object]
) -> None:
    assert work(*arguments) == 0
    assert updates[0].overrides == overrides and updates[0].plan is None and not updates[0].source.has_files


@pytest.mark.parametrize(
    "arguments",
    [
        ("--k", "3"), ("--profiles", "all-days"), ("--algorithm", "kmeans"), ("--seed", "7"), ("--keep-outliers", "yes"),
    ],
)  # fmt: skip
def test_how_to_fit_asks_for_a_fit(updates: list[SimpleNamespace], arguments: tuple[str, ...]) -> None:
    assert work(*arguments) == 0 and updates[0].plan is not None


def test_figures_are_drawn_unless_the_command_says_no(updates: list[SimpleNamespace]) -> None:
    for said in ((), ("--figures", ""), ("--figures", "yes"), ("--figures", "no")):
        assert work("--target-count", "20", *said) == 0
    assert [call.draws_figures for call in updates] == [True, True, True, False]
    with pytest.raises(UnusableInput, match="FIGURES is 'none'"):
        work("--target-count", "20", "--figures", "none")


@pytest.mark.parametrize("arguments", [(), ("--label", "end"), ("--weather-timezone", "UTC"), ("--customers", "")])
def test_how_to_read_alone_is_nothing_to_add(updates: list[SimpleNamespace], arguments: tuple[str, ...]) -> None:
    with pytest.raises(UnusableInput) as told:
        work(*arguments)
    assert updates == []
    for name in ("READINGS=", "CUSTOMERS=", "SYSTEM_LOAD=", "WEATHER=", "OUTAGES=", "SOURCES=", "TARGET_COUNT=", "K="):
        assert name in str(told.value)


def test_what_an_update_cannot_change_is_said_first(updates: list[SimpleNamespace]) -> None:
    with pytest.raises(UnusableInput, match="cannot change time_zone"):
        work("--utility-timezone", "Europe/London")
    assert updates == []


def test_a_size_of_lists_replaces_one_of_the_other_kind() -> None:
    by_count = UtilitySettings("UTC", target_count=20)
    assert changed_settings(by_count, {"target_kw": 5.0}) == UtilitySettings("UTC", target_kw=5.0)
    assert changed_settings(by_count, {"estimates_gaps": True}).target_count == 20
    by_kw = UtilitySettings("UTC", target_kw=5.0)
    assert changed_settings(by_kw, {"target_count": 20}) == by_count
    with pytest.raises(UnusableInput, match="not both"):
        changed_settings(by_kw, {"target_count": 20, "target_kw": 5.0})


def test_the_step_says_what_files_beside_the_readings_brought(tmp_path: Path) -> None:
    customers, outages = tmp_path / "customers.csv", tmp_path / "outages.csv"
    customers.write_text("customer_id,service_point_id\nA,1\nA,2\nB,3\n")
    outages.write_text("outage_id,service_point_id,started_at,restored_at\nX,1,2024-01-01T00:00Z,2024-01-01T02:00Z\n")
    beside = BesideReadings(customers=customers, outages=outages)
    printed = StringIO()
    with connect(tmp_path / "peakwise.duckdb") as connection:
        pipeline.set_utility(connection, UtilitySettings("UTC"))
        load_step(connection, Source([], ReadingOptions(), beside), Steps(Console(file=printed, width=200)))
        assert connection.execute("select count(*) from raw.service_agreements").fetchone()[0] == 3
    said = printed.getvalue()
    assert "2 customers with 3 service agreements; 1 outages with 1 interruptions of service points" in said
    assert "0 rows" not in said
