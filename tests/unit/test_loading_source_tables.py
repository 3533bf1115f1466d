"""The optional sources: columns, values, what replaces what, and that every row of a file is accounted for."""

import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from conftest import Home
from hypothesis import given, settings
from hypothesis import strategies as st
from meter_files import Desk, desk_in
from pyarrow import parquet

from peakwise import warehouse
from peakwise.errors import UnusableInput
from peakwise.loading.clock import Clock
from peakwise.loading.contract import SourceTable, source_contract
from peakwise.loading.source_tables import (
    SourceOptions,
    SourceTableResult,
    load_source_folder,
    load_source_table,
)
from peakwise.paths import PROJECT
from peakwise.readers.columns import plain

BILLS = "bill_id,service_point_id,cycle_start_date,cycle_end_date,billed_kwh,amount,issued_on,paid_on"
MARCH = "s,2024-03-01,2024-04-01,310.5,77.25,2024-04-03"
CONTACTS = "contact_id,contacted_at,channel,tone"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as opened:
        yield opened


def load(desk: Desk, path: Path, table: str = "bills", **options) -> SourceTableResult:
    loaded_on = options.pop("loaded_on", None)
    result = load_source_table(desk.connection, table, path, SourceOptions(**options), loaded_on)
    assert result.rows_in == result.rows_accepted + result.rows_rejected
    assert desk.rows("select table_name from duckdb_tables() where temporary") == []
    return result


def counts(result: SourceTableResult) -> tuple[int, int, int, int]:
    """Rows in, accepted, replaced, rejected."""
    return result.rows_in, result.rows_accepted, result.rows_replaced, result.rows_rejected


def rejects(desk: Desk) -> list[tuple[int, str]]:
    return desk.rows("select line_number, reason from raw.rejected_source_rows order by load_id, line_number")


def refused(desk: Desk, path: Path, table: str = "bills", **options) -> str:
    """The sentence on a file that cannot be used; nothing may have changed."""
    before = everything(desk)
    with pytest.raises(UnusableInput) as told:
        load(desk, path, table, **options)
    assert everything(desk) == before
    assert desk.rows("select table_name from duckdb_tables() where temporary") == []
    assert "\n" not in str(told.value)
    return str(told.value)


def everything(desk: Desk) -> dict[str, list[tuple]]:
    names = [f"raw.{name}" for name in source_contract()] + ["raw.source_manifest", "raw.rejected_source_rows"]
    return {name: desk.rows(f"select * from {name} order by all") for name in names}


@pytest.mark.parametrize("table", source_contract().values(), ids=lambda table: table.name)
def test_the_documentation_names_columns_keys_and_what_is_required(table: SourceTable) -> None:
    lines = (PROJECT / "docs" / "sources.md").read_text(encoding="utf-8").splitlines()
    (told,) = (line for line in lines if line.startswith(f"| `{table.name}` | "))
    for name in table.column_names:
        shown = f"**`{name}`**" if name in table.required else f" `{name}`"
        assert shown + ("\\*" if name in table.key else "") in told
        assert (name in table.key) == (f"{shown}\\*" in told)


@pytest.mark.parametrize("table", source_contract().values(), ids=lambda table: table.name)
def test_the_contract_of_a_table_is_sound(table: SourceTable) -> None:
    known = set(table.column_names)
    assert set(table.key) <= known
    assert set(table.required) <= known
    defaulted = {column.name for column in table.columns if column.when_missing is not None}
    assert set(table.key) <= set(table.required) | defaulted
    names = Counter(name for column in table.columns for name in {plain(name) for name in column.names})
    assert [name for name, count in names.items() if count > 1] == []
    assert warehouse.source_tables()[f"raw.{table.name}"] == {column.name: column.data_type for column in table.columns}


def test_columns_are_found_by_name_or_synonym_or_as_the_user_says(desk: Desk) -> None:
    header = "Bill No,NMI,Period Start,period end,Usage,Total,Bill Date,Remark"
    result = load(desk, desk.csv(f" 1 ,{MARCH},x", header=header))
    assert counts(result) == (1, 1, 0, 0)
    assert result.missing == ("customer_id", "tariff_id", "due_on", "paid_on")
    assert result.unread == ("Remark",)
    # An account is recognised as the customer, but not where the user says that it is the service point.
    header = "Bill No,Account,Period Start,period end,Usage,Total,Printed"
    load(desk, desk.csv(f"2,{MARCH}", header=header), columns={"service_point_id": "Account", "issued_on": "Printed"})
    expected = ("s", None, date(2024, 3, 1), date(2024, 4, 1), 310.5, 77.25, date(2024, 4, 3))
    assert desk.rows("""
        select bill_id, service_point_id, customer_id, cycle_start_date, cycle_end_date, billed_kwh, amount, issued_on
        from raw.bills order by 1
    """) == [("1", *expected), ("2", *expected)]


