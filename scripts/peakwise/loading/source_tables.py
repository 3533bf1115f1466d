"""Loads the optional sources (premises, bills, programs, contacts …) as their contract says, every row accounted for."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.loading.clock import UTC_CLOCK, Clock, create_label_clock
from peakwise.loading.contract import SourceTable, contract_table, source_contract
from peakwise.loading.manifest import content_hash, joint_hash, next_load_id
from peakwise.loading.source_values import (
    NUMBERS,
    final_value,
    label_value,
    usable_text,
    value_of,
    why_not,
)
from peakwise.loading.tables import Table, candidates, mapped_column, open_table, read_texts, temporary_tables
from peakwise.readers.columns import check_not_alike
from peakwise.readers.csv_text import decimals_have_comma, drop_texts, fill_numbered_texts
from peakwise.readers.file_text import leads_nowhere, shown_name, shown_text
from peakwise.readers.packing import unpacked
from peakwise.warehouse import one_transaction

LONGEST_ROW_TEXT = 500
WORKING_TABLES = ("source_texts", "source_texts_usable", "source_rows", "source_new", "source_rejects", "label_clock")
# Any day past the twelfth: what a date format writes of it, the same format must read back.
TRIAL_DATE = date(2024, 1, 31)


@dataclass(frozen=True)
class SourceOptions:
    """How to understand a file where its contract does not tell.

    Attributes:
        columns: Column of the contract to the file's column, where recognition by name is not wanted.
        clock: Clock of times without an offset; None takes them for UTC.
        date_format: How dates are written, as `strptime` reads it, such as `%m/%d/%Y`; None for year first.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    clock: Clock | None = None
    date_format: str | None = None

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            UnusableInput: The date format is none.
        """
        if self.date_format is None:
            return
        try:
            told = datetime.strptime(TRIAL_DATE.strftime(self.date_format), self.date_format).date() == TRIAL_DATE
        except ValueError:
            told = False
        if " " in self.date_format or not told:
            raise UnusableInput("The date format must name day, month and year without blanks, as in %m/%d/%Y.")

    def identity(self, digest: str) -> str:
        """What tells loads of a content apart: the content's hash, and the options where there are any."""
        given = [f"{name}={column}" for name, column in sorted(self.columns.items())]
        given += [self.clock.name] if self.clock else []
        given += [self.date_format] if self.date_format else []
        return joint_hash(digest, *given) if given else digest


@dataclass(frozen=True)
class SourceTableResult:
    """What became of one file; all counts are rows, and rows_in = rows_accepted + rows_rejected.

    Attributes:
        file_name: The file's name.
        state: `loaded`, `known` (the same content was loaded before), `unknown` (no table has this name) or `unusable`.
        table_name: Table of the contract; None for a file of an unknown name.
        message: One sentence on a file that was not loaded.
        load_id: The load that brought the content, this one or an earlier one.
        rows_in: Rows in the file.
        rows_accepted: Rows that were taken, those that say the same twice included.
        rows_replaced: Rows of earlier loads whose key the file gives again.
        rows_rejected: Rows that cannot be used; `raw.rejected_source_rows` holds them with the reason.
        missing: Columns of the contract that the file does not have.
        unread: Columns of the file that the contract does not know.
    """

    file_name: str
    state: str
    table_name: str | None = None
    message: str = ""
    load_id: int | None = None
    rows_in: int = 0
    rows_accepted: int = 0
    rows_replaced: int = 0
    rows_rejected: int = 0
    missing: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def load_source_folder(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    options: SourceOptions | None = None,
    on_file: Callable[[Path], None] = lambda path: None,
) -> list[SourceTableResult]:
    """Load every file of a folder whose name up to the first dot is a table of the contract, as in `contacts.csv.gz`.

    Files go by name, each in one transaction; a file that cannot be used, as a link that leads nowhere, does not keep others
    from being loaded. Hidden files, those starting with `_`, and folders are left out.

    Args:
        connection: The warehouse.
        folder: The folder.
        options: How to understand all of its files.
        on_file: Called before each file.

    Returns:
        What became of each file; one that no table has the name of is named, not loaded.

    Raises:
        UnusableInput: The folder cannot be read.
    """
    try:
        found = sorted(path for path in folder.iterdir() if path.name[0] not in "._")
        files = [path for path in found if path.is_file() or leads_nowhere(path)]
    except OSError as error:
        raise UnusableInput(f"The folder {shown_name(folder, whole=True)} cannot be read: {error.strerror}.") from error
    results = []
    for path in files:
        table_name = path.name.split(".")[0]
        if table_name not in source_contract():
            message = f"{shown_name(path)} has the name of no table."
            results.append(SourceTableResult(shown_name(path), "unknown", message=message))
            continue
        on_file(path)
        try:
            results.append(load_source_table(connection, table_name, path, options))
        except UnusableInput as error:
            results.append(SourceTableResult(shown_name(path), "unusable", table_name, str(error)))
    return results


