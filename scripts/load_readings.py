"""Load files of meter readings into the warehouse in place; every row ends up accepted, duplicate, superseded or rejected."""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from peakwise import paths
from peakwise.console import PlainConsole, without_commands
from peakwise.errors import UnusableInput
from peakwise.load_command import run_load, show_rejects
from peakwise.loading import (
    Clock,
    FileResult,
    UtilitySettings,
    load_beside_readings,
    load_readings,
    set_holidays,
    set_utility,
)
from peakwise.readers.file_text import shown_name
from peakwise.reading_arguments import (
    TEXT,
    add_reading_arguments,
    beside_readings,
    reading_options,
    with_negative_offsets,
)

EPILOG = """
Example:
  .venv/bin/python scripts/load_readings.py meters/ --label end --label-timezone UTC --utility-timezone Europe/London --holidays GB

The first load must say in which zone the customers live, unless the labels' own clock tells. Label and clock of a later
load are those of the latest one where they are not given. docs/loading.md describes formats, columns and rejects.

Exit codes: 0 done, 1 done but rows were rejected, 2 some or all input cannot be used (the other files are loaded).
"""
FATES = ("rows_in", "rows_accepted", "rows_duplicate", "rows_superseded", "rows_rejected")
PIPE_WIDTH = 200


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with one sentence and exit code 2."""
        self.exit(2, f"{self.prog}: {message}. Try --help.\n")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of the command line; an empty text counts as not given."""
    parser = _Parser(description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readings", nargs="+", help="files, folders or globs of meter readings, plain or packed")
    add_reading_arguments(parser)
    parser.add_argument("--warehouse", **TEXT, metavar="FILE", help=f"warehouse file (default: {paths.warehouse()})")
    return parser.parse_args(with_negative_offsets(arguments))


def settle_utility(connection: duckdb.DuckDBPyConnection, given: argparse.Namespace, clock: Clock | None) -> None:
    """Write the utility's row before the first load; later only check that nothing contradicts it.

    Raises:
        UnusableInput: The zone of local days is unknown, or another than the warehouse's.
    """
    rows = connection.execute("select time_zone, holiday_calendar from raw.utility").fetchall()
    if not rows:
        time_zone = given.utility_timezone or (clock.utility_time_zone if clock else None)
        if time_zone is None:
            raise UnusableInput(
                "Say by which local clock the utility's customers live, for days and hours are local: "
                "--utility-timezone Europe/London or another IANA zone."
            )
        set_utility(connection, UtilitySettings(time_zone=time_zone, holiday_calendar=given.holidays))
        return
    for name, wanted, present in (
        ("time zone", given.utility_timezone, rows[0][0]),
        ("holiday calendar", given.holidays, rows[0][1]),
    ):
        if wanted is not None and wanted != present:
            raise UnusableInput(
                f"The warehouse has the {name} {present or 'none'}, not {wanted}; a load cannot change it. Build a new one."
            )


def load(connection: duckdb.DuckDBPyConnection, given: argparse.Namespace, console: Console) -> list[FileResult]:
    """Load what the command line names, with a bar on a terminal and a line a file on a pipe."""
    options = reading_options(given)
    settle_utility(connection, given, options.label_clock)
    for line in load_beside_readings(connection, beside_readings(given), options):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("loading", total=None)
            files = load_readings(
                connection,
                given.readings,
                options,
                lambda done, total, path: progress.update(
                    task, completed=done, total=total, description=f"loading {without_commands(shown_name(path))}"
                ),
            )
    else:
        files = load_readings(
            connection,
            given.readings,
            options,
            lambda done, total, path: console.print(
                f"loading {done + 1} of {total}: {shown_name(path)}", markup=False, highlight=False, soft_wrap=True
            ),
        )
    set_holidays(connection)
    return files


def show(connection: duckdb.DuckDBPyConnection, files: list[FileResult], console: Console) -> None:
    """Print where the rows of each file went, and why rows were rejected."""
    table = Table("file", "format")
    for column in ("in", "accepted", "duplicate", "superseded", "rejected"):
        table.add_column(column, justify="right")
    table.add_column("first (UTC)")
    table.add_column("last (UTC)")
    for file in files:
        name = escape(file.name)
        if file.state == "unusable":
            table.add_row(name, "", "", "unusable")
        elif file.state == "known":
            table.add_row(name, file.file_format, f"{file.rows_in:,}", "known already")
        else:
            span = (f"{at:%Y-%m-%d %H:%M}" for at in (file.first_interval_start_at, file.last_interval_end_at))
            table.add_row(name, file.file_format, *(f"{getattr(file, fate):,}" for fate in FATES), *span)
    loaded = [file for file in files if file.state == "loaded"]
    if len(files) > 1:
        table.add_section()
        table.add_row(
            f"{len(loaded)} files loaded", "", *(f"{sum(getattr(file, fate) for file in loaded):,}" for fate in FATES)
        )
    console.print(table)
    for understood in dict.fromkeys(file.understood for file in loaded):
        count = sum(file.understood == understood for file in loaded)
        console.print(f"{count} file(s): {understood}", markup=False, highlight=False, soft_wrap=True)
    for file in loaded:
        if file.ambiguity:
            console.print(file.ambiguity, markup=False, highlight=False, soft_wrap=True)
    show_rejects(connection, "rejected_readings", [file.load_id for file in loaded], console)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    console = PlainConsole(width=width)
    given = parse(sys.argv[1:] if arguments is None else arguments)

    def load_and_show(connection: duckdb.DuckDBPyConnection) -> list[FileResult]:
        files = load(connection, given, console)
        show(connection, files, console)
        return files

    warehouse = Path(given.warehouse).absolute() if given.warehouse else paths.warehouse()
    return run_load(warehouse, load_and_show, PlainConsole(stderr=True))


if __name__ == "__main__":
    sys.exit(main())
