"""CSV with a row for each customer and day: what the columns' names say, dates, blanks and broken lines."""

import csv
import random
import tempfile
from collections import Counter
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import pytest
from conftest import real_data
from hypothesis import given, settings
from hypothesis import strategies as st
from meter_files import readings_in_file_order, write_lines

from peakwise.errors import UnusableInput
from peakwise.loading.survey import REASON
from peakwise.readers import drop_incoming, wide_daily_csv
from peakwise.readers.csv_kind import kind_of_csv
from peakwise.readers.reading_file import ReadingFile

HALF_HOURS = [f"{slot // 2:02d}:{slot % 2 * 30:02d}" for slot in range(48)]
HOURS = [f"{hour:02d}:00" for hour in range(24)]
COLUMNS = (
    "service_point_id varchar, channel varchar, label_at timestamp, interval_minutes smallint, kwh double, version bigint,"
    " source_flag varchar, row_number bigint, line_number bigint, label_text varchar, kwh_text varchar,"
    " unreadable_version varchar"
)


write = partial(write_lines, name="wide.csv")


def read(connection: duckdb.DuckDBPyConnection, path: Path, **mapping: str) -> ReadingFile:
    assert kind_of_csv(path, mapping) == "wide_daily_csv"
    return wide_daily_csv.read(connection, path, mapping)


def refusal(connection: duckdb.DuckDBPyConnection, path: Path, **mapping: str) -> str:
    with pytest.raises(UnusableInput) as error:
        wide_daily_csv.read(connection, path, mapping)
    message = str(error.value)
    assert path.name in message
    assert "\n" not in message
    return message


def day(*values: str, start: str = "a,2024-01-31", count: int = 24) -> str:
    """A row whose first values are given and whose others are blank."""
    return ",".join([start, *values, *[""] * (count - len(values))])


def header(names: list[str]) -> str:
    return ",".join(["meter", "date", *names])


