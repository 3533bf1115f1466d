"""CSV with a row for each time and a column for each customer: decimals, bounds, and files without a header."""

import random
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import pytest
from conftest import PROJECT, real_data
from hypothesis import given, settings
from hypothesis import strategies as st
from meter_files import desk_in, readings_in_file_order, write_lines

from peakwise.errors import UnusableInput
from peakwise.loading.survey import REASON
from peakwise.readers import customer_columns_csv, drop_incoming, wide_daily_csv
from peakwise.readers.csv_kind import kind_of_csv
from peakwise.readers.reading_file import ReadingFile

UCI = ['"";"MT_001";"MT_002"', '"2011-01-01 00:15:00";0,5;1,25', '"2011-01-01 00:30:00";0;3']


write = partial(write_lines, name="customers.csv")


def read(connection: duckdb.DuckDBPyConnection, path: Path, **mapping: str) -> ReadingFile:
    assert kind_of_csv(path, mapping) == "customer_columns_csv"
    return customer_columns_csv.read(connection, path, mapping)


def refusal(connection: duckdb.DuckDBPyConnection, path: Path, **mapping: str) -> str:
    with pytest.raises(UnusableInput) as error:
        customer_columns_csv.read(connection, path, mapping)
    message = str(error.value)
    assert path.stem in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_original_layout(connection: duckdb.DuckDBPyConnection, tmp_path: Path, end: str) -> None:
    path = write(tmp_path, *UCI, end=end)
    file = read(connection, path)
    assert readings_in_file_order(connection, file) == [
        ("MT_001", "2011-01-01 00:15", 0.5, 2),
        ("MT_002", "2011-01-01 00:15", 1.25, 2),
        ("MT_001", "2011-01-01 00:30", 0, 3),
        ("MT_002", "2011-01-01 00:30", 3, 3),
    ]
    assert (file.file_format, file.label, file.label_time_zone) == ("customer_columns_csv", None, None)


