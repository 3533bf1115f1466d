"""What all who read Parquet share: its columns by their own names, numbers as ids, and why a file cannot be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers.columns import check_names
from peakwise.readers.file_text import path_literal, shown_name
from peakwise.warehouse import quoted

FRACTIONS = ("FLOAT", "DOUBLE")
# Up to here a double holds every whole number.
GREATEST_EXACT = 2**53


@dataclass(frozen=True)
class ParquetColumn:
    """One column of a Parquet file.

    Attributes:
        name: The file's own name.
        sql: The name in SQL; DuckDB renames a column whose name differs from an earlier one in case alone.
        data_type: Its type in DuckDB.
    """

    name: str
    sql: str
    data_type: str

    @property
    def text(self) -> str:
        """SQL of the value as text: a whole number without decimals, as ids are written elsewhere; null for NaN."""
        if self.data_type in FRACTIONS:
            # A column of whole numbers in which some are missing often comes as doubles with NaN for missing.
            is_whole = f"{self.sql} = trunc({self.sql}) and abs({self.sql}) <= {GREATEST_EXACT}"
            return f"case when {is_whole} then {self.sql}::bigint::varchar when not isnan({self.sql}) then {self.sql}::varchar end"
        if self.data_type.startswith("DECIMAL(") and self.data_type.endswith(")"):
            return f"case when {self.sql} = floor({self.sql}) then {self.sql}::hugeint::varchar else {self.sql}::varchar end"
        return f"{self.sql}::varchar"


def parquet_scan(path: Path) -> str:
    """SQL that scans a Parquet file; folders named like key=value do not add columns."""
    return f"read_parquet({path_literal(path)}, hive_partitioning = false)"


def parquet_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> list[ParquetColumn]:
    """The columns of a Parquet file, in their order.

    Raises:
        UnusableInput: The file cannot be read, or a name stands twice.
    """
    try:
        described = connection.execute(f"describe select * from {parquet_scan(path)}").fetchall()
        schema = connection.execute(f"select name, num_children from parquet_schema({path_literal(path)})").fetchall()
    except duckdb.Error as error:
        raise UnusableInput(why_unreadable(path, error)) from error
    names = top_level_names(schema)
    if len(names) != len(described):
        names = [row[0] for row in described]
    check_names(shown_name(path), names)
    return [ParquetColumn(name, quoted(row[0]), row[1]) for name, row in zip(names, described, strict=True)]


def top_level_names(schema: Sequence[tuple[str, int | None]]) -> list[str]:
    """Names of the columns in a Parquet schema, which lists every node before its children, the root first."""
    names, open_children = [], []
    for name, children in schema[1:]:
        if not open_children:
            names.append(name)
        else:
            open_children[-1] -= 1
        if children:
            open_children.append(children)
        while open_children and open_children[-1] == 0:
            open_children.pop()
    return names


def why_unreadable(path: Path, error: duckdb.Error) -> str:
    """One sentence on a Parquet file that DuckDB gave up on."""
    first_line = str(error).splitlines()[0]
    if "geoparquet" in first_line.lower():
        reason = first_line.split(": ", 1)[-1]
        return (
            f"{shown_name(path)} cannot be read: what it says of its geometry is not valid ({reason}). Write it without the "
            "geometry column, or as CSV."
        )
    return f"{shown_name(path)} is not a readable Parquet file: it is damaged or cut short."
