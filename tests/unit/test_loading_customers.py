"""The customers file: agreements, flags, and what is told when it cannot be used."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from meter_files import Desk, desk_in

from peakwise.errors import UnusableInput
from peakwise.loading import load_customers


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as opened:
        yield opened


HEADER = "customer_id,service_point_id,customer_class,valid_from,valid_to,has_consent"


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (("c,s,,2024-01-01,2024-06-01,", "d,s,,2024-05-31,,"), "two agreements of service point s overlap in time"),
        (("c,s,,,,", "c,s,,,,"), "two agreements of service point s overlap in time"),
        (
            ("c,s,,2020-01-01,2030-01-01,", "d,s,,2021-01-01,2022-01-01,", "e,s,,2023-01-01,2024-01-01,"),
            "overlap in time",
        ),
        (("c,s,,2024-06-01,2024-01-01,",), "ends on 2024-01-01, not after it begins on 2024-06-01"),
        (("c,s,,2024-01-01,2024-01-01,",), "not after it begins"),
        (("c,s,,31/12/2024,,",), "line 2, column valid_from: '31/12/2024' is not a date as in 2024-01-31"),
        (("c,s,,2024-02-30,,",), "column valid_from: '2024-02-30' is not a date"),
        (("c,s,,,,", "d,t,,,24-12-31,"), "line 3, column valid_to: '24-12-31' is not a date as in 2024-01-31"),
        (("c,s,,24-01-01,24-12-31,",), "line 2, column valid_from: '24-01-01' is not a date"),
        (("c,s,,2024-01-01 (BC),,",), "column valid_from: '2024-01-01 (BC)' is not a date"),
        (("c,s,,5877642-06-24,,",), "column valid_from: '5877642-06-24' is not a date"),
        (("c,s,,infinity,,",), "column valid_from: 'infinity' is not a date"),
        (("c,s,,1899-12-31,,",), "column valid_from: '1899-12-31' is outside 1900 to 2100"),
        (("c,s,,2100-01-01,,",), "column valid_from: '2100-01-01' is outside 1900 to 2100"),
        (("c,s,,,1024-12-31,",), "column valid_to: '1024-12-31' is outside 1900 to 2100"),
        (('"c\nd",s,,,,', "", "c,t,,,,perhaps"), "line 5, column has_consent: 'perhaps' is not true or false"),
        (("c,r,,,,", ",s,,,,", " ,t,,,,"), "2 row(s) have no customer_id, the first in line 3"),
        (
            ("c,s,,,2024-01-01,", "d,s,,2024-03-01,,", "", "e,s,,2025-01-01,,"),
            "overlap in time, of customer d in line 3 and of customer e in line 5",
        ),
        (("c,s,,,,", "c,t,,2024-06-01,2024-01-01,"), "line 3: the agreement of service point t ends on 2024-01-01"),
        ((), "has no rows"),
        (("c,s,,,,", "d"), "is not a readable customers file"),
    ],
)
def test_what_cannot_be_used_is_told_and_changes_nothing(desk: Desk, lines: tuple[str, ...], sentence: str) -> None:
    load_customers(desk.connection, desk.csv("old,s,residential,,,true", header=HEADER, name="old.csv"))
    before = desk.rows("select * from raw.service_agreements"), desk.rows("select * from raw.customers")
    with pytest.raises(UnusableInput) as told:
        load_customers(desk.connection, desk.csv(*lines, header=HEADER, name="customers.csv"))
    assert sentence in str(told.value)
    assert "customers.csv" in str(told.value)
    assert "\n" not in str(told.value)
    assert (desk.rows("select * from raw.service_agreements"), desk.rows("select * from raw.customers")) == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "is empty"), (b"name,class\na,b\n", "has no customer_id column"), (b"PAR1broken", "damaged or cut short"),
     (b"\x00\x01", "neither Parquet nor text")],
)  # fmt: skip
def test_files_that_are_no_customers_file(desk: Desk, content: bytes, sentence: str) -> None:
    path = desk.folder / "customers"
    path.write_bytes(content)
    with pytest.raises(UnusableInput, match=sentence):
        load_customers(desk.connection, path)
    for missing in (desk.folder, desk.folder / "nowhere.csv"):
        with pytest.raises(UnusableInput, match="cannot be read"):
            load_customers(desk.connection, missing)


def test_a_year_far_ahead_and_the_words_for_nothing_leave_an_agreement_open(desk: Desk) -> None:
    ends = ("9999-12-31", "2100-01-01", "NULL", "n/a", "", "2099/12/31")
    lines = [f"c,s{number},,2024-01-01,{end}," for number, end in enumerate(ends)]
    load_customers(desk.connection, desk.csv(*lines, header=HEADER))
    found = desk.rows("select valid_to from raw.service_agreements order by service_point_id")
    assert found == [(None,)] * 5 + [(date(2099, 12, 31),)]


def test_rows_of_parquet_are_told_by_their_number(desk: Desk) -> None:
    query = "values ('c', date '2024-01-01'), ('d', date '1899-12-31')"
    with pytest.raises(UnusableInput, match="row 2, column valid_from: '1899-12-31' is outside 1900 to 2100"):
        load_customers(desk.connection, desk.parquet(f"select * from ({query}) as rows(customer_id, valid_from)"))


@pytest.mark.parametrize("header", ["customer_id,Customer ID", "customer_id,customer_id"])
def test_two_columns_that_could_be_the_customer_refuse_the_file(desk: Desk, header: str) -> None:
    with pytest.raises(UnusableInput, match=r"two columns of nearly the same name|stands twice"):
        load_customers(desk.connection, desk.csv("a,b", header=header))


def test_whole_numbers_in_parquet_are_ids_without_decimals(desk: Desk) -> None:
    query = """
        values (1001.0::double, 5.00::decimal(9, 2)), (1e15, 6.25), (-3.0, null), (2.5, 7), ('nan'::double, 8)
    """
    path = desk.parquet(
        f"select 'c' || n as customer_id, n as service_point_id from ({query}) as rows(n, x)", "a.parquet"
    )
    load_customers(desk.connection, path)
    assert desk.rows("select service_point_id from raw.service_agreements order by 1") == [
        ("-3",), ("1000000000000000",), ("1001",), ("2.5",), ("cnan",),
    ]  # fmt: skip
    path = desk.parquet(f"select 'c' as customer_id, x as service_point_id from ({query}) as rows(n, x) where x > 0")
    load_customers(desk.connection, path)
    assert desk.rows("select service_point_id from raw.service_agreements order by 1") == [
        ("5",), ("6.25",), ("7",), ("8",),
    ]  # fmt: skip


def test_agreements_in_turn_are_kept_and_the_careful_flag_counts(desk: Desk) -> None:
    lines = ("c,s,residential,,2024-01-01,yes", "d,s,residential,2024-01-01,,Y", " c ,t,,2024-01-01 00:00:00,,no")
    result = load_customers(desk.connection, desk.csv(*lines, header=HEADER, name="it's [new]*.csv"))
    assert (result.customers, result.agreements, result.missing) == (2, 3, ["has_medical_need", "is_enrolled"])
    assert desk.rows("select customer_id, is_listed, has_consent from raw.customers order by 1") == [
        ("c", True, False), ("d", True, True),
    ]  # fmt: skip
    assert desk.rows("select count(*) from raw.service_agreements") == [(3,)]


def test_a_new_file_takes_the_place_of_the_former(desk: Desk) -> None:
    load_customers(desk.connection, desk.csv("c,s,,,,true", "d,t,,,,true", header=HEADER, name="old.csv"))
    load_customers(desk.connection, desk.parquet("select 'd' as customer_id, date '2024-01-01' as valid_from"))
    assert desk.rows("select * from raw.customers order by 1") == [
        (1, "c", False, None, None, None),
        (2, "d", True, None, None, None),
    ]
    assert desk.rows("select service_point_id, customer_id from raw.service_agreements") == [("d", "d")]