def test_the_relation_has_the_columns_of_every_reader(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = read(connection, write(tmp_path, header(HOURS), day("1")))
    described = connection.execute(f"describe select * from ({file.relation})").fetchall()
    assert sorted((row[0], row[1].lower()) for row in described) == sorted(
        tuple(column.split()) for column in COLUMNS.split(", ")
    )
    assert (file.file_format, file.unreadable, file.label_time_zone) == ("wide_daily_csv", [], None)
    drop_incoming(connection)
    assert connection.execute("select count(*) from duckdb_tables() where table_name like 'incoming%'").fetchone() == (
        0,
    )


@pytest.mark.parametrize(
    ("names", "label", "minutes", "first", "second", "last"),
    [
        (HOURS, None, 60, "31 00:00", "31 01:00", "31 23:00"),
        ([f"{name}:00" for name in HALF_HOURS], None, 30, "31 00:00", "31 00:30", "31 23:30"),
        ([name.replace(":", "") for name in HALF_HOURS], None, 30, "31 00:00", "31 00:30", "31 23:30"),
        ([f"T{name} (kWh)" for name in HALF_HOURS], None, 30, "31 00:00", "31 00:30", "31 23:30"),
        ([*HALF_HOURS[1:], "24:00"], "end", 30, "31 00:30", "31 01:00", "01 00:00"),
        ([f"HE{hour:02d}00" for hour in range(1, 25)], "end", 60, "31 01:00", "31 02:00", "01 00:00"),
        ([f"{hour % 12 or 12}:00 {half}M" for half in "AP" for hour in range(12)], None, 60, "31 00:00", "31 01:00", "31 23:00"),
        ([f"{a} - {b}" for a, b in zip(HALF_HOURS, [*HALF_HOURS[1:], "24:00"], strict=True)], "start", 30,
         "31 00:00", "31 00:30", "31 23:30"),
        ([f"{a}-{b}" for a, b in zip(HOURS, [*HOURS[1:], "00:00"], strict=True)], "start", 60,
         "31 00:00", "31 01:00", "31 23:00"),
        ([f"{hour:02d}:00 to {hour:02d}:59" for hour in range(24)], "start", 60, "31 00:00", "31 01:00", "31 23:00"),
        ([f"{hour}-{hour + 1}" for hour in range(24)], "start", 60, "31 00:00", "31 01:00", "31 23:00"),
        ([f"hh_{slot}" for slot in range(48)], None, 30, "31 00:00", "31 00:30", "31 23:30"),
        ([f"h{hour}" for hour in range(1, 25)], "start", 60, "31 00:00", "31 01:00", "31 23:00"),
        ([f"kwh_{slot:02d}" for slot in range(1, 49)], "start", 30, "31 00:00", "31 00:30", "31 23:30"),
        ([f"HE{hour:02d}" for hour in range(1, 25)], "start", 60, "31 00:00", "31 01:00", "31 23:00"),
        ([f"Hour Ending {hour}" for hour in range(1, 25)], "start", 60, "31 00:00", "31 01:00", "31 23:00"),
        ([str(hour) for hour in range(1, 25)], "start", 60, "31 00:00", "31 01:00", "31 23:00"),
        ([f"interval_{slot}" for slot in range(1, 97)], "start", 15, "31 00:00", "31 00:15", "31 23:45"),
        ([f"interval_{slot:03d}" for slot in range(1, 145)], "start", 10, "31 00:00", "31 00:10", "31 23:50"),
        ([f"energy_kwh_{slot:03d}" for slot in range(1, 289)], "start", 5, "31 00:00", "31 00:05", "31 23:55"),
    ],
)  # fmt: skip
def test_names_tell_the_interval(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path,
    names: list[str], label: str | None, minutes: int, first: str, second: str, last: str,
) -> None:  # fmt: skip
    path = write(tmp_path, header(names), day("1", "2", *[""] * (len(names) - 3), "3", count=len(names)))
    file = read(connection, path)
    assert file.label == label
    assert connection.execute(f"select distinct interval_minutes from ({file.relation})").fetchall() == [(minutes,)]
    month = "02" if last.startswith("01") else "01"
    assert readings_in_file_order(connection, file) == [
        ("a", f"2024-01-{first}", 1, 2),
        ("a", f"2024-01-{second}", 2, 2),
        ("a", f"2024-{month}-{last}", 3, 2),
    ]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (HOURS[:23], "found 23 value columns, '00:00' to '22:00'"),
        ([*HOURS, "24:00"], "the repeated hour of a clock change"),
        ([*HOURS, "25:00"], "the repeated hour of a clock change"),
        ([f"h{hour}" for hour in range(1, 26)], "the repeated hour of a clock change"),
        ([f"hh_{slot}" for slot in range(50)], "the repeated hour of a clock change"),
        ([f"kwh_{slot}" for slot in range(1, 98)], "the repeated hour of a clock change"),
        ([*HOURS[:3], "02:00 (2)", *HOURS[3:]], "with '02:00 (2)' beside them"),
        ([*HOURS, "02:00.1"], "with '02:00.1' beside them"),
        ([*[f"HE{hour:02d}" for hour in range(1, 25)], "HE02*"], "with 'HE02*' beside them"),
        ([*[f"HE{hour:02d}" for hour in range(1, 25)], "HE02X"], "with 'HE02X' beside them"),
        ([*HOURS[1:], "00:00"], "in the order of the day"),
        (HOURS[::-1], "in the order of the day"),
        ([f"{hour:02d}:30" for hour in range(24)], "in the order of the day"),
        ([*HALF_HOURS[:24]], "in the order of the day"),
        ([f"h{hour}" for hour in range(2, 26)], "in the order of the day"),
        ([f"{a}-{b}" for a, b in zip(HOURS, [*HOURS[2:], "00:00", "01:00"], strict=True)], "in the order of the day"),
        ([*HOURS, *[f"h{hour}" for hour in range(1, 25)]], "'h1' that looks like a value, too"),
        ([f"wh_{hour}" for hour in range(24)], "in wh. Peakwise reads kWh"),
        ([f"kW {hour}" for hour in range(24)], "in kw. Peakwise reads kWh"),
        (["a", "b"], "no column is named by a time or number"),
    ],
)  # fmt: skip
def test_columns_that_are_no_day_are_refused(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, names: list[str], sentence: str
) -> None:
    assert sentence in refusal(connection, write(tmp_path, header(names), day("1", count=len(names))))


