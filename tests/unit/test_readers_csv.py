"""Long CSV as it comes: encodings, delimiters, packing, broken lines, and names that try to be SQL."""

import gzip
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from meter_files import HEADER, Desk, desk_in, fates


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as opened:
        yield opened


def unusable(desk: Desk, *paths: Path, **options) -> str:
    """The sentence on a file that cannot be used; nothing of it may be left."""
    (result,) = desk.load(*paths, **options)
    assert result.state == "unusable"
    assert "\n" not in result.message
    assert desk.rows("select count(*) from raw.readings") == [(0,)]
    assert desk.rows("select count(*) from raw.load_manifest") == [(0,)]
    assert desk.rows("select count(*) from raw.meters") == [(0,)]
    return result.message


GOOD = ("a,2024-01-01 00:00:00,0.5", "a,2024-01-01 01:00:00,0.25")
LOADED = [("a", "2024-01-01 00:00", 60, 0.5), ("a", "2024-01-01 01:00", 60, 0.25)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_and_line_ends_do_not_matter(desk: Desk, delimiter: str, end: str) -> None:
    lines = [line.replace(",", delimiter) for line in (HEADER, *GOOD)]
    desk.load(desk.csv(*lines[1:], header=lines[0], end=end))
    assert desk.readings() == LOADED


def test_byte_order_mark_blanks_quotes_and_a_missing_last_line_end(desk: Desk) -> None:
    path = desk.folder / "padded.csv"
    path.write_bytes(
        b"\xef\xbb\xbf"
        + b'"LCLid", tstp ,energy(kWh/hh)\na,2024-01-01 00:00:00.0000000," 0.5 "\n\ta ,2024-01-01T01:00, .25'
    )
    (result,) = desk.load(path)
    assert fates(result) == (2, 2, 0, 0, 0)
    assert desk.readings() == LOADED


@pytest.mark.parametrize("name", ["readings.csv", "readings.csv.gz", "readings"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_packing_is_told_by_content_not_by_name(desk: Desk, name: str, pack) -> None:
    path = desk.folder / name
    path.write_bytes(pack("\n".join((HEADER, *GOOD)).encode()))
    desk.load(path)
    assert desk.readings() == LOADED


@pytest.mark.parametrize("damage", ["cut half", "cut one byte", "flip a byte"])
def test_damaged_gzip_is_refused(desk: Desk, damage: str) -> None:
    values = random.Random(7)
    lines = [f"a{number},2024-01-01 00:00:00,{values.random()}" for number in range(20_000)]
    packed = bytearray(gzip.compress("\n".join((HEADER, *lines)).encode()))
    if damage == "flip a byte":
        packed[len(packed) // 2] ^= 0xFF
    else:
        del packed[len(packed) // 2 if damage == "cut half" else -1 :]
    path = desk.folder / "damaged.csv.gz"
    path.write_bytes(packed)
    assert "damaged or cut short" in unusable(desk, path)


def test_lines_that_cannot_be_read_are_rejected_with_line_and_reason(desk: Desk) -> None:
    path = desk.csv(
        "a,2024-01-01 00:00:00,0.5",  # 2
        "",
        "",
        "a,2024-01-01 01:00:00,Null",  # 5
        "a,2024-01-01 02:00:00",  # 6
        "a,2024-01-01 03:00:00,1,2",  # 7
        "",
        ",2024-01-01 04:00:00,1",  # 9
        "   ,2024-01-01 05:00:00,1",  # 10
        "a,,1",  # 11
        "a,2024-01-01 06:00:00,",  # 12
        "a,yesterday,1",  # 13
        "a,2024-01-01 07:00:00,nan",  # 14
        "a,2024-01-01 08:00:00,-inf",  # 15
        "a,2024-01-01 09:00:00,1e6",  # 16
        "a,2024-01-01 10:00:07,1",  # 17
        "a,1970-01-01 00:00:00,1",  # 18
        "a,2024-02-30 00:00:00,1",  # 19
        "a,2024-01-01 11:00:00Z,1",  # 20
        "a,2024-01-01 05:30 PM,1",  # 21
        '"a"b,2024-01-01 12:00:00,1',  # 22
        "a,2024-01-01 13:00:00,-0.25",  # 23, accepted: what a roof gives back
    )
    (result,) = desk.load(path)
    assert fates(result) == (19, 2, 0, 0, 17)
    outside = "the time label is outside 1990 to 2100"
    another = "the time label is written in another way than the first ones (offset, AM or PM)"
    assert desk.rejects() == [
        (5, "the energy value is not a number"),
        (6, "the line has fewer columns than the header"),
        (7, "the line has more columns than the header"),
        (9, "no service point id"),
        (10, "no service point id"),
        (11, "no time label"),
        (12, "no energy value"),
        (13, "the time label is not a time"),
        (14, "the energy value is not a number"),
        (15, "the energy value is not a number"),
        (16, "the energy value is beyond any meter"),
        (17, "off-grid time: the label is on no five-minute mark"),
        (18, outside),
        (19, "the time label is not a time"),
        (20, another),
        (21, another),
        (22, "a quotation mark stands in the wrong place"),
    ]
    assert [row[3] for row in desk.readings()] == [0.5, -0.25]
    assert desk.rows("select service_point_id, label, kwh from raw.rejected_readings where line_number = 13") == [
        ("a", "yesterday", "1")
    ]


def test_line_numbers_count_breaks_inside_quotes(desk: Desk) -> None:
    path = desk.csv('"a\nb",2024-01-01 00:00:00,1', "a,2024-01-01 00:00:00,1", "", "a,2024-01-01 01:00:00,none")
    (result,) = desk.load(path)
    assert fates(result) == (3, 2, 0, 0, 1)
    assert desk.rejects() == [(6, "the energy value is not a number")]


def test_line_numbers_hold_after_breaks_in_quotes_and_lines_that_cannot_be_read(desk: Desk) -> None:
    path = desk.csv(
        '"a\n\nb",2024-01-01 00:00:00,1',  # lines 2 to 4
        "broken",
        "",
        'x" y,2024-01-01 00:00:00,1',  # a quotation mark within a text opens nothing
        "a,2024-01-01 01:00:00,none",
        '"c"" d\n",broken',  # lines 9 and 10
        "a,2024-01-01 02:00:00,none",
    )
    (result,) = desk.load(path)
    assert fates(result) == (6, 2, 0, 0, 4)
    assert desk.rejects() == [
        (5, "the line has fewer columns than the header"),
        (8, "the energy value is not a number"),
        (9, "the line has fewer columns than the header"),
        (11, "the energy value is not a number"),
    ]


@pytest.mark.parametrize("rows_after", [3, 400_000])
def test_a_quotation_mark_that_stays_open_refuses_the_file(desk: Desk, rows_after: int) -> None:
    path = desk.csv(*GOOD, '"a,2024-01-01 02:00:00,1', *["a,2024-01-01 03:00:00,1"] * rows_after)
    assert "line 4: a quotation mark is opened and not closed" in unusable(desk, path)
    path = desk.csv('"a\n",2024-01-01 00:00:00,1', '"a,2024-01-01 02:00:00,1', *["a,2024-01-01 03:00:00,1"] * 3)
    assert "line 4: a quotation mark is opened and not closed" in unusable(desk, path)


def test_a_line_that_is_not_utf8_or_far_too_long_is_rejected(desk: Desk) -> None:
    path = desk.folder / "strange.csv"
    path.write_bytes(
        b"\n".join(
            (
                HEADER.encode(),
                GOOD[0].encode(),
                b"\xff\xfe,2024-01-01 00:00:00,1",
                b"a" * 5_000_000 + b",x,1",
                GOOD[1].encode(),
            )
        )
    )
    (result,) = desk.load(path)
    assert fates(result) == (4, 2, 0, 0, 2)
    assert desk.rejects() == [(3, "the line is not UTF-8 text"), (4, "the line is longer than 65,536 bytes")]
    assert desk.readings() == LOADED


def test_mixed_line_ends_are_refused_in_plain_words(desk: Desk) -> None:
    path = desk.folder / "mixed.csv"
    path.write_bytes(f"{HEADER}\n{GOOD[0]}\r\n{GOOD[1]}\n".encode())
    assert "mixes line ends" in unusable(desk, path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (HEADER.encode(), "has a header but no rows"),
        (b"\n\n", "expected a header"),
        (b"just text\nmore", "expected a header"),
        (b"a,a,b\n1,2,3\n", "column 'a' stands twice"),
        (b"kwh,KWH,timestamp,meter\n1,2,2024-01-01 00:00,m\n", "two columns of nearly the same name"),
        (b"meter,kwh,timestamp,datetime\nm,1,2024-01-01 00:00,2024-01-01 00:00\n", "several time columns"),
        (b"meter,kwh\nm,1\n", "no column for the time label"),
        (b"meter,timestamp\nm,2024-01-01 00:00\n", "no column for the energy in kWh"),
        (b"timestamp,kwh\n2024-01-01 00:00,1\n", "no column for the service point"),
        (b"meter,timestamp,kwh\nm,31/12/2024 00:00,1\n", "'31/12/2024 00:00' is not a time"),
        (b"meter,timestamp,kwh\nm,2024-01-01 00:00,x\nm,2024-01-01 01:00,y\n", "none of its 2 rows can be a reading"),
        (b"meter;timestamp;kwh\nm;2024-01-01 00:00;0,5\n", "the energy value is not a number"),
        (b"meter,timestamp,kwh\nm,1\nm,2\n", "none of its 2 rows"),
        ("meter,timestamp,kwh\n".encode("utf-16"), "is UTF-16 text"),
        ("Zähler,timestamp,kwh\n".encode("latin-1"), "the header is not UTF-8"),
        (b"\x00\x01\x02", "neither Parquet nor text"),
        (b"meter,timestamp,kwh\rm,2024-01-01 00:00,1\r", "lines end in CR alone"),
        (b'"meter,timestamp,kwh\nm,2024-01-01 00:00,1\n', "a quotation mark stays open"),
        (b",".join(b"c%d" % number for number in range(1_001)) + b"\n1\n", "has 1,001 columns"),
        (b"a" * 100_000, "the first line is longer"),
        (b"\x1f\x8b\x08", "cannot be unpacked"),
        (b"meter,timestamp,kwh\n" + b"\n".join(b"m,2024-01-%02d 00:00,1" % day for day in range(1, 29)), "hourly or finer"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_in_one_sentence(desk: Desk, content: bytes, sentence: str) -> None:
    path = desk.folder / "readings.csv"
    path.write_bytes(content)
    message = unusable(desk, path)
    assert sentence in message
    assert "readings.csv" in message


@pytest.mark.parametrize(
    "name",
    ["it's.csv", "with blank .csv", "a*.csv", "[ab].csv", "[.csv", "what?.csv", "kwh=7/a.csv", "~a.csv", "{a,b}.csv",
     "x');drop table raw.readings;--.csv", "ba\\ck.csv", "[bold]red.csv"],
)  # fmt: skip
def test_file_names_are_only_names(desk: Desk, name: str) -> None:
    desk.csv("b,2024-01-01 00:00:00,9", name="a1.csv")
    desk.csv("b,2024-01-01 00:00:00,9", name="a.csv")
    path = desk.csv(*GOOD, name=name)
    desk.load(path)
    assert desk.readings() == LOADED
    assert desk.rows("select file_name from raw.load_manifest") == [(path.name,)]


def test_a_link_that_leads_nowhere_is_told(desk: Desk) -> None:
    desk.csv(*GOOD, name="in/good.csv")
    link = desk.folder / "in" / "lost.csv"
    link.symlink_to(desk.folder / "moved.csv")
    for paths in ([link.parent], [link.parent / "*.csv"], [link.parent / "good.csv", link]):
        desk.empty()
        _, lost = desk.load(*paths)
        assert (lost.state, lost.message) == (
            "unusable",
            f"{link} is a link to a file that is not there. Put the file in its place, or remove the link.",
        )
        assert desk.readings() == LOADED


@pytest.mark.parametrize("name", ["b\\[1].csv", "b\\*.csv", "f\\g/a?.csv"])
def test_a_backslash_beside_a_letter_of_patterns_is_told(desk: Desk, name: str) -> None:
    told = unusable(desk, desk.csv(*GOOD, name=name))
    assert "a path with a backslash and one of *, ? and [ cannot be opened. Rename the file or its folder" in told


def test_a_file_name_that_is_no_text_is_refused(desk: Desk) -> None:
    path = desk.csv(*GOOD).rename(desk.folder / "caf\udce9.csv")
    assert "name is not UTF-8" in unusable(desk, path)


def test_column_names_are_only_names(desk: Desk) -> None:
    header = '"x\'); drop table raw.readings; --","time ""stamp""",kwh,,KWh2,kwh2'
    path = desk.csv("a,2024-01-01 00:00:00,0.5,,,", "a,2024-01-01 01:00:00,0.25,,,", header=header)
    columns = {"service_point_id": "x'); drop table raw.readings; --", "label": 'time "stamp"'}
    (result,) = desk.load(path, columns=columns)
    assert result.state == "loaded"
    assert desk.readings() == LOADED


@pytest.mark.parametrize(
    ("labels", "starts"),
    [
        (("2024-01-01 00:00:00Z", "2024-01-01T01:00:00Z"), ("00:00", "01:00")),
        (("2024-01-01 01:00:00+01:00", "2024-01-01 01:00:00 +0000"), ("00:00", "01:00")),
        (("2024-01-01 05:30+0530", "2024-01-01 02:00 UTC"), ("00:00", "02:00")),
    ],
)
def test_offsets_in_labels_fix_their_clock(desk: Desk, labels: tuple[str, str], starts: tuple[str, str]) -> None:
    (result,) = desk.load(desk.csv(*(f"a,{label},1" for label in labels), "a,2024-01-01 07:00:00,1"), clock=None)
    assert fates(result) == (3, 2, 0, 0, 1)
    assert [row[1] for row in desk.readings()] == [f"2024-01-01 {start}" for start in starts]
    assert desk.rejects()[0][1].startswith("the time label is written in another way")


def test_midnight_as_hour_24_or_as_a_date_alone(desk: Desk) -> None:
    desk.load(desk.csv("a,2024-01-01 23:00,1", "a,2024-01-01 24:00,2", "a,2024/01/03,3"), label="end")
    assert [row[1] for row in desk.readings()] == ["2024-01-01 22:00", "2024-01-01 23:00", "2024-01-02 23:00"]


@pytest.mark.parametrize(("text", "kwh"), [("0.1234567894", 0.123456789), ("1e-3", 0.001), ("+5.", 5), ("-0", 0)])
def test_energy_keeps_nine_decimals(desk: Desk, text: str, kwh: float) -> None:
    desk.load(desk.csv(f"a,2024-01-01 00:00:00,{text}"))
    assert desk.readings()[0][3] == kwh


def test_version_stamps_are_numbers_or_times_or_rejected(desk: Desk) -> None:
    path = desk.csv(
        "a,2024-01-01 00:00,1,2024-05-01 10:00:00", "a,2024-01-01 00:00,2,2024-05-02", "a,2024-01-01 01:00,3,7",
        "a,2024-01-01 01:00,4,8.0", "a,2024-01-01 02:00,5,8.5", "a,2024-01-01 02:00,6,second", "a,2024-01-01 02:00,7,",
        header="meter,timestamp,kwh,version",
    )  # fmt: skip
    (result,) = desk.load(path)
    assert fates(result) == (7, 3, 0, 2, 2)
    assert [row[3] for row in desk.readings()] == [2, 4, 7]
    assert desk.rejects() == [
        (6, "the version stamp is neither a whole number nor a time"),
        (7, "the version stamp is neither a whole number nor a time"),
    ]
