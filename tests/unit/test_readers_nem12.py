"""NEM12 as it comes: registers, units, quality flags and events, stamps, broken lines, and AEMO's own examples."""

import csv
import re
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from conftest import real_data
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from peakwise.errors import UnusableInput
from peakwise.readers import ReadingFile, nem12

HEADER = "100,NEM12,202401050000,MDP,RETAILER"
DETAILS = "200,NMI1234567,E1B1,1,E1,N1,METER1,kWh,60,"
END = "900"
STAMPS = ",,,20240103020000,20240103030000"
REACTIVE = "register Q1 is in kVArh, which is not energy"


def day(*values: object, date: str = "20240101", rest: str = "A" + STAMPS, count: int = 24) -> str:
    """A 300 record that begins with some values and goes on with 1."""
    return ",".join(["300", date, *map(str, values), *["1"] * (count - len(values)), rest])


def details(suffix: str = "E1", unit: str = "kWh", minutes: object = 60, nmi: str = "NMI1234567") -> str:
    return f"200,{nmi},E1B1,1,{suffix},N1,METER1,{unit},{minutes},"


@dataclass
class Desk:
    """A connection and a folder for files."""

    connection: duckdb.DuckDBPyConnection
    folder: Path

    def read_bytes(self, content: bytes) -> ReadingFile:
        path = self.folder / "days.csv"
        path.write_bytes(content)
        return nem12.read(self.connection, path)

    def read(self, *lines: str, header: str = HEADER, end: str = END) -> ReadingFile:
        """Read lines between header and end: the first of `lines` is line 2."""
        return self.read_bytes("\n".join([header, *lines, end]).encode())

    def refusal(self, *lines: str, **options: str) -> str:
        with pytest.raises(UnusableInput) as caught:
            self.read(*lines, **options)
        return str(caught.value)

    def rows(self, file: ReadingFile, columns: str) -> list[tuple]:
        return self.connection.execute(f"select {columns} from ({file.relation}) order by row_number").fetchall()

    def column(self, file: ReadingFile, name: str) -> list:
        return [value for (value,) in self.rows(file, name)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with duckdb.connect() as connection:
        opened = Desk(connection, tmp_path)
        yield opened
        # Whoever keeps the desk must not keep the closed connection.
        del opened.connection


def rejects(file: ReadingFile) -> list[tuple[int, str]]:
    return [(line, reason) for line, reason, _ in file.unreadable]


@pytest.mark.parametrize(
    ("head", "is_ours"),
    [
        (b"100,NEM12,200405011135,MDA1,Ret1\r\n", True),
        (b"100,NEM13,200405011135,MDA1,Ret1\n", True),
        (b"\xef\xbb\xbf100,NEM12", True),
        (b'\r\n\n "100" , "nem12" ,x\n', True),
        (b"100,NEM12\r200,x", True),
        (b"100,NEM11,2004\n", False),
        (b"1000,NEM12,2004\n", False),
        (b"100\nNEM12\n", False),
        (b"200,NEM12\n100,NEM12\n", False),
        (b'100,"NEM12\n', False),
        (b"", False),
        (b"\r\n \n", False),
        (b"\x00" * 50, False),
        (b"service_point_id,timestamp,kwh\n100,NEM12,1", False),
    ],
)
def test_the_first_line_tells_the_format(head: bytes, is_ours: bool) -> None:
    assert nem12.looks_like(head) is is_ours


def test_a_day_becomes_readings_with_start_labels_on_the_clock_of_utc_plus_10(desk: Desk) -> None:
    file = desk.read(DETAILS, day(0.5, 0.25))
    assert (file.file_format, file.label, file.label_time_zone) == ("nem12", "start", "+10:00")
    assert file.unreadable == []
    rows = desk.rows(
        file, "service_point_id, register_id, channel, interval_minutes, label_at, kwh, source_flag, line_number"
    )
    assert len(rows) == 24
    common = ("NMI1234567", None, "delivered", 60)
    assert rows[0] == (*common, datetime(2024, 1, 1, 0, 0), 0.5, "A", 3)
    assert rows[1] == (*common, datetime(2024, 1, 1, 1, 0), 0.25, "A", 3)
    assert rows[23] == (*common, datetime(2024, 1, 1, 23, 0), 1.0, "A", 3)
    assert set(desk.rows(file, "label_text, kwh_text, unreadable_version")) == {(None, None, None)}
    assert desk.column(file, "row_number") == list(range(24))


@pytest.mark.parametrize(
    ("suffix", "register_id", "channel"),
    [
        ("E1", None, "delivered"),
        ("B1", None, "received"),
        ("E2", "E2", "delivered"),
        ("b3", "B3", "received"),
        ("E", "E", "delivered"),
        ("EA", "EA", "delivered"),
    ],
)
def test_a_register_has_the_same_id_whatever_else_is_in_the_file(
    desk: Desk, suffix: str, register_id: str | None, channel: str
) -> None:
    alone = desk.read(details(suffix), day())
    assert set(desk.rows(alone, "service_point_id, register_id, channel")) == {("NMI1234567", register_id, channel)}
    beside = desk.read(details("E9"), day(date="20240102"), details(suffix), day())
    assert set(desk.rows(beside, "service_point_id, register_id, channel")) == {
        ("NMI1234567", "E9", "delivered"),
        ("NMI1234567", register_id, channel),
    }


@pytest.mark.parametrize(
    ("unit", "values", "kwh"),
    [
        ("kWh", ["12.345", "-.5", "+2", "1e1"], [12.345, -0.5, 2.0, 10.0]),
        ("KWH", [" 7 "], [7.0]),
        ("Wh", ["12.345", "1"], [0.012345, 0.001]),
        ("wH", ["1500"], [1.5]),
        ("MWh", ["0.0123", "2"], [12.3, 2000.0]),
    ],
)
def test_units_of_energy(desk: Desk, unit: str, values: list[str], kwh: list[float]) -> None:
    file = desk.read(details(unit=unit), day(*values))
    assert desk.column(file, "kwh")[: len(kwh)] == pytest.approx(kwh, abs=1e-12, rel=0)
    # A value that is no number leaves the others of its day as they are.
    file = desk.read(details(unit=unit), day(*values, "Null"))
    assert desk.column(file, "kwh")[: len(kwh)] == pytest.approx(kwh, abs=1e-12, rel=0)


@pytest.mark.parametrize(
    ("suffix", "unit", "reason"),
    [
        ("Q1", "kVArh", REACTIVE),
        ("K2", "VArh", "register K2 is in VArh, which is not energy"),
        ("V1", "V", "register V1 is in V, which is not energy"),
        ("E1", "kW", "register E1 is in kW, which is not energy"),
        ("S1", "kVAh", "register S1 is in kVAh, which is not energy"),
        ("G1", "pf", "register G1 is in pf, which is not energy"),
        ("V1", "", "register V1 has no unit"),
        ("E1", "therm", "register E1 is in an unknown unit: therm"),
        ("D1", "kWh", "register D1 in kWh is neither taken from the grid (E) nor given to it (B)"),
    ],
)
def test_registers_of_other_quantities_are_rejected_record_by_record(
    desk: Desk, suffix: str, unit: str, reason: str
) -> None:
    file = desk.read(
        details(suffix, unit), day(), day(date="20240102", rest="V" + STAMPS), "400,1,24,A,,", DETAILS, day()
    )
    assert rejects(file) == [(3, reason), (4, reason)]
    assert set(desk.column(file, "line_number")) == {7}
    assert f"of its first interval record, line 3, {reason}" in desk.refusal(details(suffix, unit), day())


@pytest.mark.parametrize("minutes", [5, 10, 15, 20, 30, 60])
def test_interval_lengths(desk: Desk, minutes: int) -> None:
    count = 1440 // minutes
    file = desk.read(details(minutes=minutes), day(count=count))
    labels = desk.column(file, "label_at")
    assert len(labels) == count
    assert (labels[1] - labels[0]).total_seconds() == minutes * 60
    assert set(desk.column(file, "interval_minutes")) == {minutes}


@pytest.mark.parametrize("minutes", ["0", "", "7", "1", "90", "1440", "30.0", "-30", "x", "9" * 5000])
def test_other_interval_lengths_are_rejected_by_day(desk: Desk, minutes: str) -> None:
    file = desk.read(details(minutes=minutes), day(), day(date="20240102"), DETAILS, day())
    assert rejects(file) == [
        (line, f"intervals of '{minutes[:20]}' minutes are not 5, 10, 15, 20, 30 or 60") for line in (3, 4)
    ]
    assert len(desk.column(file, "kwh")) == 24


def test_mixed_interval_lengths_of_one_register(desk: Desk) -> None:
    file = desk.read(details(minutes=30), day(count=48), details(minutes=15), day(date="20240102", count=96))
    assert desk.rows(file, "distinct on (interval_minutes) interval_minutes, line_number") == [(30, 3), (15, 5)]
    assert len(desk.column(file, "kwh")) == 144


@pytest.mark.parametrize("rest", ["A", "A" + STAMPS, "E52,71", "A" + STAMPS + "," * 40])
@pytest.mark.parametrize("count", [0, 23, 25, 48])
def test_a_day_with_another_number_of_values_is_rejected(desk: Desk, count: int, rest: str) -> None:
    file = desk.read(DETAILS, day(count=count, rest=rest), day(date="20240102"))
    assert rejects(file) == [
        (3, f"{count} values stand before its quality flag; 60-minute intervals make 24"),
    ]
    assert set(desk.column(file, "line_number")) == {4}


@pytest.mark.parametrize("rest", ["", ",,,", "1234", "A1234", "9A"])
def test_a_day_without_a_quality_flag_is_rejected(desk: Desk, rest: str) -> None:
    file = desk.read(DETAILS, day(rest=rest), day(date="20240102"))
    assert rejects(file) == [(3, "no quality flag stands behind its 24 values")]


def test_a_record_cut_short_is_rejected(desk: Desk) -> None:
    file = desk.read(DETAILS, "300", "300,20240101", day(date="20240102"))
    assert rejects(file) == [(line, "no quality flag stands behind its 24 values") for line in (3, 4)]


def test_values_that_are_no_number_keep_their_text(desk: Desk) -> None:
    file = desk.read(DETAILS, day("", "Null", " ", "1_000", "1;5", "0x10", "٣", "x" * 1000, "2.5"))
    assert file.unreadable == []
    assert desk.rows(file, "kwh, kwh_text")[:10] == [
        (None, None),
        (None, "Null"),
        (None, None),
        (None, "1_000"),
        (None, "1;5"),
        (None, "0x10"),
        (None, "٣"),
        (None, "x" * 200),
        (2.5, None),
        (1.0, None),
    ]


def test_an_underscore_is_no_separator_of_digits(desk: Desk) -> None:
    file = desk.read(DETAILS, day("1_000"))
    assert desk.rows(file, "kwh, kwh_text")[:2] == [(None, "1_000"), (1.0, None)]


def test_values_that_are_not_finite_stay_so_that_the_loader_rejects_them(desk: Desk) -> None:
    file = desk.read(DETAILS, day("nan", "-inf", "1e999"))
    assert desk.rows(file, "isfinite(kwh)")[:4] == [(False,), (False,), (False,), (True,)]


def test_events_give_the_intervals_their_flags(desk: Desk) -> None:
    file = desk.read(
        DETAILS, day(rest="V" + STAMPS), "400,1,20,F14,76,", "400,21,22,A,,", "", "400,23,24,S14,1,meter fault"
    )
    assert file.unreadable == []
    assert desk.column(file, "source_flag") == ["F14"] * 20 + ["A"] * 2 + ["S14"] * 2


def test_events_that_do_not_fit_are_rejected_and_the_day_stays(desk: Desk) -> None:
    file = desk.read(
        DETAILS,
        day(rest="V" + STAMPS),
        "400,1,25,A,,",  # 4
        "400,0,1,A,,",  # 5
        "400,3,2,A,,",  # 6
        "400,x,2,A,,",  # 7
        "400",  # 8
        "400,1,2,1.5,,",  # 9
        "400,5,8,F14,,",
        "400,7,9,S14,,",
        "400,9,9,,,",
        "500,O,S01009,20240101120000,1.5",
        "400,24,24,A",
        day(date="20240102", rest="A"),
        "400,2,2,E52,,",
    )
    assert rejects(file) == [
        (4, "the event's intervals 1 to 25 are not within 1 to 24"),
        (5, "the event's intervals 0 to 1 are not within 1 to 24"),
        (6, "the event's intervals 3 to 2 are not within 1 to 24"),
        (7, "the event's intervals are not two whole numbers"),
        (8, "the event's intervals are not two whole numbers"),
        (9, "the event's quality flag '1.5' is none"),
    ]
    first_day = ["V"] * 4 + ["F14"] * 2 + ["S14"] * 3 + ["V"] * 14 + ["A"]
    assert desk.column(file, "source_flag") == [*first_day, "A", "E52", *["A"] * 22]


def test_an_event_without_a_day_is_rejected(desk: Desk) -> None:
    file = desk.read("400,1,2,A,,", DETAILS, "400,1,2,A,,", day())
    assert rejects(file) == [(line, "no interval record (300) stands above this event (400)") for line in (2, 4)]


NULL_DATA = "null data (quality N): the values are placeholders"


def test_a_day_of_null_data_is_one_reject(desk: Desk) -> None:
    file = desk.read(DETAILS, day(0, rest="N" + STAMPS), day(date="20240102"))
    assert rejects(file) == [(3, NULL_DATA)]
    assert set(desk.column(file, "line_number")) == {4}
    assert f"line 3, {NULL_DATA}" in desk.refusal(DETAILS, day(rest="N"))


def test_events_of_null_data_take_their_intervals_out(desk: Desk) -> None:
    file = desk.read(
        DETAILS, day(*range(24), rest="V"), "400,1,2,N,,", "400,3,22,A,,", "400,23,24,n,,", "400,24,24,A,,"
    )
    assert rejects(file) == [(4, NULL_DATA), (6, NULL_DATA)]
    # Interval 24 is A again by the last event; 1, 2 and 23 are gone.
    assert desk.column(file, "kwh") == [*map(float, range(2, 22)), 23.0]
    assert desk.column(file, "label_at")[0] == datetime(2024, 1, 1, 2)
    assert desk.column(file, "label_at")[-1] == datetime(2024, 1, 1, 23)
    assert set(desk.column(file, "source_flag")) == {"A"}


def test_events_give_part_of_a_day_of_null_data_back(desk: Desk) -> None:
    file = desk.read(DETAILS, day(*range(24), rest="N"), "400,2,3,A,,")
    assert rejects(file) == [(3, NULL_DATA)]
    assert desk.rows(file, "kwh, source_flag") == [(1.0, "A"), (2.0, "A")]


def microseconds(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("stamps", "version"),
    [
        # 02:00 by the clock of UTC+10 is 16:00 of the day before in UTC.
        (",,,20240103020000,20240104020000", microseconds(2024, 1, 2, 16)),
        (",,, 20240103020000 ", microseconds(2024, 1, 2, 16)),
        (",,,202401030201", microseconds(2024, 1, 2, 16, 1)),
        (",,,,20240104020007", microseconds(2024, 1, 3, 16, 0, 7)),
        (",,,,", microseconds(2024, 1, 4, 14)),
        ("", microseconds(2024, 1, 4, 14)),
    ],
)
def test_the_version_is_the_stamp_of_the_record_or_else_of_the_file(desk: Desk, stamps: str, version: int) -> None:
    file = desk.read(DETAILS, day(rest="A" + stamps))
    assert set(desk.column(file, "version")) == {version}


@pytest.mark.parametrize(
    "stamp", ["20240230000000", "2024", "20240101250000", "99991231000000", "2024010100000x", "yesterday"]
)
def test_a_stamp_that_is_no_time_rejects_its_record(desk: Desk, stamp: str) -> None:
    sentence = f"the version stamp '{stamp}' is not a time as in 20240131173000"
    file = desk.read(DETAILS, day(rest=f"A,,,{stamp},20240104020000"), day(date="20240102"))
    assert rejects(file) == [(3, sentence)]
    # The header's stamp is needed for days without one only.
    file = desk.read(DETAILS, day(rest="A"), header=f"100,NEM12,{stamp},MDP,RETAILER")
    assert rejects(file) == [(1, sentence)]
    assert set(desk.column(file, "version")) == {None}


def test_a_header_without_a_time_leaves_days_unstamped(desk: Desk) -> None:
    file = desk.read(DETAILS, day(rest="A"), header="100,NEM12")
    assert file.unreadable == []
    assert set(desk.column(file, "version")) == {None}


@pytest.mark.parametrize(
    "date", ["20230230", "2024-01-01", "", "0", "20241301", "2024010", "202401011", "00000101", "٢٠٢٤٠١٠١"]
)
def test_a_date_that_is_none_rejects_its_day(desk: Desk, date: str) -> None:
    file = desk.read(DETAILS, day(date=date), day())
    assert rejects(file) == [(3, file.unreadable[0][1])]
    assert "is not a date as in 20240131" in file.unreadable[0][1]
    assert len(desk.column(file, "kwh")) == 24


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        ("20O,OTHER45678,E1,1,E1,N1,M,kWh,60,", "no record of NEM12 begins with '20O'"),
        ("600,x", "no record of NEM12 begins with '600'"),
        ('200,"OTHER45678,E1,1,E1,N1,M,kWh,60,', "a quotation mark stands in the wrong place"),
        ("x" * 70_000, "the line is longer than 65,536 bytes"),
        ("x" * 700_000, "the line is longer than 65,536 bytes"),
        ("250,VABC005890,11,1,11,11,M,E,1,2,A", "an accumulation reading (NEM13) has no intervals"),
    ],
)
def test_no_day_below_a_line_that_cannot_be_read_goes_to_the_wrong_customer(desk: Desk, lost: str, reason: str) -> None:
    file = desk.read(DETAILS, day(), lost, day(date="20240102"), "400,1,2,A,,", DETAILS, day(date="20240103"))
    below = "line 4 above it cannot be read and may have been the details of its register (200)"
    assert rejects(file) == [(4, reason), (5, below)]
    assert desk.rows(file, "distinct on (line_number) line_number, label_at::date::varchar") == [
        (3, "2024-01-01"),
        (8, "2024-01-03"),
    ]