def test_other_columns_are_left_out_and_optional_ones_are_kept(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = write(
        tmp_path,
        ",".join(["name", "Direction", "Read Date", *HOURS, "NMI", "Total", "version", "flag"]),
        ",".join(["Ann", "received", "2024-01-31", "1", *[""] * 22, "2", "n1", "3", "7", "E"]),
        ",".join(["Bob", "", "2024-01-31", "", "4", *[""] * 22, "n2", "4", "x", ""]),
    )
    file = read(connection, path)
    rows = connection.execute(f"""
        select service_point_id, channel, hour(label_at), kwh, version, unreadable_version, source_flag
        from ({file.relation}) order by row_number
    """).fetchall()
    assert rows == [
        ("n1", "received", 0, 1, 7, None, "E"),
        ("n1", "received", 23, 2, 7, None, "E"),
        ("n2", None, 1, 4, None, "x", None),
    ]


def test_mapped_columns_go_before_known_names(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        ",".join(["id", "Zähler", "date", "Tag", *HOURS]),
        day("1", start="wrong,z,2000-01-01,2024-01-31", count=24),
    )
    file = read(connection, path, service_point_id="Zähler", label="Tag")
    assert readings_in_file_order(connection, file) == [("z", "2024-01-31 00:00", 1, 2)]
    assert "no column 'Nr'" in refusal(connection, path, service_point_id="Nr")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ("x,date", "no column for the service point"),
        ("meter,x", "no column for the time label"),
        ("meter,date,read_date", "several time columns"),
    ],
)
def test_a_missing_column_is_named(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, columns: str, sentence: str
) -> None:
    path = write(tmp_path, ",".join([columns, *HOURS]), ",".join(["a"] * (24 + len(columns.split(",")))))
    assert sentence in refusal(connection, path)


def test_a_blank_is_a_gap_and_any_other_text_is_kept_for_rejection(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = write(
        tmp_path,
        header(HOURS),
        day("0.5", "", "  ", "\xa0", "Null", "NA", "-", "nan", " 0.25 ", "-1"),
        day("1", start=",2024-01-31"),
        day("2", "3", start="a,2024-02-30"),
        day("4", start="a,"),
        day("5", start="a,someday"),
    )
    file = read(connection, path)
    rows = connection.execute(f"""
        select line_number, hour(label_at), kwh, kwh_text, label_text, {REASON} from ({file.relation}) order by row_number
    """).fetchall()
    no_number, no_time = "the energy value is not a number", "the time label is not a time"
    assert [row[:3] for row in rows if row[5] is None] == [(2, 0, 0.5), (2, 8, 0.25), (2, 9, -1)]
    assert [(row[0], row[3], row[4], row[5]) for row in rows if row[5] is not None] == [
        (2, "Null", None, no_number),
        (2, "NA", None, no_number),
        (2, "-", None, no_number),
        (2, "nan", None, no_number),
        (3, None, None, "no service point id"),
        (4, "2", "2024-02-30 00:00", no_time),
        (4, "3", "2024-02-30 01:00", no_time),
        (5, "4", None, "no time label"),
        (6, "5", "someday 00:00", no_time),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_those_of_the_file(connection: duckdb.DuckDBPyConnection, tmp_path: Path, end: str) -> None:
    too_wide = day(*["1"] * 24, "x")
    path = write(
        tmp_path,
        header(HOURS),
        "",
        day("1", "2"),  # line 3
        "a,2024-01-31,1",  # line 4
        too_wide,  # line 5
        "",
        "",
        f'"b{end}c",2024-01-31,4{"," * 23}',  # lines 8 and 9
        day("5"),  # line 10
        end=end,
    )
    file = read(connection, path)
    assert file.unreadable == [
        (4, "the line has fewer columns than the header", "a,2024-01-31,1"),
        (5, "the line has more columns than the header", too_wide),
    ]
    assert [(row[2], row[3]) for row in readings_in_file_order(connection, file)] == [(1, 3), (2, 3), (4, 8), (5, 10)]


def test_lines_are_those_of_the_file_after_a_break_in_quotes(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = ('"n\n1",2024-01-31,1' + "," * 23, "broken", "n2,2024-01-31,2" + "," * 23)
    file = read(connection, write(tmp_path, header(HOURS), *rows))
    assert [line for line, *_ in file.unreadable] == [4]
    assert [(row[2], row[3]) for row in readings_in_file_order(connection, file)] == [(1, 2), (2, 5)]


def test_too_many_broken_lines_refuse_the_file(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = write(tmp_path, header(HOURS), day("1"), *["a,b"] * 100_001)
    assert "more than 100,000 lines do not have the header's columns, the first of them line 3" in refusal(
        connection, path
    )


def test_one_customer_and_day_may_have_two_rows(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = read(connection, write(tmp_path, header(HOURS), day("1"), day("2")))
    assert readings_in_file_order(connection, file) == [
        ("a", "2024-01-31 00:00", 1, 2),
        ("a", "2024-01-31 00:00", 2, 3),
    ]


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["2024-01-02", "2024/1/3", "20240104", "2024.01.05", "2024-01-06 00:00:00"], [2, 3, 4, 5, 6]),
        (["02/01/2024", "13/01/2024", "03.01.2024", "04-01-2024 00:00"], [2, 13, 3, 4]),
        (["01/02/2024", "01/13/2024", "1/3/2024"], [2, 13, 3]),
        (["02-Jan-2024", "3 January 2024", "04JAN2024", "Jan 5, 2024"], [2, 3, 4, 5]),
        (["01/01/2024", "2024-01-02"], [1, 2]),
    ],
)
def test_dates_are_read_where_they_are_certain(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, texts: list[str], days: list[int]
) -> None:
    path = write(
        tmp_path,
        header(HOURS).replace(",", ";"),
        *[";".join(["a", text, "1", *[""] * 23]) for text in texts],
    )
    assert [row[1] for row in readings_in_file_order(connection, read(connection, path))] == [
        f"2024-01-{number:02d} 00:00" for number in days
    ]


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["03/03/2024", "02/01/2024"], "line 3: cannot tell day from month in '02/01/2024'"),
        (["13/01/2024", "01/13/2024"], "some dates begin with the day and some with the month"),
    ],
)
def test_dates_that_could_be_two_days_refuse_the_file(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, texts: list[str], sentence: str
) -> None:
    path = write(tmp_path, header(HOURS), *[day("1", start=f"a,{text}") for text in texts])
    assert sentence in refusal(connection, path)


