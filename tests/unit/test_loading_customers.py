"""The customers file: agreements, flags, and what is told when it cannot be used."""

from collections.abc import Iterator
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
        (("c,s,,31/12/2024,,",), "column valid_from: '31/12/2024' is not a date as in 2024-01-31"),
        (("c,s,,2024-02-30,,",), "column valid_from: '2024-02-30' is not a date"),
        (("c,s,,,,perhaps",), "column has_consent: 'perhaps' is not true or false"),
        ((",s,,,,", " ,t,,,,"), "2 row(s) have no customer_id"),
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
