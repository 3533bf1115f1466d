"""The contract of the optional sources: which tables a utility may give, read from the dbt sources' YAML."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from peakwise.errors import UnusableInput
from peakwise.paths import PROJECT
from peakwise.readers.file_text import shown_text
from peakwise.yaml_files import read_yaml

LOAD_DATE = "load_date"


@dataclass(frozen=True)
class SourceColumn:
    """One column of a table.

    Attributes:
        name: Its name in the warehouse.
        data_type: varchar, integer, smallint, double, boolean, date or timestamp.
        names: Names by which it is recognised in a file, its own first.
        values: Values that it may have, written in lower case; empty where all are allowed.
        when_missing: What a row without a value is taken to say, `load_date` for the date of the load; None leaves it null.
        open_ended: Whether a date of the year 2100 or later says that there is none.
    """

    name: str
    data_type: str
    names: tuple[str, ...]
    values: tuple[str, ...] = ()
    when_missing: str | None = None
    open_ended: bool = False


@dataclass(frozen=True)
class SourceTable:
    """One table of the contract.

    Attributes:
        name: Its name, which is also the stem of its file's name.
        columns: Its columns in their order.
        key: Columns that tell rows apart.
        required: Columns that every row must fill.
        checks: Conditions on the columns, in SQL, with what is wrong where one does not hold; null counts as holding.
    """

    name: str
    columns: tuple[SourceColumn, ...]
    key: tuple[str, ...]
    required: tuple[str, ...]
    checks: tuple[tuple[str, str], ...]

    @property
    def column_names(self) -> list[str]:
        """Names of the columns in their order."""
        return [column.name for column in self.columns]


@cache
def source_contract() -> Mapping[str, SourceTable]:
    """Every table that has a key in the YAML of its dbt source, by name, in the order of the files."""
    tables: dict[str, SourceTable] = {}
    for path in sorted((PROJECT / "models" / "staging").glob("*/_*__sources.yml")):
        for source in read_yaml(path)["sources"]:
            for table in source["tables"]:
                if "key" in _meta(table):
                    tables[table["name"]] = _source_table(table)
    return tables


def contract_table(name: str) -> SourceTable:
    """The table of a name.

    Raises:
        UnusableInput: There is none.
    """
    tables = source_contract()
    if name not in tables:
        raise UnusableInput(f"There is no table '{shown_text(name)}'; a file can be one of {', '.join(tables)}.")
    return tables[name]


def _meta(node: Mapping) -> Mapping:
    """What the YAML of a table or column says to the loader."""
    return node.get("config", {}).get("meta", {})


def _source_table(table: Mapping) -> SourceTable:
    """One table as its YAML describes it."""
    meta = _meta(table)
    return SourceTable(
        name=table["name"],
        columns=tuple(_source_column(column) for column in table["columns"]),
        key=tuple(meta["key"]),
        required=tuple(meta["required"]),
        checks=tuple((check["holds"], check["reason"]) for check in meta.get("checks", ())),
    )


def _source_column(column: Mapping) -> SourceColumn:
    """One column as its YAML describes it."""
    meta = _meta(column)
    return SourceColumn(
        name=column["name"],
        data_type=column["data_type"],
        names=(column["name"], *meta.get("names", ())),
        values=tuple(meta.get("values", ())),
        when_missing=meta.get("when_missing"),
        open_ended=meta.get("open_ended", False),
    )
