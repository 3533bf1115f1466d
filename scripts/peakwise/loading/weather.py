"""Weather: observed temperatures by station, each at a moment, in place of what was known of the same hours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.loading.clock import Clock, create_label_clock
from peakwise.loading.tables import (
    Table,
    candidates,
    clock_of,
    labels_tell_offset,
    mapped_column,
    open_table,
    read_texts,
    temporary_tables,
    why_no_time,
)
from peakwise.readers.columns import READING_NAMES, check_not_alike
from peakwise.readers.csv_text import label_of
from peakwise.readers.file_text import shown_text
from peakwise.warehouse import literal, one_transaction

# What `WeatherOptions.columns` may map. The unit is part of the field, for a guess between C and F would go unnoticed.
WEATHER_FIELDS = ("station", "time", "temperature_c", "temperature_f")
KNOWN_NAMES = {
    # No customer or meter: many of them repeat the values of one station.
    "station": ("station_id", "station", "weather_station_id", "weather_station", "wban"),
    "time": ("observed_at", "observation_time", "hour_start_at", "dt", *READING_NAMES["label"]),
    "temperature_c": ("temperature_c", "temp_c", "air_temperature_c", "air_temp_c", "temperature_celsius"),
    "temperature_f": ("temperature_f", "temp_f", "air_temperature_f", "air_temp_f", "temperature_fahrenheit"),
}  # fmt: skip
NAMES_WITHOUT_UNIT = ("temperature", "temp", "air_temperature", "air_temp")
DEFAULT_STATION = "default"
# How exports write that nothing was observed; an empty field says it, too.
BLANKS = ("nan", "na", "n/a", "null", "none")
COLDEST_CELSIUS, WARMEST_CELSIUS = -90, 60
CELSIUS = {"temperature_c": "value", "temperature_f": "(value - 32) / 1.8"}

REASON = f"""
    case
        when station_id is null then 'no station'
        when time_text is null then 'no time'
        {why_no_time("time_text", "label_at", "the time")}
        when temperature_text is not null and (temperature_c is null or not isfinite(temperature_c))
            then 'the temperature is not a number'
        when temperature_c not between {COLDEST_CELSIUS} and {WARMEST_CELSIUS}
            then 'the temperature is below {COLDEST_CELSIUS} or above {WARMEST_CELSIUS} °C'
    end
