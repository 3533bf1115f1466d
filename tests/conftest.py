"""What several tests need: commands run as a user runs them, and the real data where it is there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[1]
SHARED_DATA = PROJECT.parent / "shared" / "data"
PARSED = "partial_parse.msgpack"
LONGEST_FIRST = (
    "test_pipeline.py", "test_updates.py", "test_real_readings.py", "test_histories.py", "test_load_readings.py",
    "test_day_shapes.py", "test_equipment_from_readings.py", "test_benchmarks_run.py", "test_figures_draw_all.py",
)  # fmt: skip
KEPT = TemporaryDirectory()


@dataclass(frozen=True)
class Finished:
    """A finished command: its exit code and what it printed."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Home:
    """One PEAKWISE_HOME, and the commands that work in it."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse" / "peakwise.duckdb"

    @property
    def published(self) -> Path:
        return self.folder / "published"

    def command(self, *arguments: str | Path) -> Finished:
        """Run a command inside this folder: paths are the same in every home, so dbt need not read the project anew."""
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {
            "PEAKWISE_HOME": ".",
            "DBT_PROJECT_DIR": str(PROJECT),
            "DBT_PROFILES_DIR": str(PROJECT),
            "COLUMNS": "160",
        }
        environment.pop("PEAKWISE_WAREHOUSE", None)
        with parsed_project("pipeline", self.folder / "warehouse" / "dbt"), parsed_project("dbt", self.folder / "dbt"):
            done = subprocess.run(
                [str(argument) for argument in arguments],
                cwd=self.folder,
                env=environment,
                capture_output=True,
                text=True,
            )
        return Finished(done.returncode, done.stdout, done.stderr)

    def script(self, name: str, *arguments: str | Path) -> Finished:
        return self.command(sys.executable, PROJECT / "scripts" / name, *arguments)

    def pipeline(self, *arguments: str | Path) -> Finished:
        """Run the whole pipeline without its figures, which take a quarter of the time and few tests look at."""
        return self.script("run_pipeline.py", "--figures", "no", *arguments)

    def dbt(self, *arguments: str) -> Finished:
        target = self.folder / "dbt"
        return self.command(
            Path(sys.executable).parent / "dbt", *arguments, "--target-path", target, "--log-path", target / "logs"
        )


@contextmanager
def parsed_project(kind: str, target: Path) -> Iterator[None]:
    """Lend a dbt target folder the project as another command of this process has parsed it, and keep what it parses.

    dbt compares it with every file of the project and reads again what differs.
    """
    kept = Path(KEPT.name) / kind / PARSED
    there = target / PARSED
    if kept.exists() and not there.exists():
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(kept, there)
    yield
    if there.exists() and not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        shutil.copy(there, kept)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A fresh, empty PEAKWISE_HOME."""
    return Home(tmp_path / "home")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory, for readers alone."""
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as opened:
        yield opened


def real_data(name: str) -> Path:
    """A file of real readings beside the project; the test is skipped where it is absent."""
    path = SHARED_DATA / name
    if not path.exists():
        pytest.skip(f"real meter data are not here: ../shared/data/{name}")
    return path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: a file stays in one process, and the two should end at about the same time."""
    items.sort(key=lambda item: (*LONGEST_FIRST, item.path.name).index(item.path.name))
