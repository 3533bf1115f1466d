"""While a run works, nobody else writes the warehouse in place; a log that is not the warehouse's is told as what it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import Home

from peakwise import paths
from peakwise.errors import UnusableInput
from peakwise.pipeline import building_place, copy_of_warehouse, put_in_place
from peakwise.warehouse import connect, write_log_into_file

WRITERS = {
    "segment_customers.py": ("--k", "2"),
    "segment_customers.py --accept": ("--accept",),
    "cluster_day_shapes.py": (),
    "load_readings.py": ("x.csv",),
    "load_sources.py": ("--folder", "."),
    "run_pipeline.py": ("--accept",),
}
INSERT = "insert into kept values (777)"


@pytest.fixture
def in_place(home: Home, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A warehouse in place whose table `kept` has ten rows."""
    monkeypatch.setenv("PEAKWISE_HOME", str(home.folder))
    with connect(paths.warehouse()) as connection:
        connection.execute("create table kept as select range as i from range(10)")
    return paths.warehouse()


def child(path: Path, *statements: str, then: str = "connection.close()") -> subprocess.CompletedProcess:
    """Another program that opens a DuckDB file for writing, does something and ends as `then` says."""
    lines = ["import duckdb, os", f"connection = duckdb.connect({str(path)!r})"]
    lines += [f"connection.execute({statement!r})" for statement in statements]
    return subprocess.run([sys.executable, "-c", "\n".join([*lines, then])], capture_output=True, text=True)


def killed(path: Path, *statements: str) -> None:
    """Another program that writes and dies, so that its log stays."""
    assert child(path, *statements, then="os._exit(9)").returncode == 9
    assert log_of(path).exists()


