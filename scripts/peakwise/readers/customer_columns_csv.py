"""Readings in a CSV file with one row for each time, and one column for each customer.

The first column holds the time labels, the names of the others are the ids. A blank cell is no reading; any other text
that is no number is a reading without a number, for the loader to reject.

A file of numbers alone, without a header, is read when its times stand in `<name>_datetime.csv` beside it, one a line.
Its customers are then called by their column: `001`, `002` and so on.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from peakwise.errors import BelongsToAnotherFile, UnusableInput
from peakwise.readers.columns import LABEL_MEANINGS, READING_NAMES, check_names, plain
from peakwise.readers.csv_text import (
    LONGEST_WIDE_LINE_BYTES,
    MOST_WIDE_COLUMNS,
    CsvScan,
    decimals_have_comma,
    drop_texts,
    fill_numbered_texts,
    fill_table,
    is_label,
    label_of,
    labels_have_offset,
    number,
    numbered_lines,
    read_head,
    told_as_unusable,
)
from peakwise.readers.file_text import trimmed
from peakwise.readers.reading_file import ReadingFile

NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?")
BLANKS = " \t\xa0\r\n"
# What data frames write above their index.
INDEX_NAMES = ("", "unnamed0", "index")
TOTAL_NAMES = ("total", "totals", "sum", "grandtotal")
# DuckDB holds 2,048 rows of all columns it reads, on each thread.
COLUMNS_AT_ONCE = 1_000
# Below this many rows, times that repeat say nothing.
FEW_ROWS = 48


@dataclass(frozen=True)
class Layout:
    """Where the values of a customer stand.

    Attributes:
        ids: Id of each value column; None for a column without a name.
        positions: Position of each value column in the file, from 0.
        label_position: Position of the time labels; None where they stand in a file of their own.
        label_name: The file's own name of the time labels.
        first_line: Number of the first row's line.
    """

    ids: Sequence[str | None]
    positions: Sequence[int]
    label_position: int | None
    label_name: str
    first_line: int


def rows_of(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """First lines as rows; none when they are not CSV, which the scan will tell."""
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return []


def is_number(text: str) -> bool:
    """Whether a text is a number with a decimal point or comma."""
    return NUMBER.fullmatch(text.strip(BLANKS)) is not None


def is_time_list(header: Sequence[str], first_rows: Sequence[Sequence[str]]) -> bool:
    """Whether a file holds times and nothing else, from its first line on."""
    return all(len(row) == 1 and is_label(row[0].strip(BLANKS)) for row in (header, *first_rows))


def is_matrix(header: Sequence[str], first_rows: Sequence[Sequence[str]]) -> bool:
    """Whether a file holds numbers and nothing else, from its first line on."""
    return (
        len(header) > 1
        and all(is_number(text) for text in header)
        and all(not text.strip(BLANKS) or is_number(text) for row in first_rows for text in row)
    )


def is_time_name(name: str) -> bool:
    """Whether a column of that name may hold time labels."""
    name = plain(name)
    return name in INDEX_NAMES or "time" in name or "date" in name or name in map(plain, READING_NAMES["label"])


def looks_like(header: Sequence[str], first_rows: Sequence[Sequence[str]]) -> bool:
    """Whether a CSV file has a column for each customer, or is one of a pair of files without a header.

    Args:
        header: The file's column names, or the first row of a file without them.
        first_rows: The rows that follow.

    Returns:
        True when the first column is one of times and most values of the others are numbers. A column that has a name of
        the long form, as `kwh`, is no customer, and one column alone is not enough to tell.
    """
    if is_time_list(header, first_rows) or is_matrix(header, first_rows):
        return True
    if len(header) < 3 or not is_time_name(header[0]) or not any(name.strip(BLANKS) for name in header[1:]):
        return False
    known = {plain(name) for names in READING_NAMES.values() for name in names}
    if any(plain(name) in known for name in header[1:]):
        return False
    labels = [row[0].strip(BLANKS) for row in first_rows if row]
    values = [text for row in first_rows for text in row[1:] if text.strip(BLANKS)]
    return 2 * sum(map(is_label, labels)) >= len(labels) and 2 * sum(map(is_number, values)) >= len(values)


def find_layout(path: Path, names: Sequence[str], mapping: Mapping[str, str]) -> Layout:
    """Find the time labels and the customers of a file with a header.

    Raises:
        UnusableInput: There is no time column or no customer, a customer has two columns, or one column is a total.
    """
    check_names(f"{path.name}, line 1", names)
    shown = [name.strip(BLANKS) for name in names]
    label_position = 0
    if "label" in mapping:
        if mapping["label"] not in shown:
            raise UnusableInput(
                f"{path.name} has no column '{mapping['label']}'; its first columns are: {', '.join(shown[:20])}."
            )
        label_position = shown.index(mapping["label"])
    elif not is_time_name(names[0]):
        raise UnusableInput(
            f"{path.name}, line 1: the first column, '{shown[0][:40]}', is no time label. Say which one is: COLUMNS=label=<column>"
        )
    positions = [position for position in range(len(names)) if position != label_position]
    ids = [shown[position] or None for position in positions]
    check_names(f"{path.name}, line 1", [shown[position] for position in positions])
    if not any(ids):
        raise UnusableInput(f"{path.name}, line 1: no column is named after a customer.")
    total = next((name for name in ids if name and plain(name) in TOTAL_NAMES), None)
    if total:
        raise UnusableInput(
            f"{path.name}, line 1: column '{total}' would count the energy of the other columns again. Remove it."
        )
    return Layout(ids, positions, label_position, names[label_position], 2)


def times_beside(path: Path) -> Path:
    """The file that holds the times of a file without a header."""
    return path.with_name(f"{path.stem}_datetime.csv")


def only_times(path: Path) -> UnusableInput:
    """The error on a file of times."""
    owner = path.with_name(f"{path.stem.removesuffix('_datetime')}.csv")
    if owner != path and owner.is_file():
        return BelongsToAnotherFile(f"{path.name} holds only times; it belongs to {owner.name}. Load that one.", owner)
    return UnusableInput(f"{path.name} holds only times; load the file of values.")


def fill_times(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Read the times beside a file without a header into `temp.incoming_times`, and return whether they have an offset.

    Raises:
        UnusableInput: The times are missing, or are not one a line.
    """
    times = times_beside(path)
    if not times.is_file():
        raise UnusableInput(
            f"{path.name} holds only numbers, without a header. Write one, with a time column first and a customer's id above "
            f"each other column, or put the times beside it in {times.name}, one a line."
        )
    first, delimiter, lines = read_head(times, least_columns=1, has_names=False)
    if not is_time_list(first, rows_of(lines, delimiter)):
        raise UnusableInput(f"{times.name} does not hold one time a line, which {path.name} needs.")
    scan = CsvScan(times, 1, ",", has_header=False)
    unreadable = fill_table(
        connection,
        scan,
        "incoming_times",
        lambda scanned: f"select {trimmed('column_0')} as label_text from {scanned}",
    )
    if unreadable or any(goes_on or is_empty for _, goes_on, is_empty in numbered_lines(scan)):
        raise UnusableInput(f"{times.name} does not hold one time a line, which {path.name} needs.")
    return labels_have_offset(times, ["time"], ",", lines, "time")


