"""Load what a utility has beside its readings: premises, customer attributes, tariffs, bills, programs, contacts."""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from peakwise import paths
from peakwise.console import PlainConsole
from peakwise.load_command import run_load, show_rejects
from peakwise.loading.clock import Clock
from peakwise.loading.contract import contract_table, source_contract
from peakwise.loading.source_tables import SourceOptions, SourceTableResult, load_source_folder, load_source_table
from peakwise.readers.columns import parse_column_mapping
from peakwise.readers.file_text import shown_name
from peakwise.reading_arguments import TEXT

EPILOG = f"""
Examples:
  .venv/bin/python scripts/load_sources.py --folder exports/
  .venv/bin/python scripts/load_sources.py --table bills --file march.csv --columns bill_id=BillNo,issued_on=Printed --date-format %m/%d/%Y

Tables: {", ".join(source_contract())}.
In a folder the name of a file up to its first dot says the table. docs/sources.md describes tables, columns and rejects.

Exit codes: 0 done, 1 done but rows were rejected, 2 some or all input cannot be used (the other files are loaded).
"""
FATES = ("rows_in", "rows_accepted", "rows_replaced", "rows_rejected")
PIPE_WIDTH = 200


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with one sentence and exit code 2."""
        self.exit(2, f"{self.prog}: {message}. Try --help.\n")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of the command line; an empty text counts as not given."""
    parser = _Parser(description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", **TEXT, metavar="FOLDER", help="folder with a file for each table")
    parser.add_argument("--table", **TEXT, help="table of one file")
    parser.add_argument("--file", **TEXT, help="the file, Parquet or CSV, plain or packed")
    parser.add_argument("--columns", **TEXT, metavar="FIELD=NAME,…", help="its columns, where names are not recognised")
    parser.add_argument(
        "--timezone",
        **TEXT,
        metavar="ZONE",
        help="clock of times without an offset: +10:00, Europe/London (default: UTC)",
    )
    parser.add_argument(
        "--date-format",
        **TEXT,
        metavar="FORMAT",
        help="how dates are written, such as %%m/%%d/%%Y (default: 2024-01-31)",
    )
    parser.add_argument("--warehouse", **TEXT, metavar="FILE", help=f"warehouse file (default: {paths.warehouse()})")
    given = parser.parse_args(arguments)
    if (given.folder is None) == (given.table is None) or (given.table is None) != (given.file is None):
        parser.error("give either --folder, or --table and --file")
    if given.folder is not None and given.columns is not None:
        parser.error("--columns is for one file: give --table and --file")
    return given


def load(connection: duckdb.DuckDBPyConnection, given: argparse.Namespace, console: Console) -> list[SourceTableResult]:
    """Load what the command line names, and say each file of a folder before it is loaded."""
    fields = contract_table(given.table).column_names if given.table else ()
    options = SourceOptions(
        columns=parse_column_mapping(given.columns, fields),
        clock=Clock.parse(given.timezone) if given.timezone else None,
        date_format=given.date_format,
    )
    if given.table:
        return [load_source_table(connection, given.table, Path(given.file), options)]
    return load_source_folder(
        connection,
        Path(given.folder),
        options,
        lambda path: console.print(f"loading {shown_name(path)}", markup=False, highlight=False, soft_wrap=True),
    )


def show(connection: duckdb.DuckDBPyConnection, files: list[SourceTableResult], console: Console) -> None:
    """Print where the rows of each file went, which columns were not read, and why rows were rejected."""
    table = Table("file", "table")
    for column in ("in", "accepted", "replaced", "rejected"):
        table.add_column(column, justify="right")
    words = {"known": "known already", "unknown": "not loaded: no table has its name", "unusable": "unusable"}
    for file in files:
        if file.state == "loaded":
            table.add_row(escape(file.file_name), file.table_name, *(f"{getattr(file, fate):,}" for fate in FATES))
        else:
            table.add_row(escape(file.file_name), file.table_name or "", "", words[file.state])
    console.print(table)
    loaded = [file for file in files if file.state == "loaded"]
    for file in loaded:
        for what, names in (("has no", file.missing), ("has columns that were not read:", file.unread)):
            if names:
                told = f"{file.file_name} {what} {', '.join(names)}"
                console.print(told, markup=False, highlight=False, soft_wrap=True)
    show_rejects(connection, "rejected_source_rows", [file.load_id for file in loaded], console)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    console = PlainConsole(width=width)
    given = parse(sys.argv[1:] if arguments is None else arguments)

    def load_and_show(connection: duckdb.DuckDBPyConnection) -> list[SourceTableResult]:
        files = load(connection, given, console)
        show(connection, files, console)
        return files

    warehouse = Path(given.warehouse).absolute() if given.warehouse else paths.warehouse()
    return run_load(warehouse, load_and_show, PlainConsole(stderr=True))


if __name__ == "__main__":
    sys.exit(main())