def test_the_relation_has_the_columns_of_the_wide_daily_reader(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    def described(file: ReadingFile) -> list[tuple]:
        return sorted(row[:2] for row in connection.execute(f"describe select * from ({file.relation})").fetchall())

    hours = ",".join(f"h{hour}" for hour in range(1, 25))
    wide = write(tmp_path, f"id,date,{hours}", f"a,2024-01-01,1{',' * 23}", name="wide.csv")
    of_wide = described(wide_daily_csv.read(connection, wide, {}))
    file = read(connection, write(tmp_path, *UCI))
    assert described(file) == of_wide
    assert len(of_wide) == 12
    drop_incoming(connection)
    assert connection.execute("select count(*) from duckdb_tables() where table_name like 'incoming%'").fetchone() == (
        0,
    )


@pytest.mark.parametrize(
    ("name", "first", "second", "label", "zone"),
    [
        ("time", "2024-01-01 01:00", "2024-01-01 02:00", None, None),
        ("interval_start", "2024-01-01 01:00", "2024-01-01 02:00", "start", None),
        ("Interval End", "2024-01-01 01:00", "2024-01-01 02:00", "end", None),
        ("utc_timestamp", "2024-01-01T01:00:00Z", "2024-01-01T02:00:00Z", None, "UTC"),
        ("datetime", "2024-01-01 03:00+02:00", "2024-01-01 03:00 +01:00", None, "UTC"),
        ("Unnamed: 0", "2024/1/1 1:00", "2024/1/1 2:00", None, None),
    ],
)
def test_the_time_column_tells_the_clock(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, name: str, first: str, second: str, label: str | None, zone: str | None
) -> None:  # fmt: skip
    file = read(connection, write(tmp_path, f"{name},a,b", f"{first},1,2", f"{second},3,4"))
    assert (file.label, file.label_time_zone) == (label, zone)
    assert [row[:3] for row in readings_in_file_order(connection, file)] == [
        ("a", "2024-01-01 01:00", 1), ("b", "2024-01-01 01:00", 2),
        ("a", "2024-01-01 02:00", 3), ("b", "2024-01-01 02:00", 4),
    ]  # fmt: skip


def test_a_mapped_time_column_may_stand_anywhere(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = write(tmp_path, "a,Zeit,b", "1,2024-01-01 01:00,2")
    file = read(connection, path, label="Zeit")
    assert readings_in_file_order(connection, file) == [
        ("a", "2024-01-01 01:00", 1, 2),
        ("b", "2024-01-01 01:00", 2, 2),
    ]
    assert "no column 'Stunde'" in refusal(connection, path, label="Stunde")
    assert "'a', is no time label" in refusal(connection, path)


def test_a_blank_is_a_gap_and_any_other_text_is_kept_for_rejection(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = write(
        tmp_path,
        "time;a; b ;",
        "2024-01-01 00:00;0,5;1.234,5;",
        "2024-01-01 01:00;  ;NA;7",
        "",
        "later;1,5;;",
        ";2,5;;",
        "2024-01-01 02:00;2.5;1,2,3;",
        "2024-01-01 03:00;1",
    )
    file = read(connection, path)
    assert file.unreadable == [(8, "the line has fewer columns than the header", "2024-01-01 03:00;1")]
    rows = connection.execute(f"""
        select line_number, service_point_id, kwh, label_text, kwh_text, {REASON} from ({file.relation}) order by row_number
    """).fetchall()
    no_number = "the energy value is not a number"
    assert rows == [
        (2, "a", 0.5, None, None, None),
        (2, "b", None, None, "1.234,5", no_number),
        (3, "b", None, None, "NA", no_number),
        (3, None, 7, None, None, "no service point id"),
        (5, "a", 1.5, "later", "1,5", "the time label is not a time"),
        (6, "a", 2.5, None, "2,5", "no time label"),
        (7, "a", None, None, "2.5", no_number),
        (7, "b", None, None, "1,2,3", no_number),
    ]


@pytest.mark.parametrize(
    ("delimiter", "values", "numbers"),
    [
        (";", ["0,5", "1,25"], [0.5, 1.25]),
        (";", ["0.5", "1.25"], [0.5, 1.25]),
        (";", ["1", "2"], [1, 2]),
        (";", ["1e-3", "+2"], [0.001, 2]),
        ("\t", ["0,5", "1,25"], [0.5, 1.25]),
        (",", ["0.5", "1.25"], [0.5, 1.25]),
        (",", ['"0,5"', '"1,25"'], [None, None]),
    ],
)
def test_decimals_are_told_by_the_file(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    delimiter: str,
    values: list[str],
    numbers: list[float | None],
) -> None:
    path = write(tmp_path, delimiter.join(("time", "a", "b")), delimiter.join(("2024-01-01 00:00", *values)))
    assert [row[2] for row in readings_in_file_order(connection, read(connection, path))] == numbers


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["time,a,a", "2024-01-01 00:00,1,2"], "column 'a' stands twice"),
        (["time,a, a ", "2024-01-01 00:00,1,2"], "column 'a' stands twice"),
        (["time,a,b,Total", "2024-01-01 00:00,1,2,3"], "column 'Total' would count the energy"),
        (["time,,", "2024-01-01 00:00,1,2"], "no column is named after a customer"),
        (["time,a,b", "31/12/2024 00:00,1,2"], "'31/12/2024 00:00' is not a time"),
        (
            ["time,a,b", "2024-01-01 00:00,1,2", '"2024-01-01 01:00,1,2', "2024-01-01 02:00,1,2"],
            "a quotation mark is opened and not closed",
        ),
        (
            ["time,m,r", *[f"2024-01-01 {n % 24:02d}:00,{n},1" for n in range(72)]],
            "72 rows have 24 different times only",
        ),
    ],
)
def test_what_cannot_be_used_is_told_in_one_sentence(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, lines: list[str], sentence: str
) -> None:
    assert sentence in refusal(connection, write(tmp_path, *lines))


@pytest.mark.parametrize(
    "lines",
    [
        ["timestamp,kwh", "2024-01-01 00:00,1"],
        ["timestamp,a", "2024-01-01 00:00,1"],
        ["timestamp,meter,x", "2024-01-01 00:00,1,2"],
        ["timestamp,a,b", "2024-01-01 00:00,ab,cd"],
        ["timestamp,a,b", "yesterday,1,2"],
        ["x,a,b", "2024-01-01 00:00,1,2"],
        ["just text"],
    ],
)
def test_other_files_are_left_to_the_long_form(tmp_path: Path, lines: list[str]) -> None:
    assert kind_of_csv(write(tmp_path, *lines), {}) == "long_csv"