@pytest.mark.parametrize("missing", source_contract()["bills"].required)
def test_a_required_column_is_missing(desk: Desk, missing: str) -> None:
    names = [name for name in BILLS.split(",") if name != missing]
    told = refused(desk, desk.csv(",".join("1" * len(names)), header=",".join(names)))
    assert f"has no {missing} column; its columns are: {', '.join(names)}" in told


@pytest.mark.parametrize(
    ("header", "options", "sentence"),
    [
        (f"{BILLS},Bill ID", {}, "two columns of nearly the same name ('bill_id' and 'Bill ID')"),
        (BILLS, {"columns": {"amount": "Sum"}}, "has no column 'Sum'"),
    ],
)
def test_columns_that_cannot_be_told(desk: Desk, header: str, options: dict, sentence: str) -> None:
    assert sentence in refused(desk, desk.csv(header=header), **options)


def test_a_table_that_is_not_there(desk: Desk) -> None:
    assert "There is no table 'bill'; a file can be one of" in refused(desk, desk.csv(header=BILLS), "bill")


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"\xff\xfea", b"PAR1 but no more", b'"open', b"\x1f\x8b\x08cut"])
def test_a_file_that_cannot_be_read(desk: Desk, content: bytes) -> None:
    path = desk.folder / "bills.csv"
    path.write_bytes(content)
    assert "bills.csv" in refused(desk, path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("x,s,2024-03-01,2024-04-01,1,2,2024-04-03", "the line has fewer columns than the header"),
        (f",{MARCH},", "no bill_id"),
        ("x,s,2024-03-01,2024-04-01,null,2,2024-04-03,", "no billed_kwh"),
        ("x,s,2024-03-01,2024-03-01,1,2,2024-04-03,", "the cycle does not end after it starts"),
        ("x,s,2024-03-01,2024-02-01,1,2,2024-04-03,", "the cycle does not end after it starts"),
        ("x,s,2024-02-30,2024-04-01,1,2,2024-04-03,", "cycle_start_date is not a date as in 2024-01-31"),
        ("x,s,1.3.2024,2024-04-01,1,2,2024-04-03,", "cycle_start_date is not a date as in 2024-01-31"),
        ("x,s,2024-03-01,2024-04-01,1,2,2024-04-03T22:00Z,", "issued_on is not a date as in 2024-01-31"),
        ("x,s,2024-03-01,2100-01-01,1,2,2024-04-03,", "cycle_end_date is outside 1900 to 2100"),
        ("x,s,2024-03-01,2024-04-01,1 kWh,2,2024-04-03,", "billed_kwh is not a number"),
        ("x,s,2024-03-01,2024-04-01,1,inf,2024-04-03,", "amount is not a number"),
        ("x,s,2024-03-01,2024-04-01,1,2,2024-04-03,soon", "paid_on is not a date as in 2024-01-31"),
    ],
)
def test_a_bad_row_is_rejected_with_its_line_and_the_others_are_taken(desk: Desk, line: str, reason: str) -> None:
    assert counts(load(desk, desk.csv(f"1,{MARCH},", "", line, f"2,{MARCH},", header=BILLS))) == (3, 2, 0, 1)
    assert rejects(desk) == [(4, reason)]
    assert desk.rows("select bill_id from raw.bills order by 1") == [("1",), ("2",)]