def with_times(
    connection: duckdb.DuckDBPyConnection, path: Path, relation: str, unreadable: Sequence[tuple[int, str, str]]
) -> str:
    """The rows of a file without a header, each with its time.

    Raises:
        UnusableInput: Rows and times do not go side by side.
    """
    if unreadable:
        raise UnusableInput(
            f"{path.name}, line {unreadable[0][0]}: {unreadable[0][1]}. In a file without a header all lines must be whole."
        )
    rows, last_line = connection.execute(f"select count(*), max(line_number) from {relation}").fetchone()
    times = connection.execute("select count(*) from incoming_times").fetchone()[0]
    if rows != times or rows != last_line:
        raise UnusableInput(
            f"{path.name} has {rows:,} rows, but {times_beside(path).name} has {times:,} times, or there are empty lines. The "
            "two must go side by side, line by line."
        )
    return f"""(
        select texts.*, times.label_text from {relation} as texts
        inner join incoming_times as times on texts.row_position = times.rowid order by texts.row_position
    )"""


def read(connection: duckdb.DuckDBPyConnection, path: Path, mapping: Mapping[str, str]) -> ReadingFile:
    """Read a CSV file with a column for each customer into a temporary table, one row for each cell that is not blank.

    Args:
        connection: Where the reader may create temporary tables.
        path: The file, unpacked.
        mapping: Column name of `label`, where the user gave it; other fields are not looked for.

    Returns:
        The opened file; values are taken as kWh.

    Raises:
        UnusableInput: The file is damaged, not CSV, too wide, of times only, or without times.
    """
    names, delimiter, lines = read_head(
        path, least_columns=1, longest_line=LONGEST_WIDE_LINE_BYTES, most_columns=MOST_WIDE_COLUMNS, has_names=False
    )
    first_rows = rows_of(lines, delimiter)
    if is_time_list(names, first_rows):
        raise only_times(path)
    if is_matrix(names, first_rows):
        ids = [f"{position:03d}" for position in range(1, len(names) + 1)]
        layout = Layout(ids, range(len(names)), None, "time", 1)
        has_offset = fill_times(connection, path)
    else:
        layout = find_layout(path, names, mapping)
        has_offset = labels_have_offset(path, names, delimiter, lines, layout.label_name)
    scan = CsvScan(
        path,
        len(names),
        delimiter,
        has_header=layout.label_position is not None,
        longest_line=LONGEST_WIDE_LINE_BYTES,
    )
    unreadable = fill_readings(connection, layout, scan, has_offset)
    label_name = plain(layout.label_name)
    return ReadingFile(
        path=path,
        file_format="customer_columns_csv",
        relation="""
            select
                *, null::varchar as channel, null::smallint as interval_minutes, null::bigint as version,
                null::varchar as source_flag, rowid as row_number, null::varchar as unreadable_version
            from temp.incoming_csv
        """,
        label=next((meaning for meaning, known in LABEL_MEANINGS.items() if label_name in known), None),
        label_time_zone="UTC" if has_offset else None,
        kwh_column=layout.ids[0] or "",
        unreadable=unreadable,
        first_line=layout.first_line,
        skipped_lines=list,
        is_stamped=False,
        companion=times_beside(path) if layout.label_position is None else None,
    )