def load_source_table(
    connection: duckdb.DuckDBPyConnection,
    table_name: str,
    path: Path,
    options: SourceOptions | None = None,
    loaded_on: date | None = None,
) -> SourceTableResult:
    """Load a file (Parquet or CSV, plain or gzip) into a table of the contract; every row is accepted or rejected.

    A row whose key is known replaces the former one. Rows of one key that say the same count as one; where they differ,
    nothing tells which of them counts, so all of them are rejected. The same content, understood in the same way, is not
    loaded twice.

    Args:
        connection: The warehouse.
        table_name: The table.
        path: The file.
        options: How to understand it.
        loaded_on: Date of the load; None for today in UTC.

    Returns:
        Where its rows went.

    Raises:
        UnusableInput: There is no such table, or the file cannot be read, lacks a column, or has two that could be the same
            one. Nothing is changed then.
    """
    options = options or SourceOptions()
    contract = contract_table(table_name)
    with unpacked(path) as plain_path:
        identity = options.identity(content_hash(plain_path))
        known = _known_load(connection, table_name, identity)
        if known is not None:
            return replace(known, file_name=shown_name(path))
        try:
            with _working_tables(connection):
                loaded = _read_file(connection, contract, plain_path, options, loaded_on or datetime.now(UTC).date())
                with one_transaction(connection):
                    return _store(connection, contract, replace(loaded, file_name=shown_name(path)), identity)
        except (duckdb.DataError, duckdb.OperationalError, duckdb.InvalidInputException) as error:
            raise UnusableInput(f"{shown_name(path)} cannot be loaded: {str(error).splitlines()[0]}") from error


