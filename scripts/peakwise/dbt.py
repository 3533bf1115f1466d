"""Runs dbt inside this process: one import, one parse, and the parsed project used again for every further command."""

import atexit
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peakwise.paths import PROJECT
from peakwise.private_files import files_of_the_owner_alone

QUIET = ("--quiet", "--log-level", "none", "--log-level-file", "none", "--no-use-colors", "--no-print")


class DbtFailed(Exception):
    """A dbt command did not succeed; the text names each node that failed and why."""


@dataclass(frozen=True)
class DbtResult:
    """What a dbt command did: the nodes that succeeded, by name, and the seconds each of them took."""

    seconds_by_node: dict[str, float]

    @property
    def nodes(self) -> int:
        """How many nodes succeeded."""
        return len(self.seconds_by_node)

    @property
    def seconds(self) -> float:
        """What they took together, though some ran at the same time."""
        return sum(self.seconds_by_node.values())


@contextmanager
def warehouse_environment(warehouse: Path) -> Iterator[None]:
    """Point the project's profile at one warehouse file while the block runs."""
    # As seen from the working folder: where the profile names another path, dbt parses the project anew.
    names = {"PEAKWISE_WAREHOUSE": os.path.relpath(warehouse), "DO_NOT_TRACK": "1"}
    # dbt's files on what it ran are for people who run dbt; writing them takes longer than many a command.
    names["DBT_WRITE_JSON"] = os.environ.get("DBT_WRITE_JSON", "false")
    former = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Dbt:
    """The project's dbt, parsed once.

    dbt is the slowest import of the pipeline, so it is made when first used.
    """

    def __init__(self, warehouse: Path, target_folder: Path) -> None:
        """Remember where to build; nothing runs yet.

        Args:
            warehouse: The DuckDB file to build in.
            target_folder: Where dbt writes its artifacts and logs.
        """
        self.warehouse = warehouse
        self.target_folder = target_folder
        self.manifest: Any = None

    def run(self, *arguments: str) -> DbtResult:
        """Run one dbt command, such as `run("build", "--selector", "models")`.

        Raises:
            DbtFailed: A node failed, or dbt itself did.
        """
        from dbt.cli.main import dbtRunner

        make_no_messages_unheard()
        with warehouse_environment(self.warehouse), files_of_the_owner_alone():
            if self.manifest is None:
                parsed = dbtRunner().invoke([*QUIET, "parse", *self.folders()])
                if not parsed.success:
                    raise DbtFailed(f"dbt cannot parse the project: {parsed.exception}")
                self.manifest = parsed.result
                # The parsed project stays, so garbage collection need not look through it again and again.
                gc.collect()
                gc.freeze()
                # At the end of the process everything is to be taken down in order, as it would be otherwise.
                atexit.register(gc.unfreeze)
            try:
                outcome = dbtRunner(manifest=self.manifest).invoke([*QUIET, *arguments, *self.folders()])
            finally:
                release_warehouse()
        if not outcome.success:
            raise DbtFailed(failures(outcome))
        return DbtResult({result.node.unique_id.split(".")[-1]: result.execution_time for result in outcome.result})

    def folders(self) -> list[str]:
        """Options that keep dbt's files out of the project folder."""
        return [
            "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
            "--target-path", str(self.target_folder), "--log-path", str(self.target_folder / "logs"),
        ]  # fmt: skip


def make_no_messages_unheard() -> None:
    """Spare dbt the messages that nobody hears: it makes dozens for each node, in Python, while other nodes wait."""
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager

    class HeardEvents(EventManager):
        """Handles events as dbt does, where there is a log or where a warning may have to become an error."""

        def fire_event(
            self, e: Any, level: Any = None, node: Any = None, force_warn_or_error_handling: bool = False
        ) -> None:
            if self.loggers or force_warn_or_error_handling:
                super().fire_event(e, level, node, force_warn_or_error_handling)

    if type(get_event_manager()) is EventManager:
        ctx_set_event_manager(HeardEvents())


def release_warehouse() -> None:
    """Let go of the warehouse, which dbt keeps open for the length of a process, so that the next step can open it."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()
    gc.collect()


def failures(outcome: Any) -> str:
    """One line for each failed node: its name and the first line of what the database said."""
    if outcome.exception is not None:
        return str(outcome.exception)
    failed = [result for result in outcome.result if str(result.status) in ("error", "fail", "runtime error")]
    return "\n".join(f"{result.node.name}: {' '.join(str(result.message).split())[:400]}" for result in failed)