def fill_readings(
    connection: duckdb.DuckDBPyConnection, layout: Layout, scan: CsvScan, has_offset: bool
) -> list[tuple[int, str, str]]:
    """Create `temp.incoming_csv`, some columns at a time, each in the order of its rows; return the unreadable lines.

    Raises:
        UnusableInput: The file is not CSV, or its times repeat as those of a long file do.
    """
    connection.execute("""
        create or replace temp table incoming_csv (
            service_point_id varchar, line_number bigint, label_at timestamp, kwh double, label_text varchar, kwh_text varchar
        )
    """)
    has_comma: bool | None = None
    faults: dict[int, tuple[int, str, str]] = {}
    for first in range(0, len(layout.positions), COLUMNS_AT_ONCE):
        positions = layout.positions[first : first + COLUMNS_AT_ONCE]
        values = [f"value_{position}" for position in positions]
        columns = [f"{trimmed(f'column_{position}')} as value_{position}" for position in positions]
        if layout.label_position is not None:
            columns.append(f"{trimmed(f'column_{layout.label_position}')} as label_text")
        relation, unreadable = fill_numbered_texts(connection, scan, columns)
        for fault in unreadable:
            faults.setdefault(fault[0], fault)
        with told_as_unusable(scan.path):
            if layout.label_position is None:
                relation = with_times(connection, scan.path, relation, unreadable)
            check_times(connection, scan.path, relation)
            if has_comma is None:
                has_comma = decimals_have_comma(connection, relation, values, scan.delimiter)
            ids = layout.ids[first : first + COLUMNS_AT_ONCE]
            insert_values(connection, relation, ids, values, label_of("label_text", has_offset), bool(has_comma))
            drop_texts(connection)
    connection.execute("drop table if exists temp.incoming_times")
    return [faults[line] for line in sorted(faults)]


def check_times(connection: duckdb.DuckDBPyConnection, path: Path, relation: str) -> None:
    """See that the rows are one a time.

    Raises:
        UnusableInput: Most times stand several times, so the columns are no customers.
    """
    rows, times = connection.execute(f"select count(label_text), count(distinct label_text) from {relation}").fetchone()
    if rows > FEW_ROWS and 2 * times <= rows:
        raise UnusableInput(
            f"{path.name} seems to have a column for each customer, but its {rows:,} rows have {times:,} different times only. "
            "If a row is one reading, name its columns: COLUMNS=service_point_id=<column>,label=<column>,kwh=<column>"
        )


def insert_values(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    ids: Sequence[str | None],
    values: Sequence[str],
    label_at: str,
    has_comma: bool,
) -> None:
    """Add the cells of some columns to `temp.incoming_csv`."""
    connection.execute(
        f"""
        insert into incoming_csv by name
        with rows as (select line_number, label_text, {label_at} as label_at, {", ".join(values)} from {relation}),
        cells as (
            select
                line_number, label_text, label_at,
                unnest(?::varchar[]) as service_point_id, unnest([{", ".join(values)}]) as kwh_text
            from rows
        ),
        typed as (select *, {number("kwh_text", has_comma)} as kwh from cells where kwh_text is not null)
        select
            service_point_id, line_number, label_at, kwh,
            case when label_at is null then label_text end as label_text,
            case when label_at is null or kwh is null or not isfinite(kwh) then kwh_text end as kwh_text
        from typed
        """,
        [list(ids)],
    )
