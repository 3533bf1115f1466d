"""A release is whole or not there, and whoever reads one keeps it."""

import json
from pathlib import Path

import duckdb
import pytest

from peakwise import paths, publishing
from peakwise.errors import UnusableInput


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PEAKWISE_HOME", str(tmp_path))
    path = paths.warehouse()
    path.parent.mkdir(parents=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema raw; create schema marts")
        connection.execute("create table raw.utility as select 'Europe/London' as time_zone")
        connection.execute("create table marts.dim_customer as select 1 as customer_key, 'A' as customer_id")
        connection.execute("create table marts.mart_segment_summary as select 1 as segment_id")
    return path


def test_the_link_shows_a_whole_release_readable_by_older_drivers(warehouse: Path) -> None:
    release = publishing.publish(warehouse)
    assert paths.published().is_symlink() and paths.published().resolve() == release.folder.resolve()
    manifest = json.loads((paths.published() / "manifest.json").read_text())
    assert manifest["utility"] == {"time_zone": "Europe/London"}
    assert manifest["tables"]["dim_customer"] == {"rows": 1, "personal_data": True}
    assert manifest["tables"]["mart_segment_summary"]["personal_data"] is False
    with duckdb.connect(str(paths.published() / "peakwise.duckdb"), read_only=True) as connection:
        assert connection.execute("select customer_id from dim_customer").fetchall() == [("A",)]
        version = connection.execute(
            "select tags['storage_version'] from duckdb_databases() where not internal"
        ).fetchone()
    assert version[0].startswith("v1.5")


def test_a_reader_of_the_former_release_finishes_and_old_ones_go(warehouse: Path) -> None:
    first = publishing.publish(warehouse).folder
    for _ in range(publishing.RELEASES_KEPT - 1):
        publishing.publish(warehouse)
    assert first.exists()
    publishing.publish(warehouse)
    assert not first.exists()
    assert len(list(paths.releases().iterdir())) == publishing.RELEASES_KEPT


def test_a_publication_that_fails_leaves_the_published_release(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = publishing.publish(warehouse).folder

    def no_space(folder: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(publishing, "flush", no_space)
    with pytest.raises(OSError):
        publishing.publish(warehouse)
    assert paths.published().resolve() == release.resolve()
    monkeypatch.undo()
    monkeypatch.setenv("PEAKWISE_HOME", str(warehouse.parents[1]))
    publishing.publish(warehouse)
    assert not list(paths.releases().glob(".*"))


def test_without_a_warehouse_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEAKWISE_HOME", str(tmp_path))
    with pytest.raises(UnusableInput, match="make run"):
        publishing.publish(paths.warehouse())
