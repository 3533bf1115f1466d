"""Weather files: units, clocks, stations, what takes whose place, and what is told when a file cannot be used."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import duckdb
import pytest
from conftest import PROJECT, real_data
from hypothesis import given, settings
from hypothesis import strategies as st
from meter_files import Desk, desk_in

from peakwise.errors import UnusableInput
from peakwise.loading import WEATHER_FIELDS, Clock, WeatherOptions, WeatherResult, load_weather
from peakwise.readers.columns import parse_column_mapping
from peakwise.readers.packing import unpacked


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as opened:
        yield opened


def load(desk: Desk, path: Path, clock: str | None = "UTC", **columns: str) -> WeatherResult:
    with unpacked(path) as plain:
        return load_weather(desk.connection, plain, WeatherOptions(Clock.parse(clock) if clock else None, columns))


def weather(desk: Desk) -> list[tuple[str, str, float]]:
    return desk.rows("""
        select station_id, strftime(observed_at, '%Y-%m-%d %H:%M'), round(temperature_c, 6) from raw.weather order by 1, 2
    """)


def refused(desk: Desk, path: Path, clock: str | None = "UTC", **columns: str) -> str:
    """The sentence on a file that cannot be used; nothing may have changed."""
    before = desk.rows("select * from raw.weather order by all")
    with pytest.raises(UnusableInput) as told:
        load(desk, path, clock, **columns)
    assert desk.rows("select * from raw.weather order by all") == before
    assert desk.rows("select table_name from duckdb_tables() where temporary") == []
    sentence = str(told.value)
    assert sentence.isprintable()
    return sentence


# 50 °F are 10 °C and -40 is the same in both.
@pytest.mark.parametrize(
    ("column", "celsius"),
    [("temp_f", 10), ("tempF", 10), ("Temperature (F)", 10), ("air_temperature_f", 10),
     ("temp_c", 50), ("tempC", 50), ("temperature_c", 50), ("Temperature Celsius", 50)],
)  # fmt: skip
def test_the_unit_stands_in_the_name_of_the_column(desk: Desk, column: str, celsius: float) -> None:
    result = load(desk, desk.csv("2024-01-01 00:00,50", "2024-01-01 01:00, -40 ", header=f"timestamp,{column}"))
    assert weather(desk) == [("default", "2024-01-01 00:00", celsius), ("default", "2024-01-01 01:00", -40)]
    assert result == WeatherResult(1, 2, 0, 0, 0, datetime(2024, 1, 1), datetime(2024, 1, 1, 1))


@pytest.mark.parametrize("column", ["temperature", "Temp", "air_temperature"])
def test_a_name_without_a_unit_is_not_guessed(desk: Desk, column: str) -> None:
    path = desk.csv("2024-01-01 00:00,50", header=f"timestamp,{column}")
    told = refused(desk, path)
    assert f"the name of column {column} does not tell whether it holds °C or °F" in told
    assert f"temperature_c={column} or temperature_f={column}" in told
    load(desk, path, temperature_f=column)
    assert weather(desk) == [("default", "2024-01-01 00:00", 10)]


@pytest.mark.parametrize(
    ("header", "columns", "sentence"),
    [
        ("timestamp,temp_c,temp_f", {}, "several temperature columns (temp_c, temp_f)"),
        ("timestamp,x,y", {"temperature_c": "x", "temperature_f": "y"}, "several temperature columns (x, y)"),
        ("timestamp,dt,temp_c", {}, "several time columns (dt, timestamp). Say which one counts: time=dt"),
        ("station,timestamp,wind", {}, "no column for the temperature; its columns are: station, timestamp, wind"),
        ("station,day,temp_c", {}, "no column for the time; its columns are: station, day, temp_c"),
        ("timestamp,temp_c,site", {"station": "Site"}, "has no column 'Site'"),
        ("timestamp,temp_c,site", {"kwh": "site"}, "Weather has no field 'kwh' to map"),
    ],
)
def test_columns_are_not_guessed(desk: Desk, header: str, columns: dict[str, str], sentence: str) -> None:
    assert sentence in refused(desk, desk.csv("1,2,3", header=header), **columns)


def test_a_mapping_of_columns_is_read_or_refused() -> None:
    assert parse_column_mapping(" station = Site No , temperature_c=Air (C)", WEATHER_FIELDS) == {
        "station": "Site No",
        "temperature_c": "Air (C)",
    }
    assert parse_column_mapping(None, WEATHER_FIELDS) == {}
    for text in ("station", "station=", "kwh=x"):
        with pytest.raises(UnusableInput, match="field is one of station, time, temperature_c, temperature_f"):
            parse_column_mapping(text, WEATHER_FIELDS)


def test_times_may_tell_their_clock(desk: Desk) -> None:
    lines = ("2024-01-01T00:00:00-06:00,1", "2024-07-01T00:00:00-05:00,2")
    load(desk, desk.csv(*lines, header="dt,temp_c"), clock=None)
    assert weather(desk) == [("default", "2024-01-01 06:00", 1), ("default", "2024-07-01 05:00", 2)]
    load(desk, desk.parquet("select timestamptz '2024-03-01 02:00:00+01' as time, 3 as temp_c"), clock=None)
    assert weather(desk)[1] == ("default", "2024-03-01 01:00", 3)
    for path in (
        desk.csv("2024-01-01 00:00,1", header="dt,temp_c"),
        desk.parquet("select timestamp '2024-03-01' as time, 3 as temp_c"),
    ):
        assert "does not tell which clock its times follow" in refused(desk, path, clock=None)


def test_a_fixed_offset(desk: Desk) -> None:
    load(desk, desk.csv("2024-01-01 00:00,1", header="dt,temp_c"), "+10:00")
    assert weather(desk) == [("default", "2023-12-31 14:00", 1)]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_local_day_of_25_hours(desk: Desk, backwards: bool) -> None:
    labels = ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"]
    lines = [f"{station},2024-11-03 {text},{number}" for station in "ab" for number, text in enumerate(labels)]
    path = desk.csv(*(lines[::-1] if backwards else lines), header="station,timestamp,temp_c")
    load(desk, path, "America/New_York")
    utc = ["04:30", "05:00", "05:30", "06:00", "06:30", "07:00"]
    assert weather(desk) == [
        (station, f"2024-11-03 {text}", number) for station in "ab" for number, text in enumerate(utc)
    ]


def test_a_time_of_the_repeated_hour_that_stands_alone_is_the_earlier_and_a_gap_keeps_its_place(desk: Desk) -> None:
    lines = ("2024-11-03 00:30,1", "2024-11-03 01:00,2", "2024-11-03 01:30,", "2024-11-03 01:30,3")
    result = load(desk, desk.csv(*lines, header="timestamp,temp_c"), "America/New_York")
    assert weather(desk) == [
        ("default", "2024-11-03 04:30", 1),
        ("default", "2024-11-03 05:00", 2),
        ("default", "2024-11-03 06:30", 3),
    ]
    assert (result.observations, result.gaps) == (3, 1)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (("2024-03-10 01:00,1", "", "2024-03-10 02:00,2"), "line 4: the clock of America/New_York skips '2024-03-10 02:00'"),
        (("2024-11-03 01:00,1",) * 3, "line 2: '2024-11-03 01:00' lies in the hour that the clock of America/New_York repeats"),
        (("2024-11-03 00:00,1", "2024-11-03 00:00,1", "2024-11-03 01:00,1", "2024-11-03 01:00,1"), "line 4: '2024-11-03 01:00'"),
    ],
)  # fmt: skip
def test_times_that_a_local_clock_does_not_tell(desk: Desk, lines: tuple[str, ...], sentence: str) -> None:
    assert sentence in refused(desk, desk.csv(*lines, header="timestamp,temp_c"), "America/New_York")


def test_a_gap_in_the_skipped_hour_is_a_gap(desk: Desk) -> None:
    lines = ("2024-03-10 01:00,1", "2024-03-10 02:00,", "2024-03-10 03:00,2")
    assert load(desk, desk.csv(*lines, header="timestamp,temp_c"), "America/New_York").gaps == 1
    assert [time for _, time, _ in weather(desk)] == ["2024-03-10 06:00", "2024-03-10 07:00"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("a,2024-01-01 01:00,warm", "line 5: the temperature is not a number ('warm')"),
        ("a,2024-01-01 01:00,inf", "line 5: the temperature is not a number ('inf')"),
        ("a,2024-01-01 01:00,60.1", "line 5: the temperature is below -90 or above 60 °C ('60.1')"),
        ("a,2024-01-01 01:00,-9999", "line 5: the temperature is below -90 or above 60 °C ('-9999')"),
        ("a,2024-02-30 01:00,1", "line 5: the time is not a time as in 2024-01-31 17:00:00 ('2024-02-30 01:00')"),
        ("a,2024-01-01 01:00 PM,1", "line 5: the time is written in another way"),
        ("a,2024-01-01 01:00Z,1", "line 5: the time is written in another way"),
        ("a,1989-12-31 23:00,1", "line 5: the time is outside 1990 to 2100"),
        ("a,,1", "line 5: no time."),
        (" ,2024-01-01 01:00,1", "line 5: no station ('2024-01-01 01:00')."),
        ("a,2024-01-01 01:00", "in line 5, the line has fewer columns than the header"),
        ("a,2024-01-01 01:00,1,2", "in line 5, the line has more columns than the header"),
        ('a,2024-01-01 01:00,"1', "in line 5, a quotation mark stands in the wrong place or stays open"),
    ],
)
def test_a_file_with_a_bad_row_is_refused_whole_and_the_row_named(desk: Desk, line: str, sentence: str) -> None:
    header = "station,timestamp,temp_c"
    load(desk, desk.csv("a,2024-01-01 00:00,7", header=header))
    lines = ("a,2024-01-01 00:00,1", "", "b,2024-01-01 00:00,1")
    told = refused(desk, desk.csv(*lines, line, "a,never,1", header=header, name="w"))
    assert sentence in told
    assert told.startswith("w")


def test_lines_are_counted_as_an_editor_counts_them(desk: Desk) -> None:
    header = "station,timestamp,temp_c"
    lines = ('"a\nb",2024-01-01 00:00,1', "", "c,2024-01-01 00:00,1", "", "d,never,1")
    assert "line 7: the time is not a time" in refused(desk, desk.csv(*lines, header=header))
    assert "in line 7, the line has fewer columns" in refused(desk, desk.csv(*lines[:-1], "d", header=header))
    long = "d" * 65_536 + ",2024-01-01 00:00,1"
    assert "in line 7, the line is longer than 65,536 bytes" in refused(
        desk, desk.csv(*lines[:-1], long, header=header)
    )


def test_a_station_with_two_temperatures_at_one_moment_is_refused(desk: Desk) -> None:
    lines = ("a,2024-01-01 00:00,1", "b,2024-01-01 00:00,2", "a,2024-01-01 00:00,1", "a,2024-01-01 00:00,1.5")
    told = refused(desk, desk.csv(*lines, header="station,timestamp,temp_c"))
    assert "line 5: station 'a' has another temperature at 2024-01-01 00:00:00 UTC above" in told


def test_limits_are_possible_and_blanks_are_gaps(desk: Desk) -> None:
    values = ("-90", "60", "", " ", "NaN", "null", "N/A")
    lines = [f"2024-01-01 0{hour}:00,{value}" for hour, value in enumerate(values)]
    result = load(desk, desk.csv(*lines, header="timestamp,temp_c"))
    assert [value for *_, value in weather(desk)] == [-90, 60]
    assert (result.observations, result.repeated, result.gaps) == (2, 0, 5)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [((), "it has a header but no rows"), (("2024-01-01 00:00,",), "none of its 1 rows has a temperature")],
)
def test_files_without_an_observation(desk: Desk, lines: tuple[str, ...], sentence: str) -> None:
    assert sentence in refused(desk, desk.csv(*lines, header="timestamp,temp_c"))


def test_rows_that_say_the_same_again_are_counted(desk: Desk) -> None:
    query = """
        select customer_id, timestamp '2024-01-01' + to_hours(hour::integer) as reading_ts, 32 + 1.8 * hour as temp_f
        from range(3) as hours(hour), (values ('x'), ('y')) as customers(customer_id)
    """
    path = desk.parquet(query)
    result = load(desk, path)
    assert (result.stations, result.observations, result.repeated) == (1, 3, 3)
    assert weather(desk) == [("default", f"2024-01-01 0{hour}:00", hour) for hour in range(3)]
    assert load(desk, path, station="customer_id").stations == 2


def test_a_newer_file_replaces_the_same_hours_of_its_stations_and_adds_the_rest(desk: Desk) -> None:
    header = "station,timestamp,temp_c"
    old = desk.csv("a,2024-01-01 00:00,1", "a,2024-01-01 00:30,2", "a,2024-01-01 01:00,3", "b,2024-01-01 00:00,4",
                   header=header, name="old.csv")  # fmt: skip
    new = desk.csv("a,2024-01-01 00:15,9", "a,2024-01-01 01:00,", "a,2024-01-01 02:00,8", header=header, name="new.csv")
    load(desk, old)
    result = load(desk, new)
    expected = [
        ("a", "2024-01-01 00:15", 9),
        ("a", "2024-01-01 01:00", 3),
        ("a", "2024-01-01 02:00", 8),
        ("b", "2024-01-01 00:00", 4),
    ]
    assert (result.observations, result.gaps, result.replaced) == (2, 1, 2)
    assert weather(desk) == expected
    assert load(desk, new).replaced == 2
    assert weather(desk) == expected


def test_an_error_while_writing_changes_nothing(desk: Desk) -> None:
    load(desk, desk.csv("2024-01-01 00:00,1", header="timestamp,temp_c"))
    before = weather(desk)

    class Broken:
        """A connection that fails when the new rows are written, after the old ones are deleted."""

        def execute(self, query: str, *parameters: object) -> duckdb.DuckDBPyConnection:
            if "insert into raw.weather" in query:
                raise duckdb.OperationalError("no space left")
            return desk.connection.execute(query, *parameters)

    with pytest.raises(UnusableInput, match="cannot be loaded: no space left"):
        load_weather(
            Broken(),
            desk.csv("2024-01-01 00:00,5", header="timestamp,temp_c"),
            WeatherOptions(Clock.parse("UTC")),
        )
    assert weather(desk) == before


def test_sub_hourly_observations_average_to_the_hour_in_the_model(desk: Desk) -> None:
    lines = ("a,2024-01-01 00:00,1", "a,2024-01-01 00:20,2", "a,2024-01-01 00:40,6", "a,2024-01-01 01:00,-4",
             "b,2024-01-01 00:59,0.5")  # fmt: skip
    load(desk, desk.csv(*lines, header="station,timestamp,temp_c"))
    model = (PROJECT / "models" / "staging" / "weather" / "stg_weather__hourly.sql").read_text()
    query = model.replace("{{ source('weather', 'weather') }}", "raw.weather").replace(
        "{{ known_by('observed_at') }}", "true"
    )
    assert sorted(desk.rows(query)) == [
        ("a", datetime(2024, 1, 1, 0), 3.0, 3),
        ("a", datetime(2024, 1, 1, 1), -4.0, 1),
        ("b", datetime(2024, 1, 1, 0), 0.5, 1),
    ]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_packing_is_told_by_content(desk: Desk, pack) -> None:
    path = desk.folder / "weather"
    path.write_bytes(pack(b"\xef\xbb\xbfdt;temp_f\r\n2024-01-01 00:00;50\r\n"))
    load(desk, path)
    assert weather(desk) == [("default", "2024-01-01 00:00", 10)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "is empty"), (b"PAR1broken", "damaged or cut short"), (b"\x1f\x8bbroken", "cannot be unpacked"),
     (b"\xff\xfed\x00t\x00", "is UTF-16 text"), (b"\x00\x01", "neither Parquet nor text"),
     (b"dt,temp_c\n2024-01-01 00:00,\xff\n", "in line 2, the line is not UTF-8 text")],
)  # fmt: skip
def test_files_that_are_no_weather(desk: Desk, content: bytes, sentence: str) -> None:
    path = desk.folder / "weather"
    path.write_bytes(content)
    assert sentence in refused(desk, path)
    for missing in (desk.folder, desk.folder / "nowhere.csv"):
        assert "cannot be read" in refused(desk, missing)


@pytest.mark.parametrize(
    "query",
    [
        "select [1] as temp_c, timestamp '2024-01-01' as time",
        "select true as temp_c, timestamp '2024-01-01' as time",
        "select 1 as temp_c, {'a': 1} as time",
        "select 1 as temp_c, timestamp 'infinity' as time",
        "select 1 as temp_c, '\\xAA'::blob as time",
    ],
)
def test_parquet_columns_of_other_types_name_the_row(desk: Desk, query: str) -> None:
    assert "readings.parquet, row 1: the t" in refused(desk, desk.parquet(query))


LINES = st.lists(
    st.one_of(
        st.sampled_from([b"a,2024-01-01 00:00,1", b"b,2024-01-01 00:30,", b"", b'"a', b"a,2024-01-01 00:00,1,1", b"\xff,\x00,"]),
        st.binary(max_size=30),
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(head=st.sampled_from([b"station,dt,temp_c", b"dt;temp_f", b"PAR1", b"\x1f\x8b", b""]), lines=LINES)
def test_no_bytes_end_in_anything_but_a_result_or_a_sentence(desk_of_bytes: Desk, head: bytes, lines: list) -> None:
    path = desk_of_bytes.folder / "weather"
    path.write_bytes(b"\n".join((head, *lines)))
    try:
        result = load(desk_of_bytes, path)
    except UnusableInput as error:
        assert str(error)
        assert "\n" not in str(error)
    else:
        assert result.observations > 0


@pytest.fixture(scope="module")
def desk_of_bytes() -> Iterator[Desk]:
    with TemporaryDirectory() as folder, desk_in(Path(folder)) as opened:
        yield opened


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe"]),
    first=st.datetimes(datetime(2024, 1, 1), datetime(2024, 12, 1), timezones=st.just(UTC)),
    temperatures=st.lists(st.none() | st.integers(-90, 60), min_size=1, max_size=100).filter(any),
)
def test_a_series_by_a_local_clock_comes_back(
    desk_of_bytes: Desk, zone: str, first: datetime, temperatures: list[int | None]
) -> None:
    desk_of_bytes.empty()
    first = first.replace(minute=0, second=0, microsecond=0)
    moments = [first + timedelta(minutes=30) * number for number in range(len(temperatures))]
    shown = [moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") for moment in moments]
    # A series that begins or ends between the two passes of a time does not tell which of them it is.
    alone = [text for text in shown if shown.count(text) == 1]
    if any(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=0).utcoffset()
           != datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=1).utcoffset() for text in alone):  # fmt: skip
        return
    values = ["" if value is None else str(value) for value in temperatures]
    lines = [f"{text},{value}" for text, value in zip(shown, values, strict=True)]
    load(desk_of_bytes, desk_of_bytes.csv(*lines, header="dt,temp_c"), zone)
    assert weather(desk_of_bytes) == [
        ("default", f"{moment:%Y-%m-%d %H:%M}", value)
        for moment, value in zip(moments, temperatures, strict=True)
        if value is not None
    ]


def test_a_real_series_with_offsets(desk: Desk) -> None:
    result = load(desk, real_data("raw/eemeter_samples/il-tempF.csv.gz"), clock=None)
    assert (result.stations, result.observations, result.repeated, result.gaps) == (1, 19_417, 0, 0)
    # 2015-11-22T00:00:00-06:00,21.01 and 2018-02-08T00:00:00-06:00,15.99, the first line and the last.
    assert (weather(desk)[0], weather(desk)[-1]) == (
        ("default", "2015-11-22 06:00", round((21.01 - 32) / 1.8, 6)),
        ("default", "2018-02-08 06:00", round((15.99 - 32) / 1.8, 6)),
    )


def test_real_readings_with_weather_beside_them(desk: Desk) -> None:
    path = real_data("comstock_sim_2018_readings.parquet")
    assert "which column names them: station=<column>" in refused(desk, path, "-05:00")
    result = load(desk, path, "-05:00", station="customer_id")
    assert (result.stations, result.observations, result.repeated) == (100, 875_900, 0)
    # comstock_108618,2018-01-01 01:00:00,-1.9111 °F
    assert desk.rows(
        "select round(temperature_c, 3) from raw.weather where station_id = 'comstock_108618' limit 1"
    ) == [(-18.84,)]