"""


@dataclass(frozen=True)
class WeatherOptions:
    """How to understand a weather file.

    Attributes:
        label_clock: Clock of its times; None when the file tells it.
        columns: Field (one of `WEATHER_FIELDS`) to column name, where recognition by name is not wanted.
    """

    label_clock: Clock | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WeatherResult:
    """What a weather file brought; its rows are observations, repeated rows and gaps.

    Attributes:
        stations: Stations that the file names.
        observations: Observations that count now.
        repeated: Rows that say again what another row of the file says.
        gaps: Rows without a temperature.
        replaced: Observations of earlier files in the same hours, which count no more.
        first_observed_at: UTC time of the earliest observation.
        last_observed_at: UTC time of the latest one.
    """

    stations: int
    observations: int
    repeated: int
    gaps: int
    replaced: int
    first_observed_at: datetime
    last_observed_at: datetime


def load_weather(connection: duckdb.DuckDBPyConnection, path: Path, options: WeatherOptions) -> WeatherResult:
    """Load a file of temperatures (Parquet or CSV, plain or gzip), one row an observation.

    It takes the place of what earlier files said of the same station and UTC hour, and adds the rest.

    Args:
        connection: The warehouse.
        path: The file.
        options: Clock and columns, where the file does not tell them.

    Returns:
        What the file brought.

    Raises:
        UnusableInput: The file cannot be used, a row cannot be read, or a station has two temperatures at one moment.
            Nothing is changed then.
    """
    table = open_table(connection, path, "weather")
    columns, unit = find_weather_columns(table, options.columns)
    try:
        with temporary_tables(connection, "weather_texts", "weather_rows", "weather_placed", "label_clock"):
            clock = _read_rows(connection, table, columns, unit, options.label_clock)
            _place_rows(connection, table, clock)
            _check_contradictions(connection, table)
            with one_transaction(connection):
                return _replace_hours(connection)
    except (duckdb.DataError, duckdb.OperationalError, duckdb.InvalidInputException) as error:
        raise UnusableInput(f"{table.name} cannot be loaded: {str(error).splitlines()[0]}") from error


def find_weather_columns(table: Table, mapping: Mapping[str, str]) -> tuple[dict[str, str | None], str]:
    """Decide which columns of a file hold station, time and temperature.

    Args:
        table: The file.
        mapping: Field to column name as the user gave it; goes before recognition.

    Returns:
        The file's column of `station` (None without one), `time` and `temperature`; and `temperature_c` or
        `temperature_f`, the unit.

    Raises:
        UnusableInput: A column is missing or told twice, or nothing tells the unit.
    """
    unknown = [name for name in mapping if name not in WEATHER_FIELDS]
    if unknown:
        raise UnusableInput(
            f"Weather has no field '{shown_text(unknown[0])}' to map; it has {', '.join(WEATHER_FIELDS)}."
        )
    given = {name: mapped_column(table, column) for name, column in mapping.items()}
    found = {name: [given[name]] if name in given else candidates(table, KNOWN_NAMES[name]) for name in WEATHER_FIELDS}
    if not found["time"]:
        raise UnusableInput(
            f"{table.name} has no column for the time; its columns are: {table.columns_told}. Say which one it is: "
            "time=<column>"
        )
    _check_one(table, "time", [("time", column) for column in found["time"]])
    units = [name for name in CELSIUS if name in given] or list(CELSIUS)
    temperatures = [(unit, column) for unit in units for column in found[unit]]
    if not temperatures:
        raise UnusableInput(_why_no_temperature(table))
    _check_one(table, "temperature", temperatures)
    unit, temperature = temperatures[0]
    check_not_alike(table.name, found["station"], "Say which one counts: station=<column>")
    station = found["station"][0] if found["station"] else None
    return {"station": station, "time": found["time"][0], "temperature": temperature}, unit


def _check_one(table: Table, what: str, found: list[tuple[str, str]]) -> None:
    """See that only one column of a file can be meant.

    Raises:
        UnusableInput: There are several.
    """
    if len(found) > 1:
        columns = ", ".join(shown_text(column) for _, column in found)
        field_name, column = found[0]
        raise UnusableInput(
            f"{table.name} has several {what} columns ({columns}). Say which one counts: {field_name}={shown_text(column)}"
        )


def _why_no_temperature(table: Table) -> str:
    """The sentence on a file whose temperature cannot be found, or not understood."""
    bare = candidates(table, NAMES_WITHOUT_UNIT)
    if bare:
        name = shown_text(bare[0])
        return (
            f"{table.name}: the name of column {name} does not tell whether it holds °C or °F. Rename it to "
            f"temperature_c or temperature_f, or say it: temperature_c={name} or temperature_f={name}"
        )
    return (
        f"{table.name} has no column for the temperature; its columns are: {table.columns_told}. Say which one it is: "
        "temperature_c=<column> or temperature_f=<column>"
    )


def _read_rows(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    columns: Mapping[str, str | None],
    unit: str,
    given_clock: Clock | None,
) -> Clock:
    """Create `temp.weather_rows`: station, time and temperature of each row; returns the clock of the times.

    Raises:
        UnusableInput: A row cannot be read, there is no row, or nothing tells the clock.
    """
    read_texts(connection, table, "weather_texts", columns)
    tells_offset = labels_tell_offset(connection, "weather_texts", "time_text")
    station = literal(DEFAULT_STATION) if columns["station"] is None else "station_text"
    blanks = ", ".join(literal(blank) for blank in BLANKS)
    connection.execute(f"""
        create or replace temp table weather_rows as
        with texts as (
            select
                rowid as row_number, {station} as station_id, time_text,
                case when lower(temperature_text) not in ({blanks}) then temperature_text end as temperature_text
            from weather_texts
        ),
        numbers as (select *, try_cast(temperature_text as double) as value from texts)
        select
            row_number, station_id, time_text, temperature_text,
            {label_of("time_text", bool(tells_offset))} as label_at, {CELSIUS[unit]} as temperature_c
        from numbers
    """)
    connection.execute("drop table temp.weather_texts")
    bad = connection.execute(f"""
        select row_number, reason, coalesce(case when contains(reason, 'temperature') then temperature_text else time_text end, '')
        from (select *, {REASON} as reason from weather_rows)
        where reason is not null order by row_number limit 1
    """).fetchone()
    if bad:
        row_number, reason, text = bad
        text = f" ('{shown_text(text)}')" if text else ""
        raise UnusableInput(
            f"{table.name}, {table.place(row_number)}: {reason}{text}. A weather series must be whole: repair the row, or "
            "leave its temperature empty where nothing was observed."
        )
    rows, observed = connection.execute("select count(*), count(temperature_c) from weather_rows").fetchone()
    if not observed:
        what = f"none of its {rows:,} rows has a temperature" if rows else "it has a header but no rows"
        raise UnusableInput(f"{table.name}: {what}.")
    # Asked last: a file whose first time is no time should hear that, not a question about its clock.
    return clock_of(table, tells_offset, given_clock)


def _place_rows(connection: duckdb.DuckDBPyConnection, table: Table, clock: Clock) -> None:
    """Create `temp.weather_placed`: the observations of `temp.weather_rows` with their UTC time.

    Raises:
        UnusableInput: A time does not exist on a local clock, or cannot be told from another.
    """
    if clock.is_local:
        _read_local_clock(connection, table, clock)
        placed = _placed_by_local_clock()
    else:
        placed = f"select *, label_at - to_minutes({clock.offset_minutes}) as observed_at from weather_rows"
    connection.execute(f"""
        create or replace temp table weather_placed as
        select row_number, station_id, observed_at, temperature_c from ({placed}) where temperature_c is not null
    """)


def _read_local_clock(connection: duckdb.DuckDBPyConnection, table: Table, clock: Clock) -> None:
    """Create `temp.label_clock` and see that each time of the file can be told by it.

    Raises:
        UnusableInput: A time does not exist on the clock, or stands too often in the hour that the clock repeats.
    """
    create_label_clock(connection, "select label_at from weather_rows", clock, "start")
    skipped = connection.execute("""
        select row_number, time_text from weather_rows inner join label_clock using (label_at)
        where earlier_at is null and temperature_c is not null
        order by row_number limit 1
    """).fetchone()
    if skipped:
        raise UnusableInput(
            f"{table.name}, {table.place(skipped[0])}: the clock of {clock.name} skips '{shown_text(skipped[1])}'. Is it the "
            "clock of the file?"
        )
    # Where rows stand several times anyway, as one station's values beside each customer, a time that stands twice says
    # nothing of the repeated hour.
    unclear = connection.execute("""
        with labels as (
            select
                station_id, label_at, earlier_at != later_at as is_repeated_hour, count(*) as rows_of_label,
                min(row_number) as row_number, min(time_text) as time_text
            from weather_rows inner join label_clock using (label_at)
            group by all
        ),
        copies as (
            select station_id, max(rows_of_label) as most_rows from labels where not is_repeated_hour group by station_id
        )
        select row_number, time_text, rows_of_label
        from labels left join copies using (station_id)
        where is_repeated_hour and (rows_of_label > 2 or (rows_of_label = 2 and coalesce(most_rows, 1) > 1))
        order by row_number limit 1
    """).fetchone()
    if unclear:
        row_number, text, rows = unclear
        raise UnusableInput(
            f"{table.name}, {table.place(row_number)}: '{shown_text(text)}' lies in the hour that the clock of {clock.name} "
            f"repeats and has {rows} rows of one station. Keep one row for each station and moment, or write times with an "
            "offset."
        )


def _placed_by_local_clock() -> str:
    """SQL of `temp.weather_rows` with the UTC time that `temp.label_clock` and the order of rows give them.

    In the repeated hour, the first row of a time is the earlier moment and the second the later one; the other way round
    where the file runs backwards.
    """
    return """
        with located as (select * from weather_rows inner join label_clock using (label_at)),
        directions as (
            select station_id, label_at::date as label_date, covar_pop(epoch_us(label_at), row_number) < 0 as runs_backwards
            from weather_rows
            where label_at::date in (select label_at::date from label_clock where earlier_at != later_at)
            group by all
        ),
        repeated_hour as (
            select
                *, label_at::date as label_date,
                row_number() over (partition by station_id, label_at order by row_number) = 2 as is_second,
                count(*) over (partition by station_id, label_at) as rows_of_label
            from located where earlier_at != later_at
        )
        select row_number, station_id, temperature_c, earlier_at as observed_at from located where earlier_at = later_at
        union all
        select
            row_number, station_id, temperature_c,
            case
                when rows_of_label > 1 and is_second != coalesce(runs_backwards, false) then later_at else earlier_at
            end as observed_at
        from repeated_hour left join directions using (station_id, label_date)
    """


def _check_contradictions(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """See that each station has one temperature at each moment.

    Raises:
        UnusableInput: One has two.
    """
    contradiction = connection.execute("""
        with moments as (
            select station_id, observed_at, min(row_number) as row_number from weather_placed
            group by station_id, observed_at having min(temperature_c) != max(temperature_c)
            order by row_number limit 1
        )
        select weather_placed.row_number, station_id, observed_at
        from weather_placed inner join moments using (station_id, observed_at)
        where temperature_c != (select temperature_c from weather_placed where row_number = moments.row_number)
        order by weather_placed.row_number limit 1
    """).fetchone()
    if contradiction:
        row_number, station_id, observed_at = contradiction
        raise UnusableInput(
            f"{table.name}, {table.place(row_number)}: station '{shown_text(station_id)}' has another temperature at "
            f"{observed_at} UTC above. If the file holds several stations, say which column names them: station=<column>"
        )


def _replace_hours(connection: duckdb.DuckDBPyConnection) -> WeatherResult:
    """Put `temp.weather_placed` in place of what was known of its stations and hours; the caller holds the transaction."""
    replaced = connection.execute("""
        delete from raw.weather
        where (station_id, date_trunc('hour', observed_at)) in (
            select (station_id, date_trunc('hour', observed_at)) from weather_placed
        )
    """).fetchone()[0]
    observations = connection.execute("""
        insert into raw.weather
        select station_id, observed_at, any_value(temperature_c) from weather_placed
        group by station_id, observed_at order by station_id, observed_at
    """).fetchone()[0]
    placed, stations, first, last = connection.execute("""
        select count(*), count(distinct station_id), min(observed_at), max(observed_at) from weather_placed
    """).fetchone()
    rows = connection.execute("select count(*) from weather_rows").fetchone()[0]
    return WeatherResult(
        stations=stations,
        observations=observations,
        repeated=placed - observations,
        gaps=rows - placed,
        replaced=replaced,
        first_observed_at=first,
        last_observed_at=last,
    )
