"""What the commands that load files have in common: one writer, one sentence for each failure, and the exit code."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import duckdb
from rich.console import Console
from rich.markup import escape

from peakwise.errors import UnusableInput
from peakwise.private_files import others_can_read
from peakwise.warehouse import connect, only_writer


class LoadedFile(Protocol):
    """What became of a file, as far as the exit code depends on it."""

    state: str
    message: str
    rows_rejected: int


def run_load(warehouse: Path, load: Callable[[duckdb.DuckDBPyConnection], list[LoadedFile]], errors: Console) -> int:
    """Load files into a warehouse; every expected failure is one clear sentence on standard error.

    Args:
        warehouse: The DuckDB file.
        load: Loads and prints what became of each file.
        errors: Standard error.

    Returns:
        The exit code: 0 done, 1 done but rows were rejected, 2 some or all input cannot be used.
    """
    try:
        with only_writer(warehouse.parent), connect(warehouse) as connection:
            if others_can_read(warehouse):
                errors.print(
                    f"Others can read {escape(str(warehouse))}, which holds data of single customers. "
                    f"To close it: chmod 600 {escape(shlex.quote(str(warehouse)))}",
                    highlight=False,
                    soft_wrap=True,
                )
            files = load(connection)
        unusable = [file for file in files if file.state == "unusable"]
        for file in unusable:
            tell(errors, file.message)
        if not unusable:
            return 1 if any(file.rows_rejected for file in files) else 0
    except UnusableInput as error:
        tell(errors, str(error))
    except (duckdb.OperationalError, duckdb.DataError) as error:
        tell(errors, f"The warehouse cannot be written: {str(error).splitlines()[0]}")
    except OSError as error:
        tell(errors, f"{error.filename or 'The warehouse'} cannot be used: {error.strerror or error}.")
    except KeyboardInterrupt:
        tell(errors, "Interrupted. Files that were done stay loaded; run the same command again for the rest.")
    return 2


def show_rejects(connection: duckdb.DuckDBPyConnection, table: str, load_ids: list[int], console: Console) -> None:
    """Print why rows of these loads were rejected, and where the first of each kind stands.

    Args:
        connection: The warehouse.
        table: Table of rejected rows in the raw schema.
        load_ids: The loads.
        console: Where to.
    """
    rejects = connection.execute(
        f"""
        select reason, count(*), arg_min(file_name || ', line ' || line_number, (load_id, line_number))
        from raw.{table} where load_id in (select unnest(?::integer[]))
        group by reason order by 2 desc, 1
        """,
        [load_ids],
    ).fetchall()
    for reason, rows, first in rejects:
        console.print(f"rejected {rows:,}: {reason} (first in {first})", markup=False, highlight=False, soft_wrap=True)
    if rejects:
        console.print(f"All of them stand in raw.{table}.", highlight=False)


def tell(errors: Console, message: str) -> None:
    """Print one sentence on standard error."""
    errors.print(f"[red]Not loaded.[/red] {escape(message)}", highlight=False, soft_wrap=True)