def test_a_mapping_makes_a_file_long(tmp_path: Path) -> None:
    path = write(tmp_path, "Read Time,Meter No,Amount", "2024-01-01 00:00,1,2")
    mapping = {"service_point_id": "Meter No", "label": "Read Time", "kwh": "Amount"}
    assert kind_of_csv(path, mapping) == "long_csv"
    assert kind_of_csv(path, {"service_point_id": "Meter No"}) == "long_csv"


def test_more_columns_than_are_read_at_once(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    ids = [f"c{number}" for number in range(2_345)]
    rows = [[f"{hour}.{number:04d}" for number in range(2_345)] for hour in range(3)]
    lines = [f"2024-01-01 0{hour}:00,{','.join(row)}" for hour, row in enumerate(rows)]
    file = read(connection, write(tmp_path, ",".join(["time", *ids]), *lines, "2024-01-01 03:00,1"))
    assert file.unreadable == [(5, "the line has fewer columns than the header", "2024-01-01 03:00,1")]
    found = connection.execute(
        f"select service_point_id, hour(label_at), kwh, line_number from ({file.relation})"
    ).fetchall()
    assert Counter(found) == Counter(
        (ids[number], hour, float(rows[hour][number]), hour + 2) for hour in range(3) for number in range(2_345)
    )


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (20_001, "has 20,002 columns; more than 20,001 are not read"),
        (10_000_000, "first line is longer than 1,048,576 bytes"),
    ],
)
def test_too_many_columns_are_refused_in_little_memory(tmp_path: Path, columns: int, sentence: str) -> None:
    path = tmp_path / "far_too_wide.csv"
    path.write_bytes(b"time" + b",1" * columns + b"\n2024-01-01 00:00" + b",1" * columns + b"\n")
    program = """
import resource, sys, duckdb
from pathlib import Path
from peakwise.errors import UnusableInput
from peakwise.readers import customer_columns_csv
from peakwise.readers.csv_kind import kind_of_csv
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for call in (lambda path: kind_of_csv(path, {}), lambda path: customer_columns_csv.read(duckdb.connect(), path, {})):
    try:
        call(Path(sys.argv[1]))
    except UnusableInput as error:
        print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True, cwd=PROJECT / "scripts"
    )
    *sentences, megabytes = done.stdout.splitlines()
    assert [sentence in text for text in sentences] == [True, True]
    assert int(megabytes) < 200


MATRIX = ["1.5,2", "0,0"]
TIMES = ["2024-01-01 00:00", "2024-01-01 01:00"]


def test_a_file_without_header_takes_its_times_from_beside(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write(tmp_path, *TIMES, name="m_datetime.csv")
    file = read(connection, write(tmp_path, *MATRIX, name="m.csv"))
    assert readings_in_file_order(connection, file) == [
        ("001", "2024-01-01 00:00", 1.5, 1),
        ("002", "2024-01-01 00:00", 2, 1),
        ("001", "2024-01-01 01:00", 0, 2),
        ("002", "2024-01-01 01:00", 0, 2),
    ]
    assert (file.first_line, file.label) == (1, None)
    drop_incoming(connection)
    assert connection.execute("select count(*) from duckdb_tables() where table_name like 'incoming%'").fetchone() == (
        0,
    )


@pytest.mark.parametrize(
    ("matrix", "times", "sentence"),
    [
        (MATRIX, None, "holds only numbers, without a header"),
        (MATRIX, TIMES[:1], "has 2 rows, but m_datetime.csv has 1 times"),
        (MATRIX, [*TIMES, "2024-01-01 02:00"], "has 2 rows, but m_datetime.csv has 3 times"),
        ([MATRIX[0], "", MATRIX[1]], TIMES, "or there are empty lines"),
        (MATRIX, [TIMES[0], "", TIMES[1]], "does not hold one time a line"),
        (MATRIX, ["a,b", "1,2"], "does not hold one time a line"),
        ([*MATRIX * 50, "1"], TIMES * 50, "line 101: the line has fewer columns"),
    ],
)
def test_a_file_without_header_and_its_times_must_fit(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, matrix: list[str], times: list[str] | None, sentence: str
) -> None:
    if times is not None:
        write(tmp_path, *times, name="m_datetime.csv")
    path = write(tmp_path, *matrix, name="m.csv")
    assert kind_of_csv(path, {}) == "customer_columns_csv"
    assert sentence in refusal(connection, path)


def test_a_file_of_times_is_no_file_of_readings(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = write(tmp_path, *TIMES, name="m_datetime.csv")
    assert kind_of_csv(path, {}) == "customer_columns_csv"
    assert "m_datetime.csv holds only times; load the file of values" in refusal(connection, path)
    write(tmp_path, *MATRIX, name="m.csv")
    assert "m_datetime.csv holds only times; it belongs to m.csv" in refusal(connection, path)


def test_electricity_of_portugal(connection: duckdb.DuckDBPyConnection) -> None:
    known = real_data("uci_electricity_2014w13_14_readings.parquet")
    folder = real_data("raw/uci")
    connection.execute("create table found (id varchar, label_at timestamp, kwh double)")
    for part, rows in (("train", 144), ("val", 24), ("test", 168)):
        file = read(connection, folder / f"electricity_2014_03_31_{part}.csv")
        assert file.unreadable == []
        inserted = connection.execute(f"""
            insert into found select 'MT_' || service_point_id, label_at, kwh / 4 from ({file.relation})
        """).fetchone()
        assert inserted == (rows * 370,)
    matches, greatest_difference = connection.execute(f"""
        select count(*), max(abs(found.kwh - known.kwh))
        from found inner join read_parquet('{known}') as known on id = customer_id and label_at = reading_ts
    """).fetchone()
    assert matches == 336 * 370
    assert greatest_difference <= 1e-6


CELLS = st.dictionaries(st.tuples(st.integers(0, 30), st.integers(0, 5)), st.integers(-999, 99_999), max_size=60)


@settings(deadline=None, max_examples=40)
@given(CELLS, st.sampled_from([",", ";", "\t", "|"]), st.booleans(), st.randoms(use_true_random=False))
def test_a_long_table_written_wide_comes_back(table: dict, delimiter: str, comma: bool, shuffle: random.Random) -> None:
    ids = ["a", "b", "MT 3", "ü", "0005", "x'y"]
    start = datetime(2024, 3, 30, 22)
    times = [start + timedelta(minutes=15 * number) for number in range(31)]
    shuffle.shuffle(times)
    cells = {key: str(value / 1000) for key, value in table.items()}
    if comma and delimiter != ",":
        cells = {key: text.replace(".", ",") for key, text in cells.items()}
    lines = [delimiter.join(["timestamp", *ids])]
    for row, time in enumerate(times):
        lines.append(delimiter.join([str(time), *(cells.get((row, column), "") for column in range(6))]))
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        file = read(connection, write(Path(folder), *lines))
        back = connection.execute(f"select service_point_id, label_at, kwh from ({file.relation})").fetchall()
    assert Counter(back) == Counter((ids[column], times[row], value / 1000) for (row, column), value in table.items())


VALID = "\n".join([*UCI, *(f'"2011-01-01 0{hour}:00:00";{hour},25;1' for hour in range(1, 8)), ""])


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
            file = customer_columns_csv.read(connection, path, {})
        except UnusableInput as error:
            assert str(error)
        else:
            rows = connection.execute(
                f"select count(*), count(*) filter (where {REASON} is null) from ({file.relation})"
            ).fetchone()
            assert 0 <= rows[1] <= rows[0]


def test_two_files_of_equal_numbers_at_other_times_both_load(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        for name, month in (("a", 1), ("b", 2)):
            write(tmp_path, *["0,1"] * 48, name=f"{name}.csv")
            times = [f"2024-0{month}-0{1 + hour // 24} {hour % 24:02d}:00:00" for hour in range(48)]
            write(tmp_path, *times, name=f"{name}_datetime.csv")
        results = desk.load(*(tmp_path / f"{name}.csv" for name in ("a", "a_datetime", "b", "b_datetime")))
        assert [(result.name, result.state, result.rows_accepted) for result in results] == [
            ("a.csv", "loaded", 96),
            ("b.csv", "loaded", 96),
        ]
        assert [result.state for result in desk.load(tmp_path / "a.csv")] == ["known"]
        (alone,) = desk.load(tmp_path / "a_datetime.csv")
        assert "it belongs to a.csv. Load that one." in alone.message
