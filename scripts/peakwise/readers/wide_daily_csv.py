"""Readings in a CSV file with one row for each customer and day, and one column for each interval of the day.

A value column is named by a time (`00:30`, `0030`), by a range (`00:00 - 00:30`) or by a number (`hh_0`, `h1`, `HE24`),
with or without kWh. A range or a number from 1 tells which interval a column holds. One time, or a number from 0, does
not: the readings then have the label that the column names, and whoever loads the file says what it marks.

A blank cell is no reading. Any other text that is no number is a reading without a number, for the loader to reject.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers.columns import READING_NAMES, find_columns, plain
from peakwise.readers.csv_text import (
    CsvScan,
    decimals_have_comma,
    drop_texts,
    fill_numbered_texts,
    number,
    read_head,
    told_as_unusable,
)
from peakwise.readers.file_text import trimmed
from peakwise.readers.parquet import text_version_stamp
from peakwise.readers.reading_file import ReadingFile

DATE_NAMES = (
    "date", "day", "reading_date", "read_date", "usage_date", "interval_date", "meter_date", "settlement_date",
    "service_date", "consumption_date", "local_date",
)  # fmt: skip
COUNTS_OF_DAY = (24, 48, 96, 144, 288)
# Fewer are no wide file; 23 or 25 are one with a mistake.
LEAST_VALUE_COLUMNS = 12
DAY_SECONDS = 86_400

UNIT = re.compile(r"(?<![a-z])(kwh|mwh|wh|kw|mw|kvarh|kvah)(?![a-z])")
PREFIX = r"(?P<prefix>[a-z][a-z _]*?)?[ _.-]*"
# What may stand before a time or number; any other word makes a column that holds something else.
PREFIXES = {
    "", "h", "hh", "hr", "hour", "he", "hourending", "halfhour", "interval", "int", "period", "p", "slot", "t", "time",
    "value", "val", "v", "usage", "use", "energy", "consumption", "reading", "read",
}  # fmt: skip
# Three digits are a number, as in interval_001.
TIME = r"(?!\d{3}(?!\d))(\d{1,2})[:.h_]?(\d{2})(?:[:.](\d{2})(?:[.]0+)?)?(?: *([ap])[.]?m[.]?)?"
RANGE_WORD = r" *(?:-|–|—|_|to) *"
TIME_COLUMN = re.compile(PREFIX + TIME)
RANGE_COLUMN = re.compile(PREFIX + TIME + RANGE_WORD + TIME)
HOURS_COLUMN = re.compile(PREFIX + r"(\d{1,2}) *(?:-|–|—|to) *(\d{1,2})")
NUMBER_COLUMN = re.compile(PREFIX + r"(\d{1,3})")
# How exports name the second pass of the repeated hour.
EXTRA_COLUMN = re.compile(
    r"(?P<regular>.*\d.*?)[ _.]*(?:\*|x|a|b|\(?[12]\)?|\(?(?:dst|extra|repeat|repeated|second)\)?)"
)

YEAR_FIRST = "[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{8}"
YEAR_LAST = "[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}"
NAMED_MONTH = "[0-9]{1,2}[- ]?[A-Za-z]{3,9}[- ]?[0-9]{4}|[A-Za-z]{3,9} [0-9]{1,2},? [0-9]{4}"
YEAR_FIRST_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d")
DAY_FIRST_FORMATS = ("%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y")
MONTH_FIRST_FORMATS = ("%m-%d-%Y", "%m/%d/%Y", "%m.%d.%Y")
NAMED_MONTH_FORMATS = tuple(
    form.replace("%b", month)
    for month in ("%b", "%B")
    for form in ("%d-%b-%Y", "%d %b %Y", "%d%b%Y", "%b %d, %Y", "%b %d %Y")
)


@dataclass(frozen=True)
class ValueColumn:
    """A column whose name says which interval of the day it holds.

    Attributes:
        position: Its position in the file, from 0.
        name: The file's own name.
        kind: `time`, `range` or `number`.
        family: Kind, prefix and unit; the columns of one file share it.
        unit: Unit in the name, None without one.
        place: Seconds from midnight of a time or of a range's start; the number itself of a number.
        end: Seconds from midnight of a range's end, else None.
    """

    position: int
    name: str
    kind: str
    family: tuple[str, str, str | None]
    unit: str | None
    place: int
    end: int | None


@dataclass(frozen=True)
class Layout:
    """Where the values of a day stand.

    Attributes:
        columns: The value columns in the order of the day.
        step_minutes: Length of each interval.
        label: `start` or `end` when the names tell what they mark, else None.
        first_minutes: Minutes from midnight to the first column's label.
    """

    columns: Sequence[ValueColumn]
    step_minutes: int
    label: str | None
    first_minutes: int


def seconds_of_day(hours: str, minutes: str, seconds: str | None, half: str | None) -> int | None:
    """Seconds from midnight of a time in a name; None when it is none. 25:00 is taken, to be refused by its own name."""
    hour, minute, second = int(hours), int(minutes), int(seconds or 0)
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 25 or minute > 59 or second > 59:
        return None
    return hour * 3600 + minute * 60 + second


def without_unit(name: str) -> tuple[str, str | None]:
    """A column name in small letters without its unit, and the unit."""
    text = name.strip(" \t\xa0").lower()
    unit = UNIT.search(text)
    if unit:
        text = text[: unit.start()] + " " + text[unit.end() :]
    return re.sub(r"[()\[\]]", "", text).strip(" _-/.,"), unit[1] if unit else None


def as_value_column(position: int, name: str) -> ValueColumn | None:
    """What a column's name says of the interval it holds, None when it is no value column."""
    text, unit = without_unit(name)
    if len(text) > 40:
        return None
    for kind, pattern in (
        ("range", RANGE_COLUMN), ("time", TIME_COLUMN), ("range", HOURS_COLUMN), ("number", NUMBER_COLUMN)
    ):  # fmt: skip
        match = pattern.fullmatch(text)
        if not match:
            continue
        prefix = re.sub("[ _]", "", match["prefix"] or "")
        groups = match.groups()[1:]
        place: int | None
        end: int | None = None
        if pattern is RANGE_COLUMN:
            place, end = seconds_of_day(*groups[:4]), seconds_of_day(*groups[4:])
        elif pattern is HOURS_COLUMN:
            place, end = int(groups[0]) * 3600, int(groups[1]) * 3600
        elif pattern is TIME_COLUMN:
            place = seconds_of_day(*groups)
        else:
            place = int(groups[0])
        if prefix in PREFIXES and place is not None and (kind != "range" or end is not None):
            return ValueColumn(position, name, kind, (kind, prefix, unit), unit, place, end)
    return None