@pytest.mark.parametrize("nmi", ["", "x" * 41, "a\x07b"])
def test_details_without_a_usable_nmi_reject_their_days(desk: Desk, nmi: str) -> None:
    file = desk.read(DETAILS, day(), details(nmi=nmi), day(date="20240102"))
    assert rejects(file) == [(5, "its register has no NMI, or one that cannot be")]


@pytest.mark.parametrize("suffix", ["", "E12", "-1", "E1 E2"])
def test_details_without_a_suffix_reject_their_days(desk: Desk, suffix: str) -> None:
    file = desk.read(DETAILS, day(), details(suffix), day(date="20240102"))
    assert rejects(file) == [(5, f"its register has no suffix as in E1: '{suffix}'")]


def test_a_day_above_all_details_is_rejected(desk: Desk) -> None:
    file = desk.read(day(), DETAILS, day())
    assert rejects(file) == [(2, "no details of a register (200) stand above it")]


MISSING_END = "the end record (900) is missing above here: the file may be cut short"


def test_a_file_without_its_end_is_loaded_and_the_lack_is_told(desk: Desk) -> None:
    file = desk.read(DETAILS, day(), end="")
    assert rejects(file) == [(3, MISSING_END)]
    assert len(desk.column(file, "kwh")) == 24


def test_text_after_the_end_is_rejected_line_by_line(desk: Desk) -> None:
    file = desk.read(DETAILS, day(), END, "", day(date="20240102"), "bye")
    after = "text after the end record (900)"
    assert rejects(file) == [(6, after), (7, after), (8, after)]
    assert len(desk.column(file, "kwh")) == 24


