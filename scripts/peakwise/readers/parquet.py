"""Readings in a Parquet file in long form: one row a reading, scanned in place."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers.columns import REQUIRED, find_columns
from peakwise.readers.file_text import has_padded_text, path_literal, trimmed
from peakwise.readers.parquet_file import parquet_columns, parquet_scan, why_unreadable
from peakwise.readers.reading_file import ReadingFile

FITTING_BIGINT = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
NUMBERS = (*FITTING_BIGINT, "UBIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
TEXT_OR_NUMBER = (*NUMBERS, "VARCHAR", "UUID")
TIMESTAMPS = ("TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S")
UTC_TIMESTAMPS = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
NOTHING_BUT_NULLS = '"NULL"'
# How DuckDB calls the number of a row.
ROW_NUMBER = "file_row_number"


def is_one_of(data_type: str, types: Sequence[str]) -> bool:
    """Whether a column's type is among the types; a decimal's digits do not matter, a list of them does."""
    return data_type in types or ("DECIMAL" in types and data_type.startswith("DECIMAL(") and data_type.endswith(")"))


def read(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    mapping: Mapping[str, str],
    known_names: Mapping[str, Sequence[str]],
) -> ReadingFile:
    """Open a Parquet file; nothing is copied, DuckDB scans the file itself.

    Raises:
        UnusableInput: The file cannot be read, lacks a column, has two that could be the same one, or a column has a type
            that cannot be what it should be.
    """
    present = {column.name: column for column in parquet_columns(connection, path)}
    columns = find_columns(path.name, list(present), mapping, known_names=known_names)
    types = {name: column.data_type for name, column in present.items()}
    scan = numbered_scan(path, list(present))

    def column(field: str, allowed: Sequence[str], wanted: str) -> str | None:
        """The field's column in quotes, None when the file has none."""
        name = columns.names.get(field)
        if name is None or (field not in REQUIRED and types[name] == NOTHING_BUT_NULLS):
            return None
        if not is_one_of(types[name], allowed):
            raise UnusableInput(f"{path.name}: column {name} should hold {wanted} but is of type {types[name]}.")
        return present[name].sql

    kwh = column("kwh", NUMBERS, "kWh as numbers")
    label = column("label", (*TIMESTAMPS, *UTC_TIMESTAMPS), "timestamps")
    is_utc = types[columns.names["label"]] in UTC_TIMESTAMPS
    label_at = f"timezone('UTC', {label}::timestamptz)" if is_utc else f"{label}::timestamp"
    version = column("version", (*NUMBERS, "VARCHAR", *TIMESTAMPS, *UTC_TIMESTAMPS), "whole numbers or timestamps")
    version_value, unreadable_version = version_stamp(version, types.get(columns.names.get("version", ""), ""))

    def text(field: str) -> str:
        """A text column without blanks around its values; trimming is left out where no value needs it."""
        name = column(field, TEXT_OR_NUMBER, "texts or numbers")
        if name is None:
            return "null::varchar"
        if not is_one_of(types[columns.names[field]], ("VARCHAR",)):
            return present[columns.names[field]].text
        try:
            padded = connection.execute(has_padded_text(name, scan)).fetchone()[0]
        except duckdb.Error as error:
            raise UnusableInput(why_unreadable(path, error)) from error
        return trimmed(name) if padded else name

    relation = f"""
        select
            {text("service_point_id")} as service_point_id,
            {text("channel")} as channel,
            {label_at} as label_at,
            {kwh}::double as kwh,
            {version_value} as version,
            {text("source_flag")} as source_flag,
            {ROW_NUMBER} as row_number,
            null::bigint as line_number,
            {label}::varchar as label_text,
            {kwh}::varchar as kwh_text,
            {unreadable_version} as unreadable_version
        from {scan}
    """
    return ReadingFile(
        path=path,
        file_format="parquet",
        relation=relation,
        label=columns.label,
        label_time_zone="UTC" if is_utc else None,
        kwh_column=columns.names["kwh"],
        unreadable=[],
        first_line=1,
        skipped_lines=list,
        tells=("channel",) if "channel" in columns.names else (),
        is_stamped="version" in columns.names or "source_flag" in columns.names,
    )


def numbered_scan(path: Path, names: Sequence[str]) -> str:
    """SQL that scans a Parquet file with the number of each row, from 0, as `ROW_NUMBER`."""
    if ROW_NUMBER not in (name.lower() for name in names):
        return f"read_parquet({path_literal(path)}, file_row_number = true, hive_partitioning = false)"
    # The name is taken by a column that means the same or nothing; rows are counted as they come, in the file's order.
    return f"(select * exclude ({ROW_NUMBER}), row_number() over () - 1 as {ROW_NUMBER} from {parquet_scan(path)})"


def version_stamp(column: str | None, data_type: str) -> tuple[str, str]:
    """Expressions of a version stamp as a whole number, and of its text where it is none; instants count microseconds."""
    if column is None:
        return "null::bigint", "null::varchar"
    if is_one_of(data_type, FITTING_BIGINT):
        return f"{column}::bigint", "null::varchar"
    if is_one_of(data_type, TIMESTAMPS):
        return f"epoch_us({column}::timestamp)", "null::varchar"
    if is_one_of(data_type, UTC_TIMESTAMPS):
        return f"epoch_us({column}::timestamptz)", "null::varchar"
    # A column of numbers in which some are missing often comes as doubles with NaN for missing.
    return text_version_stamp(f"nullif({trimmed(f'{column}::varchar')}, 'nan')")


def text_version_stamp(text: str) -> tuple[str, str]:
    """The same for a stamp in text: `3`, `3.0` or `2024-05-01 10:00:00`."""
    value = f"""coalesce(
        case when try_cast({text} as double) = round(try_cast({text} as double)) then try_cast({text} as bigint) end,
        epoch_us(try_cast({text} as timestamp))
    )"""
    return value, f"case when {value} is null then {text} end"
