"""The only module that opens the warehouse, and the only one that creates its source tables."""

import contextlib
import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import BinaryIO

import duckdb

from peakwise.errors import UnusableInput
from peakwise.paths import PROJECT
from peakwise.private_files import files_of_the_owner_alone, make_private_folder
from peakwise.yaml_files import read_yaml

SETTINGS = {
    # Nothing is fetched while Peakwise runs; what it needs is part of DuckDB.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "TimeZone": "UTC",
    "memory_limit": "3GB",
    # DuckDB 2.0 otherwise groups by instant before the calendar join: five times slower on meter readings.
    "disabled_optimizers": "partial_aggregate_pushdown",
    "enable_progress_bar": False,
}


def quoted(identifier: str) -> str:
    """An SQL identifier in double quotes, whatever characters it holds."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal, for the few places (file readers) where DuckDB takes no parameter."""
    return "'" + text.replace("'", "''") + "'"


@cache
def source_tables() -> Mapping[str, Mapping[str, str]]:
    """Columns and types of every table that Python writes, read from the dbt sources' YAML.

    Returns:
        `{"raw.readings": {"meter_key": "integer", ...}, ...}` in the order of the files.
    """
    tables: dict[str, dict[str, str]] = {}
    for path in sorted((PROJECT / "models" / "staging").glob("*/_*__sources.yml")):
        for source in read_yaml(path)["sources"]:
            for table in source["tables"]:
                columns = {column["name"]: column["data_type"] for column in table["columns"]}
                tables[f"{source['schema']}.{table['name']}"] = columns
    return tables


def create_missing_source_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the `raw` and `ml` tables that do not exist yet, as their YAML describes them.

    Raises:
        UnusableInput: One that exists lacks a column.
    """
    present = set(
        connection.execute("select schema_name || '.' || table_name, column_name from duckdb_columns()").fetchall()
    )
    tables = {name for name, _ in present}
    for name, columns in source_tables().items():
        if name in tables:
            if any((name, column) not in present for column in columns):
                raise UnusableInput(
                    "The warehouse was made by an earlier version of Peakwise. Build a new one with `make run`."
                )
            continue
        schema = name.split(".")[0]
        body = ", ".join(f"{quoted(column)} {data_type}" for column, data_type in columns.items())
        connection.execute(f"create schema if not exists {schema}")
        connection.execute(f"create table if not exists {name} ({body})")


@contextmanager
def connect(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse file with Peakwise's settings and close it again.

    Everything that the process makes meanwhile, the file with its log and temporary files, is its owner's alone.

    Args:
        path: The DuckDB file; created, with its folder and source tables, unless `read_only`.
        read_only: Open an existing file without the right to change it.

    Raises:
        UnusableInput: The file is missing, locked by another program, or not a DuckDB file.
    """
    if read_only and not path.exists():
        raise UnusableInput(f"There is no warehouse at {path}. Run `make run` first.")
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            # DuckDB opens a CSV or Parquet file, too, as a database in memory, and what is loaded there is lost.
            if file.read(12)[8:] != b"DUCK":
                raise UnusableInput(f"{path} is not a DuckDB file. Move it away or name another warehouse.")
    try:
        if not read_only:
            make_private_folder(path.parent)
    except OSError as error:
        raise UnusableInput(f"The folder {path.parent} cannot be used: {error.strerror}.") from error
    with files_of_the_owner_alone():
        connection = _opened(path, read_only=read_only)
        try:
            for name, value in SETTINGS.items():
                connection.execute(f"set {name} = {literal(value) if isinstance(value, str) else value}")
            if not read_only:
                create_missing_source_tables(connection)
            yield connection
        finally:
            connection.close()


def _opened(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file.

    Raises:
        UnusableInput: It is locked by another program, the log beside it is another file's, or it is not a DuckDB file.
    """
    try:
        return duckdb.connect(str(path), read_only=read_only)
    except duckdb.Error as error:
        said, log = str(error).replace(str(path), ""), log_of(path)
        if "WAL" in said and "does not match" in said and log.exists():
            raise UnusableInput(
                f"{log} is the log of another file or of a former {path.name}: a program had that one open when this one "
                f"took its place. Move this log away and run this again; {path} is whole without it."
            ) from error
        if "WAL" in said and log.exists():
            raise UnusableInput(
                f"{log}, the log of what was last written to {path}, cannot be taken into it: {said.splitlines()[0]} "
                "Keep both files; with the log moved away the warehouse opens as it was before."
            ) from error
        if "lock on file" in said:
            raise UnusableInput(f"Another program has {path} open. Close it and run this again.") from error
        raise UnusableInput(f"{path} is not a DuckDB file that this version can open. Move it away.") from error


@contextmanager
def one_transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep all changes of the block, or none when it ends with an error.

    Args:
        connection: The warehouse.
    """
    connection.execute("begin transaction")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        with contextlib.suppress(duckdb.Error):
            connection.execute("rollback")
        raise


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Keep other runs from loading into, or replacing, the warehouse of a folder while the block runs.

    Raises:
        UnusableInput: Another run is at work, or the folder cannot be made.
    """
    try:
        make_private_folder(folder)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise UnusableInput(f"The folder {folder} cannot be used: {error.strerror}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnusableInput(f"Another run is at work on {folder}. Wait for it to end.") from error
        yield


@contextmanager
def kept_from_writers(path: Path) -> Iterator[BinaryIO]:
    """Keep every other program from opening a warehouse file for writing while the block runs; reading goes on.

    The lock is that of DuckDB. It ends when this process closes the file that is yielded, or the same file opened once more:
    so the block reads the file through what is yielded, and does not `connect` to it.

    Raises:
        UnusableInput: Another program has it open for writing.
    """
    with path.open("rb") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            raise UnusableInput(f"Another program has {path} open for writing. Close it and run this again.") from error
        yield file


def log_of(path: Path) -> Path:
    """Where DuckDB keeps the write-ahead log of a file: what was committed and is not in the file yet."""
    return path.with_name(path.name + ".wal")


def write_log_into_file(path: Path) -> None:
    """Bring what a killed run left in the write-ahead log into the warehouse file, so that the file alone is whole.

    Raises:
        UnusableInput: The file cannot be opened.
    """
    log = log_of(path)
    if path.exists() and log.exists():
        with connect(path) as connection:
            connection.execute("checkpoint")
    log.unlink(missing_ok=True)