def test_files_joined_end_to_end_are_read_each_with_its_own_header(desk: Desk) -> None:
    second = "\ufeff100,NEM12,202401060000,MDP,RETAILER"
    joined = (DETAILS, day(rest="A"), END, second, day(), DETAILS, day(date="20240102", rest="A"))
    file = desk.read(*joined)
    assert rejects(file) == [(6, "no details of a register (200) stand above it")]
    assert desk.rows(file, "distinct on (line_number) line_number, version") == [
        (3, microseconds(2024, 1, 4, 14)),
        (8, microseconds(2024, 1, 5, 14)),
    ]
    # A header without a readable time does not take the one of the header above.
    for header in ("100,NEM12", "100,NEM12,never"):
        file = desk.read(*joined[:3], header, *joined[5:])
        assert desk.column(file, "version") == [microseconds(2024, 1, 4, 14)] * 24 + [None] * 24
    # The first one lacks its end; line 4 is the second one's header.
    file = desk.read(*(line for line in joined if line != END))
    assert rejects(file) == [(4, MISSING_END), (5, "no details of a register (200) stand above it")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_quotes_blanks_and_empty_lines_do_not_matter(desk: Desk, end: str) -> None:
    lines = [
        "\ufeff",
        ' "100" ,"NEM12",202401050000,"M,DP",R,,,,',
        "",
        '200, "NMI1234567" ,E1B1,1, E1 ,N1,"MET,ER1", kWh , 60 ,,,,',
        "",
        day('"0.5"', " 0.25 ", rest='V,,"a ""fault"", at noon",20240103020000,,,,,'),
        '"400",1,"24",E52,,,,,,',
        "  ",
        "900,,,,",
        "",
    ]
    file = desk.read_bytes(end.join(lines).encode())
    assert file.unreadable == []
    assert set(desk.rows(file, "service_point_id, source_flag, version, line_number")) == {
        ("NMI1234567", "E52", microseconds(2024, 1, 2, 16), 6)
    }
    assert desk.column(file, "kwh")[:3] == [0.5, 0.25, 1.0]


@pytest.mark.parametrize("shift", range(6))
def test_line_ends_at_the_border_of_two_blocks(desk: Desk, monkeypatch: pytest.MonkeyPatch, shift: int) -> None:
    monkeypatch.setattr(nem12.lines, "BLOCK_BYTES", 8)
    lines = [HEADER + "x" * shift, DETAILS, "", day(), "600", "", "600", END]
    file = desk.read_bytes("\r\n".join(lines).encode())
    assert [line for line, _ in rejects(file)] == [5, 7]
    assert set(desk.column(file, "line_number")) == {4}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("length", [65_536, 65_537, 70_000, 262_143, 262_144, 600_000])
def test_lines_after_a_long_one_keep_their_number(desk: Desk, length: int, end: str) -> None:
    long_line = "x" * (length - len(end))
    file = desk.read_bytes(end.join([HEADER, long_line, DETAILS, day(), END]).encode())
    too_long = "the line is longer than 65,536 bytes"
    assert rejects(file) == [
        (2, too_long if length > 65_536 else "no record of NEM12 begins with 'xxxxxxxxxxxxxxxxxxxx'")
    ]
    assert set(desk.column(file, "line_number")) == {4}


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_a_block_may_end_with_the_cr_of_a_long_line(desk: Desk, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    monkeypatch.setattr(nem12.lines, "BLOCK_BYTES", 70_000)
    first_block = f"{HEADER}{end}".ljust(69_999, "x") + "\r"
    file = desk.read_bytes((first_block + end[1:] + end.join([DETAILS, day(), END])).encode())
    assert rejects(file) == [(2, "the line is longer than 65,536 bytes")]
    assert set(desk.column(file, "line_number")) == {4}


def test_bytes_that_are_no_text_are_kept_aside(desk: Desk) -> None:
    lines = [
        HEADER.encode(),
        DETAILS.encode(),
        day("\x00", rest="A,,caf\xe9,20240103020000").encode("latin-1"),  # 3: the reason's text is not looked at
        details(nmi="caf\xe9").encode("latin-1"),
        day(date="20240102").encode(),  # 5
        b"\xff\xfe\x00\x00",  # 6
        END.encode(),
    ]
    file = desk.read_bytes(b"\n".join(lines))
    assert rejects(file) == [
        (5, "the NMI or the suffix of its register is not UTF-8 text"),
        (6, "no record of NEM12 begins with '\ufffd\ufffd\ufffd\ufffd'"),
    ]
    assert desk.rows(file, "kwh, kwh_text")[:2] == [(None, "\ufffd"), (1.0, None)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"100,NEM13,200401101030,MDA1,Ret1\n250,x\n900\n", "holds accumulation readings (NEM13)"),
        (b"200,x\n", "line 1: a NEM12 file begins with 100,NEM12 and not with '200,x'"),
        (b"\n\n\x00\xff,NEM12\n", "line 3: a NEM12 file begins with 100,NEM12"),
        (b"x" * 300_000, "line 1: the line is longer than 65,536 bytes"),
        (b"", "has no line that is not empty"),
        (b"\r\n \n", "has no line that is not empty"),
        (b"100,NEM12\n900\n", "it has no interval record (300)"),
        (b"100,NEM12\n600\n", "it has no interval record (300); line 2: no record of NEM12 begins with '600'"),
    ],
)
def test_a_file_without_a_reading_is_refused_in_one_sentence(desk: Desk, content: bytes, sentence: str) -> None:
    with pytest.raises(UnusableInput) as caught:
        desk.read_bytes(content)
    assert sentence in str(caught.value)
    assert "days.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_of_rejects_only_tells_the_first_day(desk: Desk) -> None:
    message = desk.refusal(details("Q1", "kVArh"), day(), DETAILS, day(count=3), header="100,NEM12,never")
    assert message == f"days.csv holds no reading: of its first interval record, line 3, {REACTIVE}."