@contextmanager
def _working_tables(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Drop what reading a file leaves when the block ends."""
    try:
        with temporary_tables(connection, *WORKING_TABLES):
            yield
    finally:
        drop_texts(connection)


def _known_load(connection: duckdb.DuckDBPyConnection, table_name: str, identity: str) -> SourceTableResult | None:
    """The result of the load that brought this very content, or None."""
    row = connection.execute(
        """
        select load_id, rows_in, rows_accepted, rows_replaced, rows_rejected from raw.source_manifest
        where table_name = ? and content_hash = ?
        """,
        [table_name, identity],
    ).fetchone()
    return SourceTableResult("", "known", table_name, "", *row) if row else None


def _read_file(
    connection: duckdb.DuckDBPyConnection, contract: SourceTable, path: Path, options: SourceOptions, loaded_on: date
) -> SourceTableResult:
    """Create `temp.source_new` (rows to keep, each key once) and `temp.source_rejects` (line, reason, text) of a file.

    Raises:
        UnusableInput: The file cannot be read, lacks a column, or has two that could be the same one.
    """
    table = open_table(connection, path, contract.name)
    columns = _find_columns(table, contract, options.columns)
    texts, unreadable, delimiter = _read_numbered_texts(connection, table, contract, columns)
    _read_rows(connection, contract, texts, delimiter, options)
    _choose_rows(connection, contract, loaded_on)
    if unreadable:
        lines, reasons, rows = zip(*unreadable, strict=True)
        connection.execute(
            "insert into source_rejects select unnest(?::bigint[]), unnest(?::varchar[]), unnest(?::varchar[])",
            [lines, reasons, rows],
        )
    rows_read = connection.execute("select count(*) from source_rows").fetchone()[0]
    rows_rejected = connection.execute("select count(*) from source_rejects").fetchone()[0]
    rows_in = rows_read + len(unreadable)
    return SourceTableResult(
        file_name=table.name,
        state="loaded",
        table_name=contract.name,
        rows_in=rows_in,
        rows_accepted=rows_in - rows_rejected,
        rows_rejected=rows_rejected,
        missing=tuple(name for name in contract.column_names if name not in columns),
        unread=tuple(name for name in table.column_names if name not in columns.values()),
    )


def _find_columns(table: Table, contract: SourceTable, mapping: Mapping[str, str]) -> dict[str, str]:
    """The file's column of each column of the contract that it has; what the user maps is not recognised for another.

    Raises:
        UnusableInput: A required column is missing, a mapped one does not exist, or two have nearly the same name.
    """
    columns = {name: mapped_column(table, given) for name, given in mapping.items()}
    taken = set(columns.values())
    for column in contract.columns:
        if column.name in columns:
            continue
        found = [name for name in candidates(table, column.names) if name not in taken]
        if found:
            advice = f"Say which one is {column.name}: --columns {column.name}={shown_text(found[0])}"
            check_not_alike(table.name, found, advice)
            columns[column.name] = found[0]
        elif column.name in contract.required:
            raise UnusableInput(
                f"{table.name} has no {column.name} column; its columns are: {table.columns_told}. Rename the one that holds "
                f"it, or say it: --columns {column.name}=…"
            )
    return columns


def _read_numbered_texts(
    connection: duckdb.DuckDBPyConnection, table: Table, contract: SourceTable, columns: Mapping[str, str]
) -> tuple[str, list[tuple[int, str, str]], str]:
    """Read the texts of a file's columns.

    Returns:
        A relation of `line_number` and `<column>_text`; number, reason and text of the lines that could not be taken apart;
        what parts columns, a comma for Parquet.

    Raises:
        UnusableInput: The file breaks off, or too many of its lines cannot be taken apart.
    """
    if table.csv is None:
        read_texts(connection, table, "source_texts", {name: columns.get(name) for name in contract.column_names})
        return "(select rowid + 1 as line_number, * from temp.source_texts)", [], ","
    texts = [
        f"{table.text(columns[name]) if name in columns else 'null::varchar'} as {name}_text"
        for name in contract.column_names
    ]
    return *fill_numbered_texts(connection, table.csv, texts), table.csv.delimiter


def _read_rows(
    connection: duckdb.DuckDBPyConnection, contract: SourceTable, texts: str, delimiter: str, options: SourceOptions
) -> None:
    """Create `temp.source_rows`: `line_number`, `row_text`, the typed columns, and `reason` why a row cannot be used."""
    clock = options.clock or UTC_CLOCK
    numbers = [f"{column.name}_text" for column in contract.columns if column.data_type in NUMBERS]
    # A number with decimals alone tells how decimals are written.
    has_comma = bool(numbers and decimals_have_comma(connection, texts, numbers, delimiter))
    times = [column.name for column in contract.columns if column.data_type == "timestamp"]
    usable = ", ".join(
        f"{usable_text(column, f'{column.name}_text', options.date_format)} as {column.name}_text"
        for column in contract.columns
    )
    labels = "".join(f", {label_value(f'{name}_text')} as {name}_label" for name in times)
    told = ", ".join(f"'{name}=' || {name}_text" for name in contract.column_names)
    connection.execute(f"""
        create or replace temp table source_texts_usable as
        select *{labels}
        from (select line_number, left(concat_ws(', ', {told}), {LONGEST_ROW_TEXT}) as row_text, {usable} from {texts})
    """)
    joins = ""
    if times and clock.is_local:
        seen = " union all ".join(f"select {name}_label as label_at from source_texts_usable" for name in times)
        create_label_clock(connection, seen, clock, "start")
        joins = " ".join(
            f"left join label_clock as {name}_clock on {name}_label = {name}_clock.label_at" for name in times
        )
    values = ", ".join(f"{value_of(column, has_comma, clock)} as {column.name}" for column in contract.columns)
    branches = "\n".join(why_not(column, column.name in contract.required, clock) for column in contract.columns)
    checks = "\n".join(f"when not ({holds}) then '{reason}'" for holds, reason in contract.checks)
    case = f"case {branches} {checks} end" if branches or checks else "null::varchar"
    connection.execute(f"""
        create or replace temp table source_rows as
        select line_number, row_text, {", ".join(contract.column_names)}, {case} as reason
        from (select source_texts_usable.*, {values} from source_texts_usable {joins})
    """)
    connection.execute("drop table temp.source_texts_usable")


def _choose_rows(connection: duckdb.DuckDBPyConnection, contract: SourceTable, loaded_on: date) -> None:
    """Create `temp.source_new` and `temp.source_rejects` of `temp.source_rows`."""
    key = ", ".join(contract.key)
    finals = ", ".join(f"{final_value(column)} as {column.name}" for column in contract.columns)
    filled = f"select line_number, row_text, {finals} from source_rows where reason is null"
    clashing = f"""
        select {key} from (select distinct {", ".join(contract.column_names)} from ({filled}))
        group by {key} having count(*) > 1
    """
    parameters = {"load_date": loaded_on.isoformat()} if "$load_date" in finals else {}
    connection.execute(
        f"""
        create or replace temp table source_new as
        select distinct {", ".join(contract.column_names)} from ({filled}) as filled
        where ({key}) not in (select ({key}) from ({clashing}))
        """,
        parameters,
    )
    connection.execute(
        f"""
        create or replace temp table source_rejects as
        select line_number, reason, row_text from source_rows where reason is not null
        union all
        select line_number, 'other rows have the same {" and ".join(contract.key)} and say something else', row_text
        from ({filled}) as filled semi join ({clashing}) as clashing using ({key})
        """,
        parameters,
    )


def _store(
    connection: duckdb.DuckDBPyConnection, contract: SourceTable, result: SourceTableResult, identity: str
) -> SourceTableResult:
    """Write the rows, the rejects and the manifest; the caller holds the transaction."""
    target, key = f"raw.{contract.name}", ", ".join(contract.key)
    load_id = next_load_id(connection, "raw.source_manifest")
    same_key = " and ".join(f"{target}.{name} = source_new.{name}" for name in contract.key)
    replaced = connection.execute(f"delete from {target} using source_new where {same_key}").fetchone()[0]
    connection.execute(f"insert into {target} by name select * from source_new order by {key}")
    connection.execute(
        """
        insert into raw.rejected_source_rows
        select ?, ?, ?, line_number, reason, row_text from source_rejects order by line_number
        """,
        [load_id, contract.name, result.file_name],
    )
    result = replace(result, load_id=load_id, rows_replaced=replaced)
    connection.execute(
        "insert into raw.source_manifest values (?, ?, ?, ?, ?, ?, ?, ?, timezone('UTC', now()))",
        [
            load_id,
            contract.name,
            result.file_name,
            identity,
            result.rows_in,
            result.rows_accepted,
            replaced,
            result.rows_rejected,
        ],
    )
    return result