@pytest.mark.parametrize(
    ("table", "header", "line", "reason"),
    [
        ("dr_events", "event_id,program_id,starts_at,ends_at", "e,p,2024-07-01 16:00,2024-07-01 15:00",
         "the event does not end after it starts"),
        ("dr_events", "event_id,program_id,starts_at,ends_at", "e,p,2024-07-01 16:00,1970-01-01 15:00",
         "ends_at is outside 1990 to 2100"),
        ("dr_events", "event_id,program_id,starts_at,ends_at,direction", "e,p,2024-07-01 16:00,2024-07-01 17:00,up",
         "direction is none of reduce, increase"),
        ("contacts", CONTACTS, "c,yesterday,phone,0", "contacted_at is not a time as in 2024-01-31 17:00:00"),
        ("contacts", CONTACTS, "c,2024-07-01 16:00,fax,0", "channel is none of phone, email, social, web"),
        ("contacts", CONTACTS, "c,2024-07-01 16:00,web,1.5", "the tone is outside -1 to 1"),
        ("customer_attributes", "customer_id,household_size", "c,2.5", "household_size is not a whole number"),
        ("customer_attributes", "customer_id,household_size", "c,-1", "the household size is below 0"),
        ("customer_attributes", "customer_id,has_consent", "c,maybe", "has_consent is not true or false"),
        ("tariffs", "tariff_id,valid_from_date,price_per_kwh,start_hour,end_hour", "t,2024-01-01,0.2,16,16",
         "the hours do not end after they begin"),
        ("tariffs", "tariff_id,valid_from_date,price_per_kwh,end_hour", "t,2024-01-01,0.2,25",
         "the end of the hours is not 1 to 24"),
        ("program_enrolments", "program_id,customer_id,enrolled_on,left_on", "p,c,2024-02-01,2024-01-31",
         "the customer left before joining"),
    ],
)  # fmt: skip
def test_reasons_of_other_tables(desk: Desk, table: str, header: str, line: str, reason: str) -> None:
    assert counts(load(desk, desk.csv(line, header=header), table)) == (1, 0, 0, 1)
    assert rejects(desk) == [(2, reason)]
    row_text = ", ".join(f"{name}={text}" for name, text in zip(header.split(","), line.split(","), strict=True))
    order = source_contract()[table].column_names
    in_order = ", ".join(sorted(row_text.split(", "), key=lambda part: order.index(part.split("=")[0])))
    assert desk.rows("select table_name, row_text from raw.rejected_source_rows") == [(table, in_order)]


def test_values_are_written_in_several_ways(desk: Desk) -> None:
    header = "customer_id;known_from;tenure;people;is_low_income;consent"
    lines = ("a;2024/1/31;OWNER;3.0;Yes;0", "b;2024-01-31 00:00:00;;n/a;F;NULL")
    load(desk, desk.csv(*lines, header=header), "customer_attributes")
    assert desk.rows("""
        select customer_id, known_from_date, tenure, household_size, is_low_income, has_consent
        from raw.customer_attributes order by 1
    """) == [("a", date(2024, 1, 31), "owner", 3, True, False), ("b", date(2024, 1, 31), None, None, False, None)]
    lines = ("t;2024-01-01;9999-12-31;0,25", "u;2024-01-01;2024-07-01;1.234")
    result = load(desk, desk.csv(*lines, header="rate;valid from;valid to;price"), "tariffs")
    # As many commas as points: a comma is no decimal then, and never parts thousands.
    assert result.rows_rejected == 1
    load(desk, desk.csv("t;2024-01-01;9999-12-31;0,25", header="rate;valid from;valid to;price"), "tariffs")
    assert desk.rows("select * from raw.tariffs where price_per_kwh = 0.25") == [
        ("t", date(2024, 1, 1), None, "all", 0, 24, 0.25, None)
    ]
    load(desk, desk.csv("p,Peak-Time Rebate", header="program,type"), "programs")
    assert desk.rows("select program_type from raw.programs") == [("peak_time_rebate",)]


def test_dates_that_are_not_year_first_need_the_users_word(desk: Desk) -> None:
    path = desk.csv("1,s,03/01/2024,04/01/2024,1,2,2024-04-03,", header=BILLS)
    assert load(desk, path).rows_rejected == 1
    assert load(desk, path, date_format="%m/%d/%Y").rows_accepted == 1
    assert desk.rows("select cycle_start_date, issued_on from raw.bills") == [(date(2024, 3, 1), date(2024, 4, 3))]
    contacts = desk.csv("c,31.1.2024 17:05,web,", header=CONTACTS, name="contacts.csv")
    load(desk, contacts, "contacts", date_format="%d.%m.%Y")
    assert desk.rows("select strftime(contacted_at, '%Y-%m-%d %H:%M') from raw.contacts") == [("2024-01-31 17:05",)]
    for wrong in ("day first", "%d", "%m/%d", "%H:%M"):
        with pytest.raises(UnusableInput, match="date format"):
            SourceOptions(date_format=wrong)