def test_a_long_line_is_not_held_in_memory(desk: Desk) -> None:
    path = desk.folder / "long.csv"
    with path.open("wb") as file:
        file.write(f"{HEADER}\n".encode())
        for _ in range(64):
            file.write(b"1," * 524_288)
        file.write(f"\n{DETAILS}\n{day()}\n{END}\n".encode())
    tracemalloc.start()
    try:
        read = nem12.read(desk.connection, path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rejects(read) == [(2, "the line is longer than 65,536 bytes")]
    # The line has 64 MiB.
    assert peak < 8 * 1024 * 1024


VALID = "\r\n".join([
    HEADER, DETAILS, day(0.5), details("E2", "Wh"), day(rest="V" + STAMPS), "400,1,20,F14,76,", "400,21,24,N,,",
    details("Q1", "kVArh"), day(), "500,O,S01009,20240101120000,1.5", END, "",
]).encode()  # fmt: skip
SPLICES = st.tuples(
    st.integers(0, len(VALID)),
    st.integers(0, 40),
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from([b",", b"\r", b"\n", b'"', b"\x00", b"900\n", b"100,NEM12\n", b"-", b"9"]),
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(splices=st.lists(SPLICES, min_size=1, max_size=6), kept=st.integers(0, len(VALID)), is_cut=st.booleans())
@example(splices=[(0, 0, b"")], kept=0, is_cut=True)
def test_damaged_bytes_give_readings_or_one_sentence(
    desk: Desk, splices: list[tuple[int, int, bytes]], kept: int, is_cut: bool
) -> None:
    content = VALID[:kept] if is_cut else VALID
    for position, length, inserted in splices:
        content = content[:position] + inserted + content[position + length :]
    try:
        file = desk.read_bytes(content)
    except UnusableInput as error:
        assert "\n" not in str(error)
        return
    lines = re.split(rb"\r\n|\r|\n", content)
    assert all(1 <= line <= len(lines) for line, _, _ in file.unreadable)
    ids = set(desk.column(file, "service_point_id"))
    assert None not in ids
    for kwh, label, line in desk.rows(file, "kwh, label_at, line_number"):
        assert kwh is None or isinstance(kwh, float)
        assert label is not None
        assert b"300" in lines[line - 1]


def test_what_the_undamaged_file_holds(desk: Desk) -> None:
    """So that the test above starts from a file that is right."""
    file = desk.read_bytes(VALID)
    assert rejects(file) == [(7, NULL_DATA), (9, REACTIVE)]
    assert desk.rows(file, "distinct on (register_id) register_id, kwh, source_flag") == [
        (None, 0.5, "A"),
        ("E2", 0.001, "F14"),
    ]
    assert len(desk.column(file, "kwh")) == 24 + 20


def example_content(name: str) -> bytes:
    """An example as it is, or the only member of a packed one."""
    path = real_data(f"raw/nem12/{name}")
    if path.suffix != ".zip":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        (member,) = archive.namelist()
        return archive.read(member)


def intervals_of_record(content: bytes, line_number: int) -> int:
    """Intervals that a 300 record ought to have by the length in the 200 record above it."""
    lines = content.decode().splitlines()
    assert lines[line_number - 1].startswith("300,")
    above = next(line for line in reversed(lines[: line_number - 1]) if line.startswith("200,"))
    return 1440 // int(above.split(",")[8])


EXAMPLES = [
    *(
        f"Example_NEM12_{name}.csv"
        for name in (
            "actual_interval", "different_interval_length", "month_solar", "multiple_meters", "multiple_quality",
            "no_scheduled_read", "partialchannel", "substituted_interval", "upper_case_units",
        )
    ),
    "Example_WesternPower.csv",
    *(f"NEM12#00000000000000{number}#CNRGYMDP#NEMMCO.zip" for number in range(1, 9)),
]  # fmt: skip
ONLY_REACTIVE = "NEM12#000000000000007#CNRGYMDP#NEMMCO.zip"


def facts(name: str) -> dict[str, str]:
    with real_data("raw/nem12/_facts.csv").open(encoding="utf-8", newline="") as file:
        (row,) = (row for row in csv.DictReader(file) if row["file"] == name)
    return row


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != ONLY_REACTIVE])
def test_every_interval_of_the_examples_has_a_fate(desk: Desk, name: str) -> None:
    content, fact = example_content(name), facts(name)
    file = desk.read_bytes(content)
    accepted = desk.column(file, "kwh")
    assert all(isinstance(kwh, float) for kwh in accepted)
    rejected = [intervals_of_record(content, line) for line, _, _ in file.unreadable]
    assert len(accepted) + sum(rejected) == int(fact["intervals"])
    assert len(set(desk.column(file, "line_number"))) + len(rejected) == int(fact["rec300"])
    assert all(re.search("is not energy|has no unit", reason) for _, reason in rejects(file))
    energy_suffixes = {suffix for suffix in fact["suffixes"].split() if suffix[0] in "EB"}
    if energy_suffixes == set(fact["suffixes"].split()):
        assert rejected == []
        assert sum(accepted) == pytest.approx(float(fact["sum_raw_units"]), abs=1e-6)
        assert fact["uom"].upper() == "KWH"