def as_extra_column(position: int, name: str) -> ValueColumn | None:
    """The same for a column that holds the repeated hour of a clock change, as in `02:00 (2)` or `HE02*`."""
    match = EXTRA_COLUMN.fullmatch(name.strip(" \t\xa0").lower())
    return as_value_column(position, match["regular"]) if match else None


def value_families(names: Sequence[str]) -> list[list[ValueColumn]]:
    """The value columns of a header by family, the largest family first."""
    families: dict[tuple[str, str, str | None], list[ValueColumn]] = {}
    for position, name in enumerate(names):
        column = as_value_column(position, name)
        if column:
            families.setdefault(column.family, []).append(column)
    return sorted(families.values(), key=len, reverse=True)


def looks_like(header: Sequence[str], first_rows: Sequence[Sequence[str]]) -> bool:
    """Whether a CSV file has one row for each customer and day.

    Args:
        header: The file's column names.
        first_rows: Its first rows as texts.

    Returns:
        True when many columns are named as the intervals of a day, and the first column holds no times of day, as it does
        where each column is one customer, who may be called 1001.
    """
    families = value_families(header)
    if not families or len(families[0]) < LEAST_VALUE_COLUMNS:
        return False
    return not any(re.search(r"[0-9][T ]+(?!0?0:00)[0-9]{1,2}:[0-9]{2}", row[0]) for row in first_rows if row)


