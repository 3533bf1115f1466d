"""Readings in a Parquet file in long form: one row a reading, scanned in place."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers.columns import find_columns
from peakwise.readers.reading_file import ReadingFile
from peakwise.warehouse import literal, quoted

NUMERIC = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
)


def read(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    mapping: Mapping[str, str],
    known_names: Mapping[str, Sequence[str]],
) -> ReadingFile:
    """Open a Parquet file; nothing is copied, DuckDB scans the file itself.

    Raises:
        UnusableInput: The file is damaged, lacks a column, or a column has a type that cannot be what it should be.
    """
    scan = f"read_parquet({literal(str(path))}, file_row_number = true)"
    try:
        described = connection.execute(f"describe select * exclude (file_row_number) from {scan}").fetchall()
    except duckdb.Error as error:
        raise UnusableInput(f"{path.name} is not a readable Parquet file: it is damaged or cut short.") from error
    types = {row[0]: row[1] for row in described}
    columns = find_columns(path.name, list(types), mapping, known_names=known_names)
    label, kwh = columns.names["label"], columns.names["kwh"]
    if not types[kwh].startswith(NUMERIC):
        raise UnusableInput(f"{path.name}: column {kwh} should hold kWh as numbers but is of type {types[kwh]}.")

    is_utc = types[label] == "TIMESTAMP WITH TIME ZONE"
    if is_utc:
        label_at = f"timezone('UTC', {quoted(label)})"
    elif types[label].startswith("TIMESTAMP"):
        label_at = f"{quoted(label)}::timestamp"
    else:
        raise UnusableInput(f"{path.name}: column {label} should hold timestamps but is of type {types[label]}.")

    def optional(field: str, data_type: str) -> str:
        return f"{quoted(columns.names[field])}::{data_type}" if field in columns.names else f"null::{data_type}"

    relation = f"""
        select
            {optional("service_point_id", "varchar")} as service_point_id,
            {optional("channel", "varchar")} as channel,
            {label_at} as label_at,
            {quoted(kwh)}::double as kwh,
            {optional("version", "bigint")} as version,
            {optional("source_flag", "varchar")} as source_flag,
            file_row_number as row_number,
            {quoted(label)}::varchar as label_text,
            {quoted(kwh)}::varchar as kwh_text
        from {scan}
    """
    return ReadingFile(
        path=path,
        file_format="parquet",
        relation=relation,
        label=columns.label,
        label_time_zone="UTC" if is_utc else None,
        kwh_column=kwh,
        unreadable=[],
        first_line=1,
        skipped_lines=list,
    )