@pytest.mark.parametrize(
    "text", ["31-12-23", "2024-13-01", "2024-01-02 05:00", "2024-01-02Z", "1/2/3/2024", "99/99/2024"]
)
def test_other_dates_are_no_dates(connection: duckdb.DuckDBPyConnection, tmp_path: Path, text: str) -> None:
    file = wide_daily_csv.read(connection, write(tmp_path, header(HOURS), day("1", start=f"a,{text}")), {})
    rows = connection.execute(f"select label_at, label_text, kwh_text from ({file.relation})").fetchall()
    assert rows == [(None, f"{text} 00:00", "1")]


@pytest.mark.parametrize(
    ("values", "numbers"),
    [(["0,5", "1,25", "2.5"], [0.5, 1.25, None]), (["0.5", "1.25", "2,5"], [0.5, 1.25, None]), (["1", "2"], [1, 2])],
)
def test_decimals_have_a_comma_where_most_have_one(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, values: list[str], numbers: list[float | None]
) -> None:
    path = write(
        tmp_path, header(HOURS).replace(",", ";"), ";".join(["a", "2024-01-31", *values, *[""] * (24 - len(values))])
    )
    assert [row[2] for row in readings_in_file_order(connection, read(connection, path))] == numbers


def test_a_byte_order_mark_does_not_matter(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = write(tmp_path, header(HOURS), day("1"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert readings_in_file_order(connection, read(connection, path)) == [("a", "2024-01-31 00:00", 1, 2)]


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (["meter,timestamp,kwh", "a,2024-01-31 00:00,1"], "long_csv"),
        ([",".join(["meter", "timestamp", "kwh", *HOURS]), "a"], "long_csv"),
        ([header(HOURS)], "wide_daily_csv"),
        (["a,b,c", "1,2,3"], "long_csv"),
        (["", ""], "long_csv"),
        (
            [",".join(["time", *map(str, range(1001, 1031))]), ",".join(["2024-01-31 01:00", *["1"] * 30])],
            "customer_columns_csv",
        ),
    ],
)
def test_kinds_are_told_apart(tmp_path: Path, lines: list[str], kind: str) -> None:
    assert kind_of_csv(write(tmp_path, *lines), {}) == kind


def test_a_system_load_is_long(tmp_path: Path) -> None:
    assert kind_of_csv(write(tmp_path, header(HOURS)), {}, {"label": ("time",), "kwh": ("kwh",)}) == "long_csv"


@pytest.mark.parametrize("name", ["block5sep.csv", "block136sep.csv"])
def test_london_households(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    path = real_data(f"raw/lcl/wide_daily/{name}")
    with path.open(newline="") as lines:
        values = [float(text) for row in list(csv.reader(lines))[1:] for text in row[2:] if text.strip()]
    file = read(connection, path)
    assert (file.label, file.unreadable) == (None, [])
    count, total, unread, minutes = connection.execute(f"""
        select count(kwh), sum(kwh::decimal(18, 9)), count(kwh_text), max(interval_minutes) from ({file.relation})
    """).fetchone()
    assert (count, unread, minutes) == (len(values), 0, 30)
    assert len(values) > 300_000
    assert float(total) == pytest.approx(sum(values), abs=1e-4)


def test_london_labels_are_those_of_the_long_file(connection: duckdb.DuckDBPyConnection) -> None:
    known = real_data("lcl_2013_readings.parquet")
    file = read(connection, real_data("raw/lcl/wide_daily/block5sep.csv"))
    matches, differences = connection.execute(f"""
        select count(*), count_if(abs(wide.kwh - known.kwh) > 5e-4)
        from ({file.relation}) as wide
        inner join read_parquet('{known}') as known on service_point_id = customer_id and label_at = reading_ts
    """).fetchone()
    assert matches > 100_000
    assert differences == 0


STEPS = st.sampled_from([5, 10, 15, 30, 60])
READINGS = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b", "ü 1"]), st.integers(0, 3), st.integers(0, 23)),
    st.integers(-999, 99_999),
    max_size=40,
)


@settings(deadline=None, max_examples=40)
@given(READINGS, STEPS, st.randoms(use_true_random=False))
def test_a_long_table_written_wide_comes_back(table: dict, step: int, shuffle: random.Random) -> None:
    count = 1440 // step
    start = date(2024, 2, 27)
    expected = Counter()
    days: dict[tuple[str, int], list[str]] = {}
    for (meter, number, place), thousandths in table.items():
        slot = place * (count // 24) + thousandths % (count // 24)
        days.setdefault((meter, number), [""] * count)[slot] = str(thousandths / 1000)
        label = datetime.combine(start, datetime.min.time()) + timedelta(days=number, minutes=slot * step)
        expected[meter, label, thousandths / 1000] += 1
    rows = list(days.items())
    shuffle.shuffle(rows)
    lines = [header([f"h{slot}" for slot in range(1, count + 1)])]
    lines += [",".join([meter, str(start + timedelta(days=number)), *values]) for (meter, number), values in rows]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        file = read(connection, write(Path(folder), *lines))
        back = connection.execute(f"select service_point_id, label_at, kwh from ({file.relation})").fetchall()
    assert Counter(back) == expected


VALID = "\n".join(
    [header(HALF_HOURS), *(day("0.5", "1", "2", start=f"m{n},2024-01-{n + 10}", count=48) for n in range(6)), ""]
)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 2), st.binary(max_size=3)), min_size=1, max_size=6
    )
)
def test_whatever_the_bytes_it_is_a_file_or_a_sentence(changes: list[tuple[int, int, bytes]]) -> None:
    content = VALID.encode()
    for place, length, bytes_ in changes:
        content = content[:place] + bytes_ + content[place + length :]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "changed.csv"
        path.write_bytes(content)
        try:
            kind_of_csv(path, {})
            file = wide_daily_csv.read(connection, path, {})
        except UnusableInput as error:
            assert str(error)
        else:
            rows = connection.execute(f"""
                select count(*), count(*) filter (where {REASON} is null) from ({file.relation})
            """).fetchone()
            assert 0 <= rows[1] <= rows[0]