def test_every_example_is_tested() -> None:
    names = {path.name for path in real_data("raw/nem12").iterdir()}
    assert names == {
        *EXAMPLES,
        "Example_NEM13_consumption_data.csv",
        "Example_NEM13_forward_estimate.csv",
        "_facts.csv",
    }


@pytest.mark.parametrize(
    "name", ["Example_NEM13_consumption_data.csv", "Example_NEM13_forward_estimate.csv", ONLY_REACTIVE]
)
def test_examples_without_interval_energy_are_refused(desk: Desk, name: str) -> None:
    with pytest.raises(UnusableInput, match=r"accumulation readings \(NEM13\)|line 3, register K1 is in KVARH"):
        desk.read_bytes(example_content(name))


@pytest.mark.parametrize(
    ("name", "register_sums"),
    [
        # 10, 10, 100 and 20 Wh an interval, 96 intervals a day, two days.
        (
            "Example_NEM12_multiple_meters.csv",
            {
                ("NCDE001111", None, "delivered"): 1.92,
                ("NCDE001111", None, "received"): 1.92,
                ("NCDE001111", "E2", "delivered"): 19.2,
                ("NDDD001888", None, "received"): 3.84,
            },
        ),
        ("Example_NEM12_actual_interval.csv", {("VABD000163", None, "delivered"): 48 * 1.111}),
    ],
)
def test_registers_of_the_examples(desk: Desk, name: str, register_sums: dict[tuple, float]) -> None:
    file = desk.read_bytes(example_content(name))
    columns = "service_point_id, register_id, channel"
    rows = desk.connection.execute(f"select {columns}, sum(kwh) from ({file.relation}) group by all").fetchall()
    assert {row[:3]: pytest.approx(row[3]) for row in rows} == register_sums


def test_flags_of_the_examples_follow_their_events(desk: Desk) -> None:
    file = desk.read_bytes(example_content("Example_NEM12_multiple_quality.csv"))
    assert desk.column(file, "source_flag") == ["F14"] * 20 + ["A"] * 4 + ["S14"] * 24
    # 18.023 kWh is the first value, UpdateDateTime 20040418203500.
    assert desk.rows(file, "kwh, version")[0] == (18.023, microseconds(2004, 4, 18, 10, 35))