# London, 2024: the clock skips 01:00 to 02:00 on 31 March and shows it twice on 27 October.
@pytest.mark.parametrize(
    ("clock", "utc"),
    [
        (None, ["2024-03-31 01:30", "2024-07-01 12:00", "2024-07-01 10:00", "2024-10-27 01:30"]),
        ("-05:00", ["2024-03-31 06:30", "2024-07-01 17:00", "2024-07-01 10:00", "2024-10-27 06:30"]),
        ("Europe/London", [None, "2024-07-01 11:00", "2024-07-01 10:00", "2024-10-27 00:30"]),
    ],
)
def test_times_without_an_offset_are_utc_or_on_the_clock_that_is_given(
    desk: Desk, clock: str | None, utc: list[str | None]
) -> None:
    texts = ("2024-03-31 01:30", "2024-07-01 12:00", "2024-07-01T12:00+02:00", "2024-10-27 01:30")
    path = desk.csv(*(f"{n},{text},," for n, text in enumerate(texts)), header=CONTACTS)
    load(desk, path, "contacts", clock=Clock.parse(clock) if clock else None)
    found = dict(desk.rows("select contact_id::integer, strftime(contacted_at, '%Y-%m-%d %H:%M') from raw.contacts"))
    assert [found.get(n) for n in range(len(texts))] == utc
    skipped = "contacted_at is a time that the clock of Europe/London skips"
    assert rejects(desk) == ([(2, skipped)] if None in utc else [])


def test_parquet_names_rows(desk: Desk) -> None:
    query = """
        select n as contact_id, timestamptz '2024-01-01 02:00+01' as contacted_at, n - 1.0 as tone from range(3) as rows(n)
        union all select 9, null, 0
    """
    assert counts(load(desk, desk.parquet(query), "contacts")) == (4, 3, 0, 1)
    assert rejects(desk) == [(4, "no contacted_at")]
    found = desk.rows("select contact_id, strftime(contacted_at, '%H:%M'), tone from raw.contacts order by 1")
    assert found == [("0", "01:00", -1), ("1", "01:00", 0), ("2", "01:00", 1)]


def test_a_line_number_is_the_editors_after_a_break_in_quotes_and_a_line_that_cannot_be_read(desk: Desk) -> None:
    header = "contact_id,contacted_at,contact_text"
    lines = ('1,2024-01-01 00:00,"a', 'b"', "foo", "2,bad,z", '3,2024-01-01 00:00,5" pipe', "4,bad,z")
    assert counts(load(desk, desk.csv(*lines, header=header), "contacts")) == (5, 2, 0, 3)
    assert rejects(desk) == [
        (4, "the line has fewer columns than the header"),
        (5, "contacted_at is not a time as in 2024-01-31 17:00:00"),
        (7, "contacted_at is not a time as in 2024-01-31 17:00:00"),
    ]


def test_an_empty_line_in_a_file_of_one_column_is_a_row_without_a_value(desk: Desk) -> None:
    path = desk.csv("s", "", '"t', 'u"', "", header="service_point_id")
    assert counts(load(desk, path, "premises")) == (4, 2, 0, 2)
    assert rejects(desk) == [(3, "no service_point_id"), (6, "no service_point_id")]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("bill_id", "Bill ID"), "two columns of nearly the same name ('bill_id' and 'Bill ID')"),
        (("amount", "AMOUNT"), "two columns of nearly the same name ('amount' and 'AMOUNT')"),
        (("amount", "amount"), "column 'amount' stands twice"),
    ],
)
def test_parquet_with_two_columns_that_could_be_one_is_refused(
    desk: Desk, names: tuple[str, str], sentence: str
) -> None:
    required = [name for name in source_contract()["bills"].required if name not in names]
    path = desk.folder / "bills.parquet"
    parquet.write_table(pa.table([["1"]] * (len(required) + 2), names=[*required, *names]), path)
    assert sentence in refused(desk, path)


def test_parquet_ids_with_gaps_match_those_that_are_written_whole(desk: Desk) -> None:
    query = """
        select 'b' || n as contact_id, id as customer_id, timestamp '2024-01-01' as contacted_at
        from (values (1, 1001.0::double), (2, null), (3, 'nan')) as rows(n, id)
    """
    load(desk, desk.parquet(query), "contacts")
    assert desk.rows("select customer_id from raw.contacts order by contact_id") == [("1001",), (None,), (None,)]