def find_layout(file_name: str, names: Sequence[str]) -> Layout:
    """Find the value columns of a header, and what their names say.

    Args:
        file_name: For the error message.
        names: The file's column names.

    Raises:
        UnusableInput: The columns are not the 24, 48, 96, 144 or 288 evenly spaced intervals of a day in kWh, or there are
            other columns that look like values.
    """
    families = value_families(names)
    if not families:
        raise UnusableInput(
            f"{file_name}, line 1: no column is named by a time or number of the day, as in 00:30 or h1."
        )
    columns, *others = families
    found = f"{len(columns)} value columns, '{columns[0].name}' to '{columns[-1].name}'"
    known = {column.position for column in columns}
    extra = [column for position, name in enumerate(names) if (column := as_extra_column(position, name))]
    extra = [column for column in extra if column.position not in known and column.kind == columns[0].kind]
    if extra or len(columns) - 1 in COUNTS_OF_DAY or len(columns) - (len(columns) // 24) in COUNTS_OF_DAY:
        which = f" with '{names[extra[0].position]}' beside them" if extra else ""
        raise UnusableInput(
            f"{file_name}, line 1: found {found}{which}. Peakwise cannot place a column for the repeated hour of a clock "
            "change. Export the readings in UTC or in long form."
        )
    if others:
        raise UnusableInput(
            f"{file_name}, line 1: found {found}, and '{others[0][0].name}' that looks like a value, too. Leave one set of "
            "value columns in the file, all named in the same way."
        )
    if columns[0].unit not in (None, "kwh"):
        raise UnusableInput(
            f"{file_name}, line 1: found {found}, in {columns[0].unit}. Peakwise reads kWh: convert them."
        )
    if len(columns) not in COUNTS_OF_DAY:
        raise UnusableInput(f"{file_name}, line 1: found {found}. A day has 24, 48, 96, 144 or 288 of them.")
    layout = layout_of(columns)
    if layout is None:
        raise UnusableInput(
            f"{file_name}, line 1: found {found}. They must stand in the order of the day, evenly spaced, from 00:00 or up to "
            "24:00; numbers must begin with 0 or 1."
        )
    return layout


def layout_of(columns: Sequence[ValueColumn]) -> Layout | None:
    """The layout of columns whose count is right, None when they are not the intervals of one day in their order."""
    step = DAY_SECONDS // len(columns)
    minutes = step // 60
    places = [column.place for column in columns]
    from_midnight = [position * step for position in range(len(columns))]
    if columns[0].kind == "number":
        if places == list(range(1, len(columns) + 1)):
            return Layout(columns, minutes, "start", 0)
        return Layout(columns, minutes, None, 0) if places == list(range(len(columns))) else None
    if columns[0].kind == "range":
        # A range may end a minute or a second before the next one starts.
        fits = all((column.end - column.place) % DAY_SECONDS in (step, step - 60, step - 1) for column in columns)
        return Layout(columns, minutes, "start", 0) if fits and places == from_midnight else None
    if places == [place + step for place in from_midnight]:
        return Layout(columns, minutes, "end", minutes)
    return Layout(columns, minutes, None, 0) if places == from_midnight else None


def find_fields(file_name: str, names: Sequence[str], layout: Layout, mapping: Mapping[str, str]) -> dict[str, int]:
    """Position of the columns that say whose values a row holds, and of which day.

    Raises:
        UnusableInput: There is no id or no date.
    """
    values = {column.position for column in layout.columns}
    others = [name for position, name in enumerate(names) if position not in values]
    has_date = {plain(name) for name in DATE_NAMES} & {plain(name) for name in others}
    known_names = {field: READING_NAMES[field] for field in READING_NAMES if field != "kwh"}
    known_names["label"] = DATE_NAMES if has_date else READING_NAMES["label"]
    found = find_columns(file_name, others, mapping, known_names=known_names)
    return {field: names.index(name) for field, name in found.names.items()}


def midnight_free(text: str) -> str:
    """Expression of a date text without the midnight that may follow it."""
    return f"regexp_replace({text}, '[T ]+0?0:00(:00([.]0*)?)?$', '')"


def day_stands_first(connection: duckdb.DuckDBPyConnection, path: Path, relation: str) -> bool:
    """Whether dates such as 02/01/2024 begin with the day, told by all dates of the file.

    Raises:
        UnusableInput: Nothing tells, or some dates say one thing and some another.
    """
    day_first, month_first, example, example_line = connection.execute(f"""
        select
            count_if(parts[1] > 12 and parts[2] <= 12), count_if(parts[2] > 12 and parts[1] <= 12),
            arg_min(date_text, line_number) filter (where parts[1] != parts[2]),
            min(line_number) filter (where parts[1] != parts[2])
        from (
            select
                date_text, line_number,
                [
                    try_cast(regexp_extract(date_text, '^([0-9]+)[-/.]([0-9]+)', 1) as integer),
                    try_cast(regexp_extract(date_text, '^([0-9]+)[-/.]([0-9]+)', 2) as integer)
                ] as parts
            from {relation}
            where regexp_full_match({midnight_free("date_text")}, '{YEAR_LAST}')
        )
        where parts[1] <= 12 or parts[2] <= 12
    """).fetchone()
    if day_first and month_first:
        raise UnusableInput(
            f"{path.name}: some dates begin with the day and some with the month, so none is certain. Write dates as 2024-01-31."
        )
    if example and not day_first and not month_first:
        raise UnusableInput(
            f"{path.name}, line {example_line}: cannot tell day from month in '{example}', nor in any other date of the file. "
            "Write dates as 2024-01-31."
        )
    return not month_first


def date_of(text: str, day_first: bool) -> str:
    """Expression of the day that a date text names, null when it names none."""
    date_text = midnight_free(text)
    shapes = (
        (YEAR_FIRST, YEAR_FIRST_FORMATS),
        (YEAR_LAST, DAY_FIRST_FORMATS if day_first else MONTH_FIRST_FORMATS),
        (NAMED_MONTH, NAMED_MONTH_FORMATS),
    )
    cases = " ".join(
        f"when regexp_full_match({date_text}, '{shape}') then try_strptime({date_text}, {list(formats)})"
        for shape, formats in shapes
    )
    return f"case {cases} end"


def read(connection: duckdb.DuckDBPyConnection, path: Path, mapping: Mapping[str, str]) -> ReadingFile:
    """Read a wide daily CSV file into a temporary table, one row for each cell that is not blank.

    Args:
        connection: Where the reader may create temporary tables.
        path: The file, unpacked.
        mapping: Column name of `service_point_id`, `label` (the date) and the optional fields, where the user gave it.

    Returns:
        The opened file; its `label` is None where the names of the columns do not tell what they mark.

    Raises:
        UnusableInput: The file is damaged, not CSV, lacks a column, its value columns are not the intervals of a day, or
            its dates cannot be told.
    """
    names, delimiter, _ = read_head(path)
    layout = find_layout(path.name, names)
    fields = find_fields(path.name, names, layout, mapping)
    texts = {"service_point_id": "service_point_id", "label": "date_text", "version": "version_text"}
    columns = [f"{trimmed(f'column_{position}')} as {texts.get(field, field)}" for field, position in fields.items()]
    values = [f"value_{column.position}" for column in layout.columns]
    columns += [f"{trimmed(f'column_{column.position}')} as value_{column.position}" for column in layout.columns]
    relation, unreadable = fill_numbered_texts(connection, CsvScan(path, len(names), delimiter), columns)
    with told_as_unusable(path):
        day_first = day_stands_first(connection, path, relation)
        has_comma = bool(decimals_have_comma(connection, relation, values, delimiter))
        fill_readings(connection, relation, layout, fields, values, number("kwh_text", has_comma), day_first)
        drop_texts(connection)
    return ReadingFile(
        path=path,
        file_format="wide_daily_csv",
        relation=f"""
            select *, {layout.step_minutes}::smallint as interval_minutes, rowid as row_number {absent_fields(fields)}
            from temp.incoming_csv
        """,
        label=layout.label,
        label_time_zone=None,
        kwh_column=layout.columns[0].name,
        unreadable=unreadable,
        first_line=2,
        skipped_lines=list,
        is_stamped="version" in fields or "source_flag" in fields,
        tells=("channel", "interval_minutes") if "channel" in fields else ("interval_minutes",),
    )


def absent_fields(fields: Mapping[str, int]) -> str:
    """Nulls in place of the optional columns that the file does not have."""
    absent = "".join(f", null::varchar as {field}" for field in ("channel", "source_flag") if field not in fields)
    return absent if "version" in fields else f"{absent}, null::bigint as version, null::varchar as unreadable_version"


def fill_readings(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    layout: Layout,
    fields: Mapping[str, int],
    values: Sequence[str],
    kwh: str,
    day_first: bool,
) -> None:
    """Create `temp.incoming_csv`, one row for each value of the wide rows, in their order."""
    optional = [field for field in ("channel", "source_flag") if field in fields]
    if "version" in fields:
        version, unreadable_version = text_version_stamp("version_text")
        optional += [f"{version} as version", f"{unreadable_version} as unreadable_version"]
    optional_names = [expression.rsplit(" ", 1)[-1] for expression in optional]
    times = ", ".join(
        f"'{minutes // 60:02d}:{minutes % 60:02d}'"
        for minutes in range(layout.first_minutes, 1440 + layout.first_minutes, layout.step_minutes)
    )
    keep = "".join(f", {name}" for name in optional_names)
    connection.execute("drop table if exists temp.incoming_csv")
    connection.execute(f"""
        create temp table incoming_csv as
        with days as (
            select
                service_point_id, line_number, {date_of("date_text", day_first)} as day_at, date_text, {", ".join(values)}
                {"".join(f", {expression}" for expression in optional)}
            from {relation}
        ),
        cells as (
            select
                service_point_id, line_number, day_at, date_text {keep},
                unnest([{", ".join(values)}]) as kwh_text, unnest(range({len(values)})) as slot
            from days
        ),
        typed as (select *, {kwh} as kwh from cells where kwh_text is not null)
        select
            service_point_id, line_number,
            day_at + to_minutes({layout.first_minutes} + {layout.step_minutes} * slot) as label_at, kwh {keep},
            case when day_at is null then date_text || ' ' || ([{times}])[slot + 1] end as label_text,
            case when day_at is null or kwh is null or not isfinite(kwh) then kwh_text end as kwh_text
        from typed
    """)
