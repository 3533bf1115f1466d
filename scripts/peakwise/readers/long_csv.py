"""Readings in a CSV file in long form: one line a reading, a header on top."""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import duckdb

from peakwise.readers.columns import find_columns
from peakwise.readers.csv_text import (
    OFFSET_LABEL,
    CsvScan,
    fill_table,
    first_label,
    label_of,
    read_head,
    skipped_lines,
    usual_label_format,
)
from peakwise.readers.file_text import has_padded_text, trimmed
from peakwise.readers.parquet import text_version_stamp
from peakwise.readers.reading_file import ReadingFile
from peakwise.warehouse import literal

FAULTY = "(label_at is null or kwh is null or not isfinite(kwh))"
FAULT_TEXTS = ("label_text", "kwh_text")


def read(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    mapping: Mapping[str, str],
    known_names: Mapping[str, Sequence[str]],
) -> ReadingFile:
    """Read a CSV file into a temporary table, all of it, with nothing dropped.

    Lines that do not have the header's columns are kept aside with their number and text.

    Raises:
        UnusableInput: The file is damaged, not CSV, or lacks a column.
    """
    names, delimiter, first_lines = read_head(path)
    columns = find_columns(path.name, names, mapping, known_names=known_names)
    label = columns.names["label"]
    first = first_label(path, names, delimiter, first_lines, label)
    has_offset = first is not None and re.fullmatch(OFFSET_LABEL, first) is not None
    scan = CsvScan(path, len(names), delimiter)
    positions = {field: names.index(name) for field, name in columns.names.items()}
    usual_format = usual_label_format(first) if first else None
    present, absent = optional_columns(columns.names)

    def fill(texts: Mapping[str, str]) -> list[tuple[int, str, str]]:
        """Fill the table with the readings and with these texts beside them."""
        wanted = ["service_point_id" if "service_point_id" in positions else "null::varchar as service_point_id"]
        wanted += ["label_at", "kwh"]
        wanted += [f"{expression} as {name}" for name, expression in (present | texts).items()]
        return fill_table(
            connection,
            scan,
            "incoming_csv",
            lambda scanned: (
                f"select {', '.join(wanted)} from ({typed_rows(scanned, positions, has_offset, usual_format)}) as typed"
            ),
        )

    unreadable = fill({})
    faults = connection.execute(f"select count(*) from temp.incoming_csv where {FAULTY}").fetchone()[0]
    if faults:
        # Only now the texts are wanted, for people to see what is wrong.
        unreadable = fill({name: f"case when {FAULTY} then {trimmed(name)} end" for name in FAULT_TEXTS})
    else:
        absent += [f"null::varchar as {name}" for name in FAULT_TEXTS]
    return ReadingFile(
        path=path,
        file_format="long_csv",
        relation=f"""
            select
                * {without_blanks(connection, columns.names)}, {", ".join([*absent, "rowid as row_number"])},
                null::bigint as line_number
            from temp.incoming_csv
        """,
        label=columns.label,
        label_time_zone="UTC" if has_offset else None,
        kwh_column=columns.names["kwh"],
        unreadable=unreadable,
        first_line=2,
        skipped_lines=lambda: sorted({line for line, _, _ in unreadable} | set(skipped_lines(scan))),
        tells=("channel",) if "channel" in columns.names else (),
        is_stamped="version" in columns.names or "source_flag" in columns.names,
    )


def typed_rows(scan: str, positions: Mapping[str, int], has_offset: bool, usual_format: str | None) -> str:
    """Select statement of all texts of a file's rows with label and energy typed beside them.

    Most values can be read as they stand; only the others are trimmed and looked at closely, which costs far more.

    Args:
        scan: What reads the file.
        positions: Column of each field that the file has, from 0.
        has_offset: Whether labels carry an offset from UTC.
        usual_format: The `strptime` format that most labels should have, None when there is none.
    """
    text_names = {"label": "label_text", "kwh": "kwh_text", "version": "version_text"}
    texts = ", ".join(f"column_{position} as {text_names.get(field, field)}" for field, position in positions.items())
    label_at = label_of(trimmed("label_text"), has_offset)
    if usual_format:
        label_at = first_of(f"try_strptime(label_text, {literal(usual_format)})", label_at)
    kwh = first_of("try_cast(kwh_text as double)", f"try_cast({trimmed('kwh_text')} as double)")
    return f"select *, {label_at} as label_at, {kwh} as kwh from (select {texts} from {scan}) as texts"


def optional_columns(names: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """Columns beside id, label and energy: expressions of those the file has, and nulls in place of the others.

    What a file does not have is not written row by row, either.
    """
    version, unreadable_version = text_version_stamp(trimmed("version_text"))
    columns = {
        "channel": ("channel", "varchar", "channel"),
        "source_flag": ("source_flag", "varchar", "source_flag"),
        "version": (version, "bigint", "version"),
        "unreadable_version": (unreadable_version, "varchar", "version"),
    }
    present = {name: expression for name, (expression, _, field) in columns.items() if field in names}
    absent = [f"null::{data_type} as {name}" for name, (_, data_type, field) in columns.items() if field not in names]
    return present, absent


def first_of(usual: str, rare: str) -> str:
    """An expression where it is not null, else another; unlike with `coalesce`, DuckDB computes the other only then."""
    return f"case when {usual} is not null then {usual} else {rare} end"


def without_blanks(connection: duckdb.DuckDBPyConnection, present: Collection[str]) -> str:
    """SQL that trims the text columns of `temp.incoming_csv` which need it; looking at distinct texts tells."""
    padded = [
        f"{trimmed(column)} as {column}"
        for column in ("service_point_id", "channel", "source_flag")
        if column in present and connection.execute(has_padded_text(column, "temp.incoming_csv")).fetchone()[0]
    ]
    return f"replace ({', '.join(padded)})" if padded else ""