def test_a_known_key_replaces_the_former_row(desk: Desk) -> None:
    load(desk, desk.csv(f"1,{MARCH},", f"2,{MARCH},", header=BILLS))
    assert counts(load(desk, desk.csv(f"2,{MARCH},2024-04-20", f"3,{MARCH},", header=BILLS))) == (2, 2, 1, 0)
    paid = desk.rows("select bill_id, paid_on from raw.bills order by 1")
    assert paid == [("1", None), ("2", date(2024, 4, 20)), ("3", None)]


def test_the_same_content_is_loaded_once_under_any_name_and_packing(desk: Desk) -> None:
    path = desk.csv(f"1,{MARCH},", "bad", header=BILLS)
    first = load(desk, path)
    load(desk, desk.csv(f"1,{MARCH},2024-04-20", header=BILLS, name="later.csv"))
    before = everything(desk)
    packed = desk.folder / "again.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for again in (path, packed):
        known = load(desk, again)
        assert (known.state, known.load_id, counts(known)) == ("known", first.load_id, counts(first))
    assert everything(desk) == before
    assert load(desk, path, clock=Clock.parse("+10:00")).state == "loaded"


def test_rows_of_one_key_count_once_or_not_at_all(desk: Desk) -> None:
    lines = (
        f"1,{MARCH},",
        f"1,{MARCH},",
        f"2,{MARCH},",
        f"2,{MARCH},2024-04-20",
        "1,s,2024-3-1,2024/04/01,310.50,77.25,2024-04-03,",
    )
    assert counts(load(desk, desk.csv(*lines, header=BILLS))) == (5, 3, 0, 2)
    assert desk.rows("select bill_id from raw.bills") == [("1",)]
    reason = "other rows have the same bill_id and say something else"
    assert rejects(desk) == [(4, reason), (5, reason)]


def test_every_version_of_a_customer_is_kept(desk: Desk) -> None:
    for day, tenure in ((1, "tenant"), (2, "owner"), (2, "tenant")):
        path = desk.csv(f"c,{tenure}", header="customer_id,tenure", name=f"{day}{tenure}.csv")
        columns = {} if day == 1 else {"tenure": "tenure"}
        load(desk, path, "customer_attributes", loaded_on=date(2024, 1, day), columns=columns)
    found = desk.rows("select customer_id, known_from_date, tenure from raw.customer_attributes order by 2")
    assert found == [("c", date(2024, 1, 1), "tenant"), ("c", date(2024, 1, 2), "tenant")]


def test_a_folder_is_loaded_by_the_names_of_its_files(desk: Desk) -> None:
    desk.csv(f"1,{MARCH},", header=BILLS, name="in/bills.csv")
    desk.csv("1", header="something", name="in/programs.csv")
    desk.csv("1", header="something", name="in/odd.csv")
    desk.csv("1", header="something", name="in/_bills.csv")
    desk.csv("1", header="something", name="in/deeper/bills.csv")
    desk.parquet("select 'c' as contact_id, timestamp '2024-01-01' as contacted_at", name="in/contacts.parquet")
    (desk.folder / "in" / "premises.csv.gz").write_bytes(gzip.compress(b"service_point_id,feeder\ns,f\n"))
    (desk.folder / "in" / "tariffs.csv").symlink_to(desk.folder / "moved.csv")
    seen: list[str] = []
    results = load_source_folder(desk.connection, desk.folder / "in", on_file=lambda path: seen.append(path.name))
    assert [(result.file_name, result.state, result.table_name, result.rows_accepted) for result in results] == [
        ("bills.csv", "loaded", "bills", 1),
        ("contacts.parquet", "loaded", "contacts", 1),
        ("odd.csv", "unknown", None, 0),
        ("premises.csv.gz", "loaded", "premises", 1),
        ("programs.csv", "unusable", "programs", 0),
        ("tariffs.csv", "unusable", "tariffs", 0),
    ]
    assert "tariffs.csv is a link to a file that is not there. Put the file in its place" in results[5].message
    assert "has no program_id column" in results[4].message
    assert "odd.csv has the name of no table" in results[2].message
    assert seen == ["bills.csv", "contacts.parquet", "premises.csv.gz", "programs.csv", "tariffs.csv"]
    with pytest.raises(UnusableInput, match="cannot be read"):
        load_source_folder(desk.connection, desk.folder / "nowhere")


