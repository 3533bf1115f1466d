"""What holds data of single customers is its owner's alone, from the moment it is made."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
import yaml

from peakwise.dbt_plugin import Plugin
from peakwise.paths import PROJECT
from peakwise.private_files import files_of_the_owner_alone, make_private_folder
from peakwise.synthetic.files import folder_when_whole
from peakwise.warehouse import SETTINGS, connect, only_writer

OTHERS = 0o077


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    former = os.umask(0o022)
    yield
    os.umask(former)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def umask() -> int:
    former = os.umask(0)
    os.umask(former)
    return former


def test_the_warehouse_its_log_and_its_temporary_files_are_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "home" / "warehouse" / "peakwise.duckdb"
    with connect(path) as connection:
        connection.execute("create table t as select range as i from range(10)")
        assert path.with_name(path.name + ".wal").exists()
        connection.execute("set memory_limit = '60MB'; set preserve_insertion_order = false; set threads = 1")
        # Does not fit, so it goes to disk.
        connection.execute("create temp table large as select hash(range)::varchar as h from range(4000000)")
        made = [*path.parent.rglob("*")]
        assert any(".tmp" in entry.name for entry in made), made
        assert [entry for entry in made if rights(entry) & OTHERS] == []
    assert rights(path) == 0o600 and rights(path.parent) == 0o700
    # Others come to the published release through the home.
    assert rights(tmp_path / "home") == 0o755


def test_a_folder_that_exists_keeps_its_rights_and_the_file_in_it_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    with only_writer(folder), connect(folder / "w.duckdb") as connection:
        connection.execute("create table t as select 1 as i")
        assert [entry for entry in folder.iterdir() if entry.name != ".lock" and rights(entry) & OTHERS] == []
    assert rights(folder) == 0o755


def test_the_rights_of_other_files_are_as_before_when_the_block_ends(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), connect(tmp_path / "w.duckdb"):
        raise ValueError("stop")
    with files_of_the_owner_alone(), files_of_the_owner_alone():
        assert umask() == 0o077
    assert umask() == 0o022


def test_whoever_comes_first_makes_a_closed_folder(tmp_path: Path) -> None:
    with only_writer(tmp_path / "a"), folder_when_whole(tmp_path / "b" / "synthetic") as fresh:
        (fresh / "bills").mkdir()
    make_private_folder(tmp_path / "c" / "d")
    assert [rights(tmp_path / name) for name in ("a", "b/synthetic", "c/d", "b", "c")] == [0o700] * 3 + [0o755] * 2


def test_dbt_makes_a_closed_folder_and_closed_files(tmp_path: Path) -> None:
    plugin = Plugin.__new__(Plugin)
    plugin.creds = SimpleNamespace(path=str(tmp_path / "warehouse" / "w.duckdb"))
    plugin.initialize({})
    assert rights(tmp_path / "warehouse") == 0o700
    assert umask() == 0o077


def test_no_extension_is_fetched() -> None:
    """What is not part of DuckDB is refused at once, also where there is a network."""
    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text())["peakwise"]["outputs"]["duckdb"]
    for name in ("autoinstall_known_extensions", "autoload_known_extensions"):
        assert SETTINGS[name] is False and profile["config_options"][name] is False


def test_a_connection_asks_for_no_extension(tmp_path: Path) -> None:
    with connect(tmp_path / "w.duckdb") as connection:
        for name in ("autoinstall_known_extensions", "autoload_known_extensions"):
            assert connection.execute("select current_setting(?)", [name]).fetchone() == (False,)
        with pytest.raises(duckdb.Error, match="spatial"):
            connection.execute("select st_point(1, 2)")