def log_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def rows(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute("select count(*) from kept").fetchone()[0]


def swap_in(building: Path, warehouse: Path) -> None:
    """Put a built warehouse in place, as the last step of a run does."""
    (building / "figures").mkdir()
    put_in_place(warehouse)


@pytest.mark.parametrize("command", WRITERS)
def test_every_script_that_writes_is_refused_while_a_run_is_at_work(home: Home, in_place: Path, command: str) -> None:
    before = in_place.read_bytes()
    with building_place():
        refused = home.script(command.split()[0], *WRITERS[command])
    assert refused.code == 2 and "Another run is at work on" in refused.errors, refused.errors
    assert "Traceback" not in refused.errors
    assert in_place.read_bytes() == before


@pytest.mark.parametrize("script", ["segment_customers.py", "cluster_day_shapes.py"])
def test_a_script_for_a_warehouse_elsewhere_is_not_kept_waiting(home: Home, in_place: Path, script: str) -> None:
    elsewhere = home.folder / "elsewhere" / "peakwise.duckdb"
    with building_place():
        finished = home.script(script, "--warehouse", elsewhere)
    # It may start, and says what it lacks.
    assert finished.code == 2 and "Another run" not in finished.errors


def test_a_client_cannot_write_what_the_swap_would_lose(in_place: Path) -> None:
    with building_place() as place:
        warehouse = copy_of_warehouse(place)
        refused = child(in_place, INSERT)
        assert "Conflicting lock" in refused.stderr
        # Who only reads goes on.
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(INSERT)
        reading = f"import duckdb; duckdb.connect({str(in_place)!r}, read_only=True)"
        assert subprocess.run([sys.executable, "-c", reading]).returncode == 0
        swap_in(place.folder, warehouse)
    assert rows(in_place) == 11
    assert child(in_place, INSERT).returncode == 0 and rows(in_place) == 12


@pytest.mark.parametrize("has_log", [False, True], ids=["idle", "has written"])
def test_a_run_does_not_start_while_a_client_has_the_warehouse_open_for_writing(in_place: Path, has_log: bool) -> None:
    lines = f"""
import duckdb, sys
connection = duckdb.connect({str(in_place)!r})
if {has_log}: connection.execute({INSERT!r})
print(flush=True)
sys.stdin.read()
"""
    client = subprocess.Popen([sys.executable, "-c", lines], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    client.stdout.readline()
    try:
        with pytest.raises(UnusableInput, match=r"Another program has .*peakwise\.duckdb open"), building_place():
            pytest.fail("a run has started")
        assert log_of(in_place).exists() == has_log
    finally:
        client.communicate()
    assert rows(in_place) == 10 + has_log


def test_the_copy_has_what_a_killed_program_left_in_the_log(in_place: Path) -> None:
    killed(in_place, INSERT)
    with building_place() as place:
        warehouse = copy_of_warehouse(place)
        assert rows(warehouse) == 11 and not log_of(in_place).exists()
    assert rows(in_place) == 11


def test_a_new_warehouse_takes_the_place_of_one_with_a_log(in_place: Path) -> None:
    killed(in_place, INSERT)
    with building_place() as place:
        warehouse = place.folder / "peakwise.duckdb"
        with connect(warehouse) as connection:
            connection.execute("create table kept as select 1 as i")
        swap_in(place.folder, warehouse)
    assert not log_of(in_place).exists() and rows(in_place) == 1


def log_of_a_stranger(in_place: Path) -> None:
    """Beside the warehouse lies the log of a file that was made apart from it."""
    stranger = in_place.with_name("stranger.duckdb")
    with duckdb.connect(str(stranger)) as connection:
        connection.execute("create table kept as select 1 as i")
    killed(stranger, INSERT)
    log_of(stranger).replace(log_of(in_place))


def log_of_a_former_state(checkpoints: int) -> None:
    """Beside the warehouse lies the log of the file that it was copied from and has replaced."""
    in_place = paths.warehouse()
    later = in_place.with_name("later.duckdb")
    shutil.copy(in_place, later)
    for _ in range(checkpoints):
        with duckdb.connect(str(later)) as connection:
            connection.execute("insert into kept values (1)")
    killed(in_place, INSERT)
    later.replace(in_place)


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("kind", ["stranger", "one checkpoint ago", "three checkpoints ago"])
def test_a_log_of_another_file_is_named_and_the_warehouse_stays(in_place: Path, kind: str, read_only: bool) -> None:
    if kind == "stranger":
        log_of_a_stranger(in_place)
    else:
        log_of_a_former_state({"one": 1, "three": 3}[kind.split()[0]])
    log = log_of(in_place).read_bytes()
    with pytest.raises(UnusableInput) as told, connect(in_place, read_only=read_only):
        pytest.fail("it was opened")
    message = str(told.value)
    assert f"{log_of(in_place)} is the log of another file" in message and "Move this log away" in message
    assert f"{in_place} is whole without it" in message and "not a DuckDB file" not in message
    assert log_of(in_place).read_bytes() == log
    log_of(in_place).rename(in_place.with_name("moved.away"))
    with connect(in_place, read_only=read_only) as connection:
        assert connection.execute("select count(*) from kept").fetchone()[0] >= 10


def test_a_log_that_cannot_be_read_back_is_not_called_the_warehouse_s_fault(
    in_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(in_place, INSERT)

    def fails(path: str, **options: object) -> None:
        raise duckdb.IOException(f'IO Error: Failure while replaying WAL file "{path}.wal": No space left on device')

    monkeypatch.setattr(duckdb, "connect", fails)
    with pytest.raises(UnusableInput, match=r"\.wal, the log of .*No space left on device") as told, connect(in_place):
        pytest.fail("it was opened")
    assert "not a DuckDB file" not in str(told.value) and "whole without it" not in str(told.value)
    assert log_of(in_place).exists()


def test_a_run_stops_at_once_at_a_log_of_another_file(home: Home, in_place: Path) -> None:
    log_of_a_stranger(in_place)
    for arguments in (("--accept",), ("--update", "--k", "2"), ("--synthetic-customers", "20")):
        stopped = home.script("run_pipeline.py", *arguments)
        assert stopped.code == 2 and "Move this log away" in stopped.errors, stopped.errors
        assert "done load" not in stopped.output
    assert log_of(in_place).exists()


@pytest.mark.parametrize("folder", ["WAL does not match", "block"])
def test_the_name_of_a_folder_is_not_taken_for_the_cause(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "peakwise.duckdb"
    path.parent.mkdir()
    path.write_bytes(bytes(8) + b"DUCK" + os.urandom(20_000))
    with pytest.raises(UnusableInput, match="is not a DuckDB file that this version can open"), connect(path):
        pytest.fail("it was opened")


def test_a_log_is_written_into_the_file_and_not_lost(in_place: Path) -> None:
    killed(in_place, INSERT)
    write_log_into_file(in_place)
    assert not log_of(in_place).exists() and rows(in_place) == 11