def test_the_command_tells_what_became_of_the_files(desk: Desk, home: Home) -> None:
    good = desk.csv(f"1,{MARCH},", header=BILLS.replace("amount", "Sum"), name="good/bills.txt")
    done = home.script("load_sources.py", "--table", "bills", "--file", good, "--columns", "amount=Sum")
    assert (done.code, done.errors) == (0, "")
    desk.csv("c,2024-01-01 10:00,fax,", header=CONTACTS, name="mixed/contacts.csv")
    done = home.script("load_sources.py", "--folder", desk.folder / "mixed")
    assert done.code == 1
    assert "rejected 1: channel is none of phone, email, social, web (first in contacts.csv, line 2)" in done.output
    desk.csv("p,battery", header="program,type", name="mixed/programs.csv")
    desk.csv("1", header="x", name="mixed/odd.csv")
    desk.csv("1", header="x", name="mixed/bills.csv")
    done = home.script("load_sources.py", "--folder", desk.folder / "mixed")
    assert done.code == 2
    assert "Not loaded. bills.csv has no bill_id column" in done.errors
    assert "known already" in done.output
    assert "no table has its name" in done.output
    for wrong in (["--table", "bills"], ["--folder", "x", "--columns", "a=b"], ["--table", "bill", "--file", good], []):
        assert home.script("load_sources.py", *wrong).code == 2
    with warehouse.connect(home.warehouse, read_only=True) as connection:
        found = connection.execute(
            "select table_name, rows_accepted from raw.source_manifest order by load_id"
        ).fetchall()
    assert found == [("bills", 1), ("contacts", 0), ("programs", 1)]


@pytest.fixture(scope="module")
def desk_of_many() -> Iterator[Desk]:
    with TemporaryDirectory() as folder, desk_in(Path(folder)) as opened:
        yield opened


LINES = st.lists(
    st.one_of(
        st.builds(
            "{},{},2024-03-01,{},{},2,2024-04-03,{}".format,
            st.sampled_from("ab"), st.sampled_from("st"), st.sampled_from(["2024-04-01", "2024-02-01", "soon"]),
            st.sampled_from(["1", "1.0", "2", "x", ""]), st.sampled_from(["", "2024-05-01"]),
        ),
        st.sampled_from(["", "a,b", ",,,,,,,", '"a,', 'a"b,,,,,,,', "a,s,2024-03-01,2024-04-01,1,2,2024-04-03,,,"]),
    ),
    max_size=8,
)  # fmt: skip


def fate(desk: Desk, lines: list[str]) -> tuple | str:
    """What a file of bills leaves, without the places of its rows; or the sentence that refuses it."""
    desk.empty()
    try:
        result = load(desk, desk.csv(*lines, header=BILLS))
    except UnusableInput as error:
        return str(error)
    assert len(rejects(desk)) == result.rows_rejected
    kept = desk.rows("select * from raw.bills order by all")
    assert len(kept) <= result.rows_accepted
    return counts(result), kept, desk.rows("select reason, row_text from raw.rejected_source_rows order by all")


@settings(max_examples=60, deadline=None)
@given(lines=LINES, data=st.data())
def test_the_order_of_rows_changes_nothing(desk_of_many: Desk, lines: list[str], data: st.DataObject) -> None:
    first = fate(desk_of_many, lines)
    second = fate(desk_of_many, data.draw(st.permutations(lines)))
    # An open quotation mark swallows what follows, so what it leaves depends on what does.
    if not any('"a,' in line for line in lines):
        assert first == second


@settings(max_examples=40, deadline=None)
@given(lines=LINES)
def test_repetition_changes_nothing_but_the_count_of_rows(desk_of_many: Desk, lines: list[str]) -> None:
    lines = [line for line in lines if '"' not in line]
    once, twice = fate(desk_of_many, lines), fate(desk_of_many, lines * 2)
    assert twice[1] == once[1]
    assert twice[0] == (2 * once[0][0], 2 * once[0][1], 0, 2 * once[0][3])
    before = everything(desk_of_many)
    assert load(desk_of_many, desk_of_many.csv(*lines * 2, header=BILLS)).state == "known"
    assert everything(desk_of_many) == before


@settings(max_examples=80, deadline=None)
@given(
    head=st.sampled_from([BILLS.encode(), b"bill_id;b", b"PAR1", b"\x1f\x8b", b"PK\x03\x04", b""]),
    tail=st.lists(st.binary(max_size=40)),
)
def test_no_bytes_end_in_anything_but_a_result_or_a_sentence(desk_of_many: Desk, head: bytes, tail: list) -> None:
    path = desk_of_many.folder / "bills"
    path.write_bytes(b"\n".join((head, *tail)))
    try:
        load(desk_of_many, path)
    except UnusableInput as error:
        assert str(error)
        assert "\n" not in str(error)
