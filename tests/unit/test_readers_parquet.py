"""Parquet as it comes: column types, damaged files, and ids with blanks."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from meter_files import Desk, desk_in, fates, hours
from pyarrow import parquet


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as opened:
        yield opened


READING = "select 'a' as meter, timestamp '2024-01-01' as timestamp, 1.5 as kwh"


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("kwh", "'1.5'", "column kwh should hold kWh as numbers but is of type VARCHAR"),
        ("kwh", "[1.5]", "column kwh should hold kWh as numbers but is of type DECIMAL(2,1)[]"),
        ("kwh", "true", "column kwh should hold kWh as numbers but is of type BOOLEAN"),
        ("timestamp", "date '2024-01-01'", "column timestamp should hold timestamps but is of type DATE"),
        ("timestamp", "'2024-01-01 00:00'", "column timestamp should hold timestamps but is of type VARCHAR"),
        ("timestamp", "[timestamp '2024-01-01']", "column timestamp should hold timestamps but is of type TIMESTAMP[]"),
        ("timestamp", "1704067200", "column timestamp should hold timestamps but is of type INTEGER"),
        ("meter", "['a']", "column meter should hold texts or numbers but is of type VARCHAR[]"),
        ("version", "[1]", "column version should hold whole numbers or timestamps but is of type INTEGER[]"),
    ],
)
def test_a_column_of_the_wrong_type_is_told_in_one_sentence(desk: Desk, column: str, value: str, sentence: str) -> None:
    query = f"{READING}, 1 as version"
    path = desk.parquet(f"select * replace ({value} as {column}) from ({query})")
    (result,) = desk.load(path)
    assert result.state == "unusable"
    assert sentence in result.message
    assert "readings.parquet" in result.message


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (
            ("kwh", "KWH"),
            "two columns of nearly the same name ('kwh' and 'KWH'). Say which one counts: COLUMNS=kwh=kwh",
        ),
        (("kwh", "kwh"), "column 'kwh' stands twice. Rename or remove the one that does not count"),
        (("note", "note", "kwh"), "column 'note' stands twice"),
    ],
)
def test_two_columns_that_could_be_one_refuse_the_file(desk: Desk, names: tuple[str, ...], sentence: str) -> None:
    (result,) = desk.load(write_parquet(desk, names))
    assert (result.state, sentence in result.message) == ("unusable", True)


def write_parquet(desk: Desk, names: tuple[str, ...]) -> Path:
    """One reading, and the numbers 1, 2 … in columns of these names, which may be the same."""
    columns = [["a"], [datetime(2024, 1, 1)], *([float(number)] for number, _ in enumerate(names, start=1))]
    table = pa.table([pa.array(column) for column in columns], names=["meter", "timestamp", *names])
    path = desk.folder / "readings.parquet"
    parquet.write_table(table, path)
    return path


def test_of_two_columns_that_differ_in_case_the_users_counts(desk: Desk) -> None:
    desk.load(write_parquet(desk, ("kwh", "KWH", "s")), columns={"kwh": "KWH"})
    assert desk.readings() == [("a", "2024-01-01 00:00", 60, 2)]


def test_names_within_a_nested_column_are_none_of_the_files(desk: Desk) -> None:
    nested = "{'kwh': 1, 'meter': [{'KWH': 2}]} as detail, map {'kwh': 3} as more"
    (result,) = desk.load(desk.parquet(f"select {nested}, *, [1] as tail from ({READING})"))
    assert fates(result) == (1, 1, 0, 0, 0)


@pytest.mark.parametrize("name", ["file_row_number", "File_Row_Number"])
def test_a_column_named_as_duckdb_names_rows(desk: Desk, name: str) -> None:
    query = f"select 7 as {name}, * replace (case when n % 50000 = 17 then null else n end as kwh) from ({{}})"
    rows = "select 'm' || n as meter, timestamp '2024-01-01' as timestamp, n as kwh, n from range(200000) as rows(n)"
    (result,) = desk.load(desk.parquet(query.format(rows)))
    assert fates(result) == (200_000, 199_996, 0, 0, 4)
    assert desk.rejects() == [(50_000 * part + 18, "no energy value") for part in range(4)]


def test_geometry_that_is_not_valid_is_told_as_what_it_is(desk: Desk) -> None:
    column = {"encoding": "WKB", "geometry_types": ["Point"], "crs": "EPSG:4326"}
    geo = json.dumps({"version": "1.0.0", "primary_column": "place", "columns": {"place": column}})
    path = write_parquet(desk, ("kwh",))
    table = parquet.read_table(path).append_column("place", pa.array([b"\x01\x01" + b"\x00" * 19]))
    parquet.write_table(table.replace_schema_metadata({"geo": geo}), path)
    (result,) = desk.load(path)
    assert "what it says of its geometry is not valid" in result.message
    assert "damaged" not in result.message


def test_whole_numbers_are_ids_without_decimals(desk: Desk) -> None:
    values = "values (1001.0::double), (null), ('nan'), (2.5)"
    (result,) = desk.load(
        desk.parquet(f"select meter, timestamp '2024-01-01' as timestamp, 1.5 as kwh from ({values}) as rows(meter)")
    )
    assert fates(result) == (4, 2, 0, 0, 2)
    assert [row[0] for row in desk.readings()] == ["1001", "2.5"]
    query = f"select * replace (5.00::decimal(12, 2) as meter) from ({READING})"
    desk.load(desk.parquet(query, "decimals.parquet"))
    assert desk.rows("select service_point_id from raw.meters order by meter_key desc limit 1") == [("5",)]


@pytest.mark.parametrize("kept", [4, 100, 0.5, 0.9, -1])
def test_a_truncated_file_is_refused(desk: Desk, kept: float) -> None:
    path = desk.parquet(hours("a", "2024-01-01", 5_000))
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if 0 < kept < 1 else int(kept)])
    (result,) = desk.load(path)
    assert result.state == "unusable"
    assert "damaged or cut short" in result.message


def test_a_damaged_page_deep_inside_leaves_nothing(desk: Desk) -> None:
    path = desk.parquet(
        "select hash(k)::varchar as meter, timestamp '2024-01-01' as timestamp, k as kwh from range(50000) t(k)"
    )
    content = bytearray(path.read_bytes())
    for position in range(20_000, len(content) - 20_000, 97):
        content[position] ^= 0x55
    path.write_bytes(content)
    (result,) = desk.load(path)
    assert result.state == "unusable"
    assert "\n" not in result.message
    assert desk.rows("select count(*) from raw.readings") == [(0,)]
    # The connection still works.
    assert fates(desk.load(desk.parquet(READING, "sound.parquet"))[0]) == (1, 1, 0, 0, 0)


@pytest.mark.parametrize(
    "value",
    [
        "timestamptz '2024-01-01 01:00:00+01'", "'2024-01-01'::timestamp_ns", "'2024-01-01'::timestamp_ms",
        "'2024-01-01'::timestamp_s",
    ],
)  # fmt: skip
def test_timestamps_of_every_precision(desk: Desk, value: str) -> None:
    is_utc = value.startswith("timestamptz")
    path = desk.parquet(f"select * replace ({value} as timestamp) from ({READING})")
    desk.load(path, clock=None if is_utc else "UTC")
    assert desk.readings() == [("a", "2024-01-01 00:00", 60, 1.5)]


@pytest.mark.parametrize(
    "kind", ["float", "double", "decimal(9, 3)", "decimal(30, 10)", "bigint", "utinyint", "hugeint"]
)
def test_energy_of_every_number_type(desk: Desk, kind: str) -> None:
    desk.load(desk.parquet(f"select * replace (2::{kind} as kwh) from ({READING})"))
    assert desk.readings()[0][3] == 2


def test_bad_rows_are_rejected_by_row_number_from_one(desk: Desk) -> None:
    bad = """values
        ('a', timestamp '2024-01-01 00:00', 1::double), ('', timestamp '2024-01-01 00:00', 1), (' ', timestamp '2024-01-01 00:00', 1),
        (null, timestamp '2024-01-01 00:00', 1), ('a', null, 1), ('a', timestamp '2024-01-01 01:00', null),
        ('a', timestamp '2024-01-01 01:00', 'nan'::double), ('a', timestamp '2024-01-01 01:00', '-inf'::double),
        ('a', 'infinity'::timestamp, 1), ('a', timestamp '290000-01-01', 1), ('a', timestamp '0001-01-01', 1),
        ('a', timestamp '2024-01-01 01:00:00.000001', 1), (' a ', timestamp '2024-01-01 02:00', -1)
    """
    (result,) = desk.load(desk.parquet(f"select * from ({bad}) as rows(meter, timestamp, kwh)"))
    assert fates(result) == (13, 2, 0, 0, 11)
    assert desk.rejects() == [
        (2, "no service point id"),
        (3, "no service point id"),
        (4, "no service point id"),
        (5, "no time label"),
        (6, "no energy value"),
        (7, "the energy value is not a number"),
        (8, "the energy value is not a number"),
        (9, "the time label is outside 1990 to 2100"),
        (10, "the time label is outside 1990 to 2100"),
        (11, "the time label is outside 1990 to 2100"),
        (12, "off-grid time: the label is on no five-minute mark"),
    ]
    # The id with blanks around it is the same meter.
    assert desk.readings() == [("a", "2024-01-01 00:00", 60, 1), ("a", "2024-01-01 02:00", 60, -1)]


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1", "2"), ("1.0::double", "2.0::double"), ("'9'", "'10'"), ("timestamp '2024-05-01'", "timestamp '2024-05-02'"),
     ("timestamptz '2024-05-01 00:00+00'", "timestamptz '2024-05-01 00:30+00'"), ("'nan'::double", "1"),
     ("1::ubigint", "2::ubigint"), ("null::varchar", "'1'")],
)  # fmt: skip
def test_version_stamps_of_every_type(desk: Desk, older: str, newer: str) -> None:
    query = (
        f"select *, {newer} as version from ({READING}) union all select * replace (9 as kwh), {older} from ({READING})"
    )
    (result,) = desk.load(desk.parquet(query))
    assert fates(result) == (2, 1, 0, 1, 0)
    assert desk.readings()[0][3] == 1.5


def test_columns_of_nothing_but_nulls_and_folders_named_like_columns(desk: Desk) -> None:
    path = desk.parquet(f"select *, null as channel, null as version from ({READING})", "kwh=7/part*.parquet")
    (result,) = desk.load(path)
    assert fates(result) == (1, 1, 0, 0, 0)
    assert desk.rows("select channel from raw.meters") == [("delivered",)]


def test_a_meter_column_goes_before_a_customer_column(desk: Desk) -> None:
    query = (
        f"select 'c' as customer_id, * from ({READING}) union all select 'c', * replace ('b' as meter) from ({READING})"
    )
    desk.load(desk.parquet(query))
    assert [row[0] for row in desk.readings()] == ["a", "b"]
