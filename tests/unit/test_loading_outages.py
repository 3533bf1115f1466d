"""Files of known outages: columns, clocks, replacement, and what is told when a file cannot be used."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter_files import Desk, desk_in

from peakwise.errors import UnusableInput
from peakwise.loading import Clock, OutagesResult, load_outages

HEADER = "outage_id,service_point_id,started_at,restored_at,cause"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as opened:
        yield opened


def load(desk: Desk, path: Path, clock: str | None = "UTC") -> OutagesResult:
    return load_outages(desk.connection, path, Clock.parse(clock) if clock else None)


def outages(desk: Desk) -> list[tuple]:
    return desk.rows("""
        select outage_id, service_point_id, strftime(started_at, '%m-%d %H:%M'), strftime(restored_at, '%m-%d %H:%M'), cause
        from raw.outages order by 1, 2
    """)


def refused(desk: Desk, path: Path, clock: str | None = "UTC") -> str:
    """The sentence on a file that cannot be used; nothing may have changed."""
    before = desk.rows("select * from raw.outages order by all")
    with pytest.raises(UnusableInput) as told:
        load(desk, path, clock)
    assert desk.rows("select * from raw.outages order by all") == before
    assert desk.rows("select table_name from duckdb_tables() where temporary") == []
    assert str(told.value).isprintable()
    return str(told.value)


@pytest.mark.parametrize(
    "header",
    [HEADER, "Event ID,Meter ID,Start,End,Cause", "event_id,customer_id,outage_start,restoration,outage cause",
     "outage_id,nmi,start_time,end_time,cause"],
)  # fmt: skip
def test_names_that_are_recognised(desk: Desk, header: str) -> None:
    lines = ("o,s, 2024-01-01 00:07:30 ,2024-01-01 02:00,tree", "o,t,2024-01-01 00:07,,")
    assert load(desk, desk.csv(*lines, header=header)) == OutagesResult(1, 2, [])
    assert outages(desk) == [
        ("o", "s", "01-01 00:07", "01-01 02:00", "tree"),
        ("o", "t", "01-01 00:07", None, None),
    ]


def test_two_columns_that_could_be_one_refuse_the_file(desk: Desk) -> None:
    query = "select 'o' as outage_id, 's' as meter_id, 't' as \"Meter ID\", timestamp '2024-01-01' as start, null as \"end\""
    told = refused(desk, desk.parquet(query))
    assert (
        "two columns of nearly the same name ('meter_id' and 'Meter ID'). Rename or remove the one that is not" in told
    )
    query = "select 's' as nmi, timestamp '2024-01-01' as start, null as \"end\", 1 as cause, 2 as \"cause?\""
    assert "('cause' and 'cause?')" in refused(desk, desk.parquet(query))


@pytest.mark.parametrize("missing", ["service_point_id", "started_at", "restored_at"])
def test_a_needed_column_is_missing(desk: Desk, missing: str) -> None:
    names = [name for name in HEADER.split(",") if name != missing]
    told = refused(desk, desk.csv("1,2,3,4", header=",".join(names)))
    assert f"has no {missing} column; its columns are: {', '.join(names)}" in told


def test_the_start_stands_for_an_id_that_the_file_does_not_have(desk: Desk) -> None:
    lines = ("s,2024-01-01 00:00,2024-01-01 01:00", "t,2024-01-01 00:00,2024-01-01 02:00")
    assert load(desk, desk.csv(*lines, header="meter,start,end"), "-05:00") == OutagesResult(
        1, 2, ["outage_id", "cause"]
    )
    assert outages(desk) == [
        ("2024-01-01T05:00:00Z", "s", "01-01 05:00", "01-01 06:00", None),
        ("2024-01-01T05:00:00Z", "t", "01-01 05:00", "01-01 07:00", None),
    ]


def test_a_file_replaces_what_an_earlier_one_said(desk: Desk) -> None:
    old = desk.csv("o,s,2024-01-01 00:00,,", "p,s,2024-02-01 00:00,,", header=HEADER, name="old.csv")
    query = """select 7 as event_id, 3 as meter_id, timestamp '2024-01-01' as start, timestamptz '2024-01-01 02:00+01' as "end" """
    load(desk, old)
    for _ in range(2):
        assert load(desk, desk.parquet(query), "-01:00").interruptions == 1
        assert outages(desk) == [("7", "3", "01-01 01:00", "01-01 01:00", None)]
    assert load(desk, desk.csv(header=HEADER)) == OutagesResult(0, 0, [])
    assert outages(desk) == []


def test_times_tell_their_clock_or_it_must_be_given(desk: Desk) -> None:
    load(desk, desk.csv("o,s,2024-01-01 00:00-05:00,2024-01-01 06:00Z,", header=HEADER), clock=None)
    assert outages(desk) == [("o", "s", "01-01 05:00", "01-01 06:00", None)]
    for restored in ("2024-01-01 06:00", ""):
        told = refused(desk, desk.csv(f"o,s,2024-01-01 00:00,{restored},", header=HEADER), clock=None)
        assert "does not tell which clock its times follow" in told


# New York, 3 November 2024: 01:00 to 02:00 is shown twice, from 05:00 and from 06:00 UTC.
@pytest.mark.parametrize(
    ("started", "restored", "utc"),
    [
        ("00:30", "01:30", ("04:30", "06:30")),
        ("01:30", "02:30", ("05:30", "07:30")),
        ("01:45", "01:15", ("05:45", "06:15")),
        ("01:10", "01:20", ("05:10", "06:20")),
        ("02:00", "03:00", ("07:00", "08:00")),
    ],
)
def test_an_ambiguous_local_time_makes_the_longer_outage(
    desk: Desk, started: str, restored: str, utc: tuple[str, str]
) -> None:
    load(desk, desk.csv(f"o,s,2024-11-03 {started},2024-11-03 {restored},", header=HEADER), "America/New_York")
    assert outages(desk) == [("o", "s", f"11-03 {utc[0]}", f"11-03 {utc[1]}", None)]


def test_a_local_clock_and_offsets_in_one_file(desk: Desk) -> None:
    line = "o,s,2024-07-01 01:00,2024-07-01T06:00:00Z,"
    load(desk, desk.csv(line, header=HEADER), "America/New_York")
    assert outages(desk) == [("o", "s", "07-01 05:00", "07-01 06:00", None)]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("o,,2024-01-01 00:00,,", "line 4: no service point id"),
        (" ,s,2024-01-01 00:00,,", "line 4: no outage id"),
        ("o,s,,2024-01-01 00:00,", "line 4: no start"),
        ("o,s,31.12.2024,,", "line 4: the start is not a time as in 2024-01-31 17:00:00 ('31.12.2024')"),
        ("o,s,2024-01-01 00:00,soon,", "line 4: the restoration is not a time as in 2024-01-31 17:00:00 ('soon')"),
        ("o,s,2024-01-01 00:00,2024-01-01 01:00Z,", "line 4: the restoration is written in another way"),
        ("o,s,1970-01-01 00:00,,", "line 4: the start is outside 1990 to 2100"),
        ("o,s,2024-01-01 00:00,2101-01-01 00:00,", "line 4: the restoration is outside 1990 to 2100"),
        (
            "o,s,2024-01-01 01:00,2024-01-01 00:59,",
            "line 4: supply was restored at 2024-01-01 05:59:00 UTC, before the outage started at 2024-01-01 06:00:00 UTC",
        ),
        ("first,s,2024-01-02 00:00,,", "outage 'first' of service point 's' stands in line 2 and again in line 4"),
        ("o,s,2024-03-10 02:30,,", "line 4: the clock of America/New_York skips this time ('2024-03-10 02:30')"),
        ("o,s,2024-03-09 00:00,2024-03-10 02:00,", "line 4: the clock of America/New_York skips this time"),
        ("o,s,2024-01-01 00:00", "in line 4, the line has fewer columns than the header"),
    ],
)
def test_a_file_with_a_bad_row_is_refused_whole_and_the_row_named(desk: Desk, line: str, sentence: str) -> None:
    load(desk, desk.csv("old,s,2024-01-01 00:00,,", header=HEADER))
    clock = "America/New_York" if "clock" in sentence else "-05:00"
    good = "first,s,2024-01-01 00:00,2024-01-01 01:00,"
    assert sentence in refused(desk, desk.csv(good, "", line, header=HEADER, name="bad.csv"), clock)


def test_parquet_names_rows(desk: Desk) -> None:
    query = """
        select 'o' || n as outage_id, 's' as meter_id, timestamp '2024-01-02' as started_at,
            timestamp '2024-01-04' - to_days(n::integer) as restored_at
        from range(4) as rows(n)
    """
    assert "row 4: supply was restored at 2024-01-01 00:00:00 UTC" in refused(desk, desk.parquet(query))


@pytest.fixture(scope="module")
def desk_of_bytes() -> Iterator[Desk]:
    with TemporaryDirectory() as folder, desk_in(Path(folder)) as opened:
        yield opened


LINES = st.lists(
    st.one_of(
        st.sampled_from([b"o,s,2024-01-01 00:00,,", b"p,s,2024-11-03 01:00,2024-11-03 01:00,x", b"", b'"o', b"\xff,\x00,,,"]),
        st.binary(max_size=30),
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(head=st.sampled_from([HEADER.encode(), b"meter;start;end", b"PAR1", b"\x1f\x8b", b""]), lines=LINES)
def test_no_bytes_end_in_anything_but_a_result_or_a_sentence(desk_of_bytes: Desk, head: bytes, lines: list) -> None:
    path = desk_of_bytes.folder / "outages"
    path.write_bytes(b"\n".join((head, *lines)))
    try:
        result = load(desk_of_bytes, path, "America/New_York")
    except UnusableInput as error:
        assert str(error)
        assert "\n" not in str(error)
    else:
        assert len(outages(desk_of_bytes)) == result.interruptions
