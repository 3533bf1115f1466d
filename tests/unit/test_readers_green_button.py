"""Green Button XML: real files, links in any order, what is no electric energy, and files that try to do harm."""

import csv
import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from conftest import real_data
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from peakwise.errors import UnusableInput
from peakwise.readers import ReadingFile, green_button, parsed_rows

FOLDER = "raw/greenbutton"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
POINT, SERIES = "Customer/9/UsagePoint/01", "Customer/9/UsagePoint/01/MeterReading/01"
UUID = "4217A3D3-60E0-46CD-A5AF-2A2D091F397E"
UPDATED = "2012-10-24T00:00:00Z"
# Hand-made: 2012-10-24 00:00 UTC is 15,637 days after 1970-01-01.
UPDATED_VERSION = 15_637 * 86_400 * 1_000_000
# 2024-01-01 00:00 UTC: 54 years with 13 leap days, 19,723 days.
START = 19_723 * 86_400
STEPS = "Peakwise needs 5, 10, 15, 20, 30 or 60 minutes"


def entry(entry_id: str | None, links: dict[str, str | Iterable[str]], content: str, updated: str = UPDATED) -> str:
    """One entry; the links stand before the content and the stamps after it, as in real files."""
    lines = ["<entry>"]
    if entry_id:
        lines.append(f"<id>{entry_id}</id>")
    for relation, hrefs in links.items():
        lines += [f'<link rel="{relation}" href="{href}"/>' for href in ([hrefs] if isinstance(hrefs, str) else hrefs)]
    stamp = f"<updated>{updated}</updated>" if updated else ""
    return "\n".join([*lines, f"<content>{content}</content>", stamp, "</entry>"])


def usage_point(link: str = POINT, entry_id: str | None = f"urn:uuid:{UUID}", kind: str | None = "0") -> str:
    service = f"<ServiceCategory><kind>{kind}</kind></ServiceCategory>" if kind is not None else ""
    links = {"self": link, "up": link.rpartition("/")[0], "related": f"{link}/MeterReading"}
    return entry(entry_id, links, f'<UsagePoint xmlns="http://naesb.org/espi">{service}</UsagePoint>')


def meter_reading(link: str = SERIES, types: Iterable[str] = ("ReadingType/07",), entry_id: str = "") -> str:
    links = {"self": link, "up": link.rpartition("/")[0], "related": [f"{link}/IntervalBlock", *types]}
    return entry(entry_id or f"urn:uuid:series-{link}", links, '<MeterReading xmlns="http://naesb.org/espi"/>')


def reading_type(link: str = "ReadingType/07", **changes: str | None) -> str:
    texts = {
        "accumulationBehaviour": "4", "commodity": "1", "dataQualifier": "12", "flowDirection": "1", "intervalLength": "3600",
        "kind": "12", "powerOfTenMultiplier": "0", "uom": "72",
    } | changes  # fmt: skip
    content = "".join(f"<{name}>{text}</{name}>" for name, text in texts.items() if text is not None)
    content = f'<ReadingType xmlns="http://naesb.org/espi">{content}</ReadingType>'
    return entry(f"urn:uuid:type-{link}", {"self": link, "up": link.rpartition("/")[0]}, content)


def reading(start: int | str | None, duration: int | str | None, value: int | str | None, *qualities: str) -> str:
    """One reading on one line."""
    period = "".join(
        f"<{name}>{text}</{name}>" for name, text in (("duration", duration), ("start", start)) if text is not None
    )
    quality = "".join(f"<ReadingQuality><quality>{code}</quality></ReadingQuality>" for code in qualities)
    energy = f"<value>{value}</value>" if value is not None else ""
    return f"<IntervalReading><cost>7</cost>{quality}<timePeriod>{period}</timePeriod>{energy}</IntervalReading>"


def hours(*values: int, start: int = START, step: int = 3_600) -> list[str]:
    return [reading(start + step * number, step, value) for number, value in enumerate(values)]


def block(*readings: str, series: str = SERIES, number: str = "173", updated: str = UPDATED) -> str:
    interval = f"<interval><duration>86400</duration><start>{START}</start></interval>"
    links = {"self": f"{series}/IntervalBlock/{number}", "up": f"{series}/IntervalBlock"}
    body = "\n".join([interval, *readings])
    content = f'<IntervalBlock xmlns="http://naesb.org/espi">{body}</IntervalBlock>'
    return entry(f"urn:uuid:block-{number}", links, content, updated)


def content_of(text: str) -> str:
    return text.partition("<content>")[2].partition("</content>")[0]


def feed(*entries: str) -> bytes:
    return (HEAD + "\n".join(entries) + "\n</feed>\n").encode()


def plain_feed(*readings: str, **changes: str | None) -> bytes:
    return feed(usage_point(), meter_reading(), reading_type(**changes), block(*readings))


class Reader:
    """Reads bytes as a file and asks what came of them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.connection = connection
        self.path = folder / "feed.xml"

    def read(self, content: bytes) -> ReadingFile:
        self.path.write_bytes(content)
        return green_button.read(self.connection, self.path)

    def rows(self, file: ReadingFile, columns: str) -> list[tuple]:
        return self.connection.execute(f"select {columns} from ({file.relation}) order by row_number").fetchall()

    def columns(self, content: bytes, columns: str) -> list[tuple]:
        """Columns of a file of which every reading is taken."""
        file = self.read(content)
        assert file.unreadable == []
        return self.rows(file, columns)

    def rejects(self, content: bytes) -> list[tuple[int, str]]:
        return [(line, reason) for line, reason, _ in self.read(content).unreadable]

    def unusable(self, content: bytes) -> str:
        with pytest.raises(UnusableInput) as caught:
            self.read(content)
        message = str(caught.value)
        assert message.startswith("feed.xml")
        assert "\n" not in message
        return message


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with duckdb.connect() as connection:
        yield Reader(connection, tmp_path)


def line_of(content: bytes, text: str) -> int:
    """The only line on which a text stands."""
    (number,) = [number for number, line in enumerate(content.decode().split("\n"), 1) if text in line]
    return number


FINE_FILES = {
    "Coastal_Multi_Family_Daily_Jan_1_2011_to_Jan_1_2012_RetailCustomer_4.xml": 60,
    "Coastal_Multi_Family_Jan_1_2011_to_Jan_1_2012_RetailCustomer_5.xml": 60,
    "TestGBDataHourlyNineDaysBinnedDaily.xml": 60,
    "cew821_sample_greenbutton_data.xml": 60,
    "openespi_15minLP_15Days.xml": 15,
    "openespi_1hrLP_32Days.xml": 60,
}
COARSE_FILES = {
    "TestGBDataOneYearDailyBinnedMonthly.xml": {"86,400": 441, "82,800": 2, "90,000": 1},
    "openespi_1dayLP_45Days.xml": {"86,400": 44, "82,800": 1},
    "openespi_Electric.xml": {"2,592,000": 1, "950,400": 1},
}
OTHER_FILES = {"openespi_Gas.xml": ("13", "natural gas"), "openespi_Water.xml": ("2", "water")}


def facts(name: str) -> dict[str, str]:
    with real_data(f"{FOLDER}/_facts.csv").open(encoding="utf-8") as file:
        (found,) = [row for row in csv.DictReader(file) if row["file"] == name]
    return found


def test_every_real_file_is_tested() -> None:
    folder = real_data(FOLDER)
    assert {path.name for path in folder.glob("*.xml")} == {*FINE_FILES, *COARSE_FILES, *OTHER_FILES}


@pytest.mark.parametrize("name", FINE_FILES)
def test_real_files_give_all_their_readings(reader: Reader, name: str) -> None:
    path, known = real_data(f"{FOLDER}/{name}"), facts(name)
    assert green_button.looks_like(path.read_bytes()[:8192])
    file = green_button.read(reader.connection, path)
    assert (file.file_format, file.label, file.label_time_zone, file.unreadable) == ("green_button", "start", "UTC", [])
    ((count, distinct, watt_hours, first, last),) = reader.connection.execute(f"""
        select
            count(*), count(distinct label_at), sum(kwh::decimal(18, 9)) * 1000,
            strftime(min(label_at), '%Y-%m-%dT%H:%MZ'), strftime(max(label_at), '%Y-%m-%dT%H:%MZ')
        from ({file.relation})
    """).fetchall()
    assert (count, distinct) == (int(known["interval_readings"]), count)
    assert watt_hours == int(known["sum_value"])
    assert (first, last) == (known["first_utc"], known["last_utc"])
    assert set(reader.rows(file, "interval_minutes, channel, register_id")) == {(FINE_FILES[name], "delivered", None)}


@pytest.mark.parametrize("name", COARSE_FILES)
def test_real_files_of_days_and_months_give_none(reader: Reader, name: str) -> None:
    file = green_button.read(reader.connection, real_data(f"{FOLDER}/{name}"))
    assert reader.rows(file, "label_at") == []
    assert len(file.unreadable) == int(facts(name)["interval_readings"])
    reasons = [reason for _, reason, _ in file.unreadable]
    expected = {f"the interval is {seconds} s long; {STEPS}": count for seconds, count in COARSE_FILES[name].items()}
    assert {reason: reasons.count(reason) for reason in reasons} == expected


@pytest.mark.parametrize("name", OTHER_FILES)
def test_real_files_of_gas_and_water_are_refused(reader: Reader, name: str) -> None:
    count, what = OTHER_FILES[name]
    assert count == facts(name)["interval_readings"]
    with pytest.raises(
        UnusableInput, match=f"none of its {count} readings is electric energy.*is {what}, not electric"
    ):
        green_button.read(reader.connection, real_data(f"{FOLDER}/{name}"))


def test_lines_of_a_real_file_are_those_of_its_readings(reader: Reader) -> None:
    path = real_data(f"{FOLDER}/cew821_sample_greenbutton_data.xml")
    lines = path.read_text(encoding="utf-8").split("\n")
    numbers = [number for (number,) in reader.rows(green_button.read(reader.connection, path), "line_number")]
    assert numbers == [number for number, line in enumerate(lines, 1) if "<IntervalReading>" in line]


@pytest.mark.parametrize(
    "head",
    [
        b"<feed",
        b"<?xml version",
        b"\xef\xbb\xbf<?xml",
        b" \r\n\t<!-- " + b"=" * 9000,
        b"\xef\xbb\xbf\n<feed",
        b"<html>",
    ],
)
def test_any_xml_may_be_green_button(head: bytes) -> None:
    assert green_button.looks_like(head)


@pytest.mark.parametrize(
    "head", [b"", b" \n", b"\xef\xbb\xbf", b"LCLid,tstp", b"PAR1", b"100,200", b"\x1f\x8b<", b"a <feed>"]
)
def test_what_does_not_start_like_xml_is_not_green_button(head: bytes) -> None:
    assert not green_button.looks_like(head)


def test_one_reading_has_all_columns(reader: Reader) -> None:
    content = plain_feed(reading(START, 1_800, 1_234, "8"))
    assert reader.columns(content, "* exclude (row_number)") == [
        (UUID.lower(), None, "delivered", datetime(2024, 1, 1), 30, 1.234, UPDATED_VERSION, "8",
         line_of(content, "<value>1234</value>"), None, None, None)
    ]  # fmt: skip


ENTRIES = (
    usage_point(),
    usage_point("Customer/9/UsagePoint/02", "urn:uuid:second"),
    meter_reading(),
    meter_reading("Customer/9/UsagePoint/02/MeterReading/01", ("ReadingType/08",)),
    reading_type(),
    reading_type("ReadingType/08", flowDirection="19", powerOfTenMultiplier="3"),
    block(*hours(100, 200)),
    block(*hours(3, 4), series="Customer/9/UsagePoint/02/MeterReading/01", number="1"),
    block(*hours(500, start=START + 7_200), number="174"),
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(ENTRIES))
@example(ENTRIES[::-1])
def test_entries_may_come_in_any_order(reader: Reader, entries: list[str]) -> None:
    rows = reader.columns(feed(*entries), "service_point_id, channel, hour(label_at), kwh")
    assert sorted(rows) == [
        (UUID.lower(), "delivered", 0, 0.1),
        (UUID.lower(), "delivered", 1, 0.2),
        (UUID.lower(), "delivered", 2, 0.5),
        ("second", "received", 0, 3.0),
        ("second", "received", 1, 4.0),
    ]


def test_links_may_be_whole_in_one_place_and_partial_in_another(reader: Reader) -> None:
    blocks = block(*hours(1), series=f"http://other.example:8080/{SERIES}")
    content = feed(
        usage_point(f"https://utility.example/{POINT}"),
        meter_reading(f"/{SERIES}"),
        reading_type("ReadingType/07/"),
        blocks,
    )
    assert reader.columns(content, "kwh") == [(0.001,)]


def test_links_that_say_nothing_by_their_words_are_followed(reader: Reader) -> None:
    """A meter reading that lists each of its blocks, a usage point that lists the meter reading itself."""
    content = feed(
        entry("one", {"self": "b1", "up": "all"}, content_of(block(*hours(1)))),
        entry("two", {"self": "b2"}, content_of(block(*hours(2, start=START + 3_600)))),
        entry("t", {"self": "t", "up": "all"}, content_of(reading_type())),
        entry("m", {"self": "m", "up": "all", "related": ["b1", "b2", "t"]}, content_of(meter_reading())),
        entry("p", {"self": "p", "related": "m"}, content_of(usage_point())),
    )
    assert reader.columns(content, "service_point_id, kwh") == [("p", 0.001), ("p", 0.002)]


def test_several_blocks_in_one_entry_are_all_read(reader: Reader) -> None:
    two = block(
        *hours(1), "</IntervalBlock><IntervalBlock xmlns='http://naesb.org/espi'>", *hours(2, start=START + 3_600)
    )
    assert reader.columns(feed(usage_point(), meter_reading(), reading_type(), two), "kwh") == [(0.001,), (0.002,)]


def test_prefixes_comments_references_and_cdata_are_xml_like_any_other(reader: Reader) -> None:
    period = f"<duration><![CDATA[36]]>00</duration><start>\n {START} <!-- 2024 -->\n</start>"
    value = "<value>1<!-- a -->2&#51;</value>"
    content = plain_feed(f"<IntervalReading><timePeriod>{period}</timePeriod>{value}</IntervalReading>")
    prefixed = content.decode().replace("<IntervalReading>", "<e:IntervalReading xmlns:e='http://naesb.org/espi'>")
    prefixed = prefixed.replace("</IntervalReading>", "</e:IntervalReading>")
    assert reader.columns(content, "kwh") == reader.columns(prefixed.encode(), "kwh") == [(0.123,)]


def test_elements_of_another_vocabulary_are_passed_over(reader: Reader) -> None:
    other = '<other xmlns="http://example.org"><value>9</value><timePeriod><start>1</start></timePeriod></other>'
    content = plain_feed(reading(START, 3_600, f"1</value>{other}<value/>").replace("<value/></value>", ""))
    assert reader.columns(content, "kwh") == [(0.001,)]


@pytest.mark.parametrize("namespace", ["http://example.org/espi", ""])
def test_readings_of_an_unknown_namespace_are_not_passed_over(reader: Reader, namespace: str) -> None:
    strange = block(*hours(2), number="2").replace("http://naesb.org/espi", namespace)
    content = feed(usage_point(), meter_reading(), reading_type(), block(*hours(1)), strange)
    assert f"it has an IntervalReading in the namespace '{namespace}'; Green Button has" in reader.unusable(content)


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8-sig", "UTF-8"), ("latin-1", "ISO-8859-1"), ("cp1252", "windows-1252"), ("utf-16", "UTF-16")],
)
def test_usual_encodings_are_read(reader: Reader, encoding: str, declared: str) -> None:
    text = feed(usage_point(entry_id="Café"), meter_reading(), reading_type(), block(*hours(1))).decode()
    content = text.replace('encoding="UTF-8"', f'encoding="{declared}"').encode(encoding)
    assert reader.columns(content, "service_point_id, kwh") == [("Café", 0.001)]


@pytest.mark.parametrize("encoding", ["utf-7", "rot13", "zip", "idna", "unicode_escape", "shift_jis", "no-such-thing"])
def test_other_encodings_are_refused(reader: Reader, encoding: str) -> None:
    content = plain_feed(*hours(1)).replace(b'encoding="UTF-8"', f'encoding="{encoding}"'.encode())
    assert "the encoding '" in reader.unusable(content)


def test_bytes_of_another_encoding_than_declared_are_refused(reader: Reader) -> None:
    content = (
        feed(usage_point(entry_id="Café"), meter_reading(), reading_type(), block(*hours(1))).decode().encode("latin-1")
    )
    assert f"line {line_of(feed(usage_point(entry_id='Café')), 'Café')}: the XML is damaged" in reader.unusable(content)


@pytest.mark.parametrize(
    ("value", "power", "kwh"),
    [("1197", "0", 1.197), ("3", "-1", 0.0003), ("7", "3", 7.0), ("-250", None, -0.25), ("0", "2", 0.0), ("1.5", "0", 0.0015),
     ("123456789", "-3", 123.456789), ("10", "1", 0.1), ("20", "1", 0.2), ("30", "1", 0.3), ("+4", "0", 0.004)],
)  # fmt: skip
def test_values_are_exact(reader: Reader, value: str, power: str | None, kwh: float) -> None:
    assert reader.columns(plain_feed(reading(START, 3_600, value), powerOfTenMultiplier=power), "kwh") == [(kwh,)]


@pytest.mark.parametrize(
    ("direction", "channel"), [("1", "delivered"), ("19", "received"), ("4", "delivered"), ("0", None), (None, None)]
)
def test_the_flow_direction_tells_the_channel(reader: Reader, direction: str | None, channel: str | None) -> None:
    assert reader.columns(plain_feed(*hours(-5), flowDirection=direction), "channel, kwh") == [(channel, -0.005)]


@pytest.mark.parametrize("field", ["accumulationBehaviour", "commodity", "dataQualifier", "intervalLength", "kind"])
def test_what_a_reading_type_leaves_out_is_taken_as_usual(reader: Reader, field: str) -> None:
    assert reader.columns(plain_feed(*hours(5), **{field: None}), "kwh") == [(0.005,)]


REFUSED_TYPES = [
    ({"uom": "38"}, "the unit is W (power), not Wh (uom 38)"),
    ({"uom": "38", "dataQualifier": "2", "kind": "37"}, "the unit is W (power), not Wh (uom 38)"),
    ({"uom": "169"}, "the unit is therms, not Wh (uom 169)"),
    ({"uom": "132"}, "the unit is British thermal units, not Wh (uom 132)"),
    ({"uom": "119"}, "the unit is cubic feet, not Wh (uom 119)"),
    ({"uom": "42"}, "the unit is cubic metres, not Wh (uom 42)"),
    ({"uom": "128"}, "the unit is US gallons, not Wh (uom 128)"),
    ({"uom": "63"}, "the unit is var, not Wh (uom 63)"),
    ({"uom": "73"}, "the unit is varh, not Wh (uom 73)"),
    ({"uom": "999"}, "the unit is of an unknown code, not Wh (uom 999)"),
    ({"uom": " 7\n 2 "}, "the unit is of an unknown code, not Wh (uom 7 2)"),
    ({"uom": None}, "the reading type names no unit (uom)"),
    ({"commodity": "7"}, "the readings are of natural gas, not electricity (commodity 7)"),
    ({"accumulationBehaviour": "1"}, "the readings are a bulk quantity, not per interval (accumulationBehaviour 1)"),
    ({"accumulationBehaviour": "3"}, "the readings are cumulative, not per interval (accumulationBehaviour 3)"),
    ({"kind": "8"}, "the readings are not the energy of their intervals (kind 8)"),
    ({"dataQualifier": "8"}, "the readings are not the energy of their intervals (dataQualifier 8)"),
    ({"flowDirection": "20"}, "the flow direction is neither forward, reverse nor net (flowDirection 20)"),
    ({"powerOfTenMultiplier": "3.5"}, "the power of ten is none (powerOfTenMultiplier 3.5)"),
    ({"powerOfTenMultiplier": "99"}, "the power of ten is none (powerOfTenMultiplier 99)"),
]


@pytest.mark.parametrize(("changes", "reason"), REFUSED_TYPES)
def test_what_is_no_interval_energy_is_refused_with_the_reason(reader: Reader, changes: dict, reason: str) -> None:
    alone = reader.unusable(plain_feed(*hours(1, 2), **changes))
    assert alone == f"feed.xml: none of its 2 readings is electric energy of an interval; of the first one, {reason}."
    other = SERIES.replace("Reading/01", "Reading/02")
    content = feed(
        usage_point(),
        meter_reading(),
        meter_reading(other, ("ReadingType/08",)),
        reading_type(),
        reading_type("ReadingType/08", **changes),
        block(*hours(10, 20)),
        block(*hours(33, 44), series=other, number="1"),
    )
    file = reader.read(content)
    assert reader.rows(file, "register_id, kwh") == [(None, 0.01), (None, 0.02)]
    assert file.unreadable == [
        (line_of(content, "<value>33<"), reason, f"duration 3600, start {START}, value 33"),
        (line_of(content, "<value>44<"), reason, f"duration 3600, start {START + 3_600}, value 44"),
    ]


def test_a_gas_meter_that_claims_watt_hours_stays_gas(reader: Reader) -> None:
    content = feed(usage_point(kind="1"), meter_reading(), reading_type(), block(*hours(1)))
    assert "the usage point is natural gas, not electricity (ServiceCategory kind 1)" in reader.unusable(content)


def test_a_usage_point_without_a_service_category_may_be_electricity(reader: Reader) -> None:
    content = feed(usage_point(kind=None), meter_reading(), reading_type(), block(*hours(1)))
    assert reader.columns(content, "kwh") == [(0.001,)]


def test_missing_and_doubtful_relations_are_refused(reader: Reader) -> None:
    good = (usage_point(), meter_reading(), reading_type(), block(*hours(1)))
    twice = usage_point(entry_id="urn:uuid:another"), *good
    cases = {
        "no UsagePoint entry is linked with the meter reading": good[1:],
        "no MeterReading entry is linked with the interval block": (good[0], *good[2:]),
        "linked with no ReadingType: its unit is unknown": (*good[:2], good[3]),
        "linked with more than one ReadingType": (*good, reading_type(uom="73")),
        "two UsagePoint entries have the same link": twice,
        "two MeterReading entries have the same link": (*good, meter_reading(entry_id="urn:uuid:another")),
    }
    for reason, entries in cases.items():
        if "more than one" in reason:
            entries = [one.replace("type-ReadingType/07", f"type-{number}") for number, one in enumerate(entries)]
        assert reason in reader.unusable(feed(*entries))


def test_an_entry_that_stands_twice_is_one(reader: Reader) -> None:
    entries = (usage_point(), meter_reading(), reading_type())
    assert reader.columns(feed(*entries, *entries, block(*hours(1))), "kwh") == [(0.001,)]


@pytest.mark.parametrize(
    ("entry_id", "service_point"),
    [(f"urn:uuid:{UUID}", UUID.lower()), ("urn:uuid:A", "a"), (" tag:x,1:B ", "tag:x,1:B"), (None, POINT), ("", POINT)],
)
def test_the_service_point_is_the_id_of_the_usage_point(
    reader: Reader, entry_id: str | None, service_point: str
) -> None:
    content = feed(usage_point(entry_id=entry_id), meter_reading(), reading_type(), block(*hours(1)))
    assert reader.columns(content, "service_point_id") == [(service_point,)]


@pytest.mark.parametrize(
    ("updated", "version"),
    [("2012-10-24T00:00:00Z", UPDATED_VERSION), ("2012-10-24T02:00:00+02:00", UPDATED_VERSION), ("", None),
     ("2012-10-24T00:00:00", UPDATED_VERSION), ("2012-10-24T00:00:00.25Z", UPDATED_VERSION + 250_000)],
)  # fmt: skip
def test_the_version_is_the_stamp_of_the_entry(reader: Reader, updated: str, version: int | None) -> None:
    content = feed(usage_point(), meter_reading(), reading_type(), block(*hours(1), updated=updated))
    assert reader.columns(content, "version") == [(version,)]
    published = content.replace(b"updated>", b"published>")
    assert reader.columns(published, "version") == [(version,)]


def test_a_stamp_that_is_no_time_rejects_the_readings_of_its_entry(reader: Reader) -> None:
    later = block(*hours(2, start=START + 3_600), number="2")
    content = feed(usage_point(), meter_reading(), reading_type(), block(*hours(1), updated="yesterday"), later)
    assert reader.rejects(content) == [
        (line_of(content, "<value>1<"), "the entry's time stamp (updated, else published) is not a time")
    ]


@pytest.mark.parametrize(
    ("qualities", "default", "flag"),
    [((), None, None), (("8",), None, "8"), (("0",), None, "0"), (("0", "8", "9"), None, "8"), (("17", "0"), None, "17"),
     ((), "14", "14"), (("0",), "14", "0")],
)  # fmt: skip
def test_the_source_flag_is_the_first_bad_quality(
    reader: Reader, qualities, default: str | None, flag: str | None
) -> None:
    content = plain_feed(reading(START, 3_600, 1, *qualities), defaultQuality=default)
    assert reader.columns(content, "source_flag") == [(flag,)]


@pytest.mark.parametrize("minutes", [5, 10, 15, 20, 30, 60])
def test_every_step_of_the_warehouse_is_read(reader: Reader, minutes: int) -> None:
    told = plain_feed(reading(START, minutes * 60, 1))
    assumed = plain_feed(reading(START, None, 1), intervalLength=str(minutes * 60))
    assert reader.columns(told, "interval_minutes") == reader.columns(assumed, "interval_minutes") == [(minutes,)]


def test_readings_that_cannot_be_read_are_kept_aside_with_their_lines(reader: Reader) -> None:
    not_seconds = "the duration is not a whole number of seconds"
    cases = [
        (reading(START, 86_400, "900"), f"the interval is 86,400 s long; {STEPS}"),
        (reading(START, 60, "901"), f"the interval is 60 s long; {STEPS}"),
        (reading(START, -900, "902"), f"the interval is -900 s long; {STEPS}"),
        (reading(START, "PT1H", "903"), not_seconds),
        (reading(START, "3600 3600", "904"), not_seconds),
        (reading(None, 3_600, "905"), "the reading has no start"),
        (reading("2024-01-01T00:00:00Z", 3_600, "906"), "the start is not a time"),
        (reading("999999999999", 3_600, "907"), "the start is not a time"),
        (reading("1" * 200, 3_600, "908"), "the start is not a time"),
        (reading("", 3_600, "909"), "the reading has no start"),
        (reading("١٢٣", 3_600, "910"), "the start is not a time"),
    ]
    content = plain_feed(*hours(1), *(text for text, _ in cases), *hours(2, start=START + 3_600))
    file = reader.read(content)
    assert reader.rows(file, "kwh") == [(0.001,), (0.002,)]
    expected = [(line_of(content, f"<value>{900 + number}<"), reason) for number, (_, reason) in enumerate(cases)]
    assert [(line, reason) for line, reason, _ in file.unreadable] == expected
    without = plain_feed(*hours(1), reading(START, None, 900), intervalLength=None)
    assert [reason for _, reason in reader.rejects(without)] == ["the reading has no duration"]


@pytest.mark.parametrize("value", ["nan", "inf", "1e3", "0x10", "1_000", "1,5", "5 6", "9" * 40, "٣", "--1", "."])
def test_a_value_that_is_no_number_is_left_to_the_loader_with_its_text(reader: Reader, value: str) -> None:
    content = plain_feed(reading(START, 3_600, value), reading(START + 3_600, 3_600, None))
    assert reader.columns(content, "kwh, kwh_text") == [(None, value), (None, None)]


def test_two_values_in_one_reading_are_no_number(reader: Reader) -> None:
    content = plain_feed(reading(START, 3_600, "5</value><value>6"))
    assert reader.columns(content, "kwh, kwh_text") == [(None, "5 6")]


def test_a_value_with_an_element_within_is_none(reader: Reader) -> None:
    padding = "<!-- --> " * 400
    content = plain_feed(reading(START, 3_600, f"5<x/>6{padding}"), reading(START + 3_600, 3_600, "7"))
    assert reader.columns(content, "kwh") == [(None,), (0.007,)]


@pytest.mark.parametrize("count", [23, 25])
def test_days_of_a_clock_change_have_all_their_hours(reader: Reader, count: int) -> None:
    """A block of 82,800 or 90,000 s; the readings go by UTC and do not care."""
    day = block(*hours(*range(1, count + 1))).replace("<duration>86400<", f"<duration>{count * 3_600}<")
    rows = reader.columns(
        feed(usage_point(), meter_reading(), reading_type(), day), "(epoch(label_at)::bigint - 1704067200) // 3600, kwh"
    )
    assert rows == [(number, (number + 1) / 1_000) for number in range(count)]


def two_series(first: dict, second: dict, first_readings: list[str], second_readings: list[str]) -> bytes:
    """One usage point with two meter readings; the first in the file comes last by id."""
    one, two = f"{POINT}/MeterReading/01", f"{POINT}/MeterReading/02"
    return feed(
        usage_point(),
        meter_reading(one, ("ReadingType/07",), "urn:uuid:Z"),
        meter_reading(two, ("ReadingType/08",), "urn:uuid:B"),
        reading_type(**first),
        reading_type("ReadingType/08", **second),
        block(*first_readings, series=one, number="1"),
        block(*second_readings, series=two, number="2"),
    )


def test_delivered_and_received_stand_side_by_side(reader: Reader) -> None:
    content = two_series({}, {"flowDirection": "19"}, hours(1), hours(2))
    assert reader.columns(content, "channel, register_id, kwh") == [
        ("delivered", None, 0.001),
        ("received", None, 0.002),
    ]


def test_two_series_of_the_same_step_are_two_registers(reader: Reader) -> None:
    assert reader.columns(two_series({}, {}, hours(1), hours(2)), "register_id, kwh") == [("z", 0.001), (None, 0.002)]


def test_no_direction_and_forward_count_as_the_same_direction(reader: Reader) -> None:
    content = two_series({"flowDirection": None}, {}, hours(1), hours(2))
    assert reader.columns(content, "channel, register_id") == [(None, "z"), ("delivered", None)]


def test_the_same_energy_in_a_coarser_step_does_not_count_twice(reader: Reader) -> None:
    content = two_series({"intervalLength": "900"}, {}, hours(1, 2, 3, 4, step=900), hours(10))
    file = reader.read(content)
    assert reader.rows(file, "register_id, interval_minutes, kwh") == [
        (None, 15, number / 1_000) for number in (1, 2, 3, 4)
    ]
    ((line, reason, _),) = file.unreadable
    assert line == line_of(content, "<value>10<")
    assert reason == "the usage point has the same direction in a finer step, too: the energy would count twice"


def test_a_meter_that_changes_its_step_stays_one_register(reader: Reader) -> None:
    content = two_series({"intervalLength": "900"}, {}, hours(1, step=900, start=START + 86_400), hours(10))
    assert reader.columns(content, "register_id, interval_minutes") == [(None, 15), (None, 60)]


def test_a_series_without_readings_takes_no_place(reader: Reader) -> None:
    content = two_series({}, {"intervalLength": "900"}, hours(1), [])
    assert reader.columns(content, "register_id, kwh") == [(None, 0.001)]


def test_a_step_the_warehouse_does_not_keep_takes_no_energy_away(reader: Reader) -> None:
    content = two_series({"intervalLength": "60"}, {"intervalLength": "900"}, hours(1, step=60), hours(2, step=900))
    file = reader.read(content)
    assert reader.rows(file, "register_id, interval_minutes, kwh") == [(None, 15, 0.002)]
    assert [reason for _, reason, _ in file.unreadable] == [f"the interval is 60 s long; {STEPS}"]


@pytest.mark.parametrize("direction", ["1", "19", None])
def test_net_energy_beside_a_direction_is_refused(reader: Reader, direction: str | None) -> None:
    content = two_series({"flowDirection": "4"}, {"flowDirection": direction}, hours(-7), hours(2))
    file = reader.read(content)
    assert reader.rows(file, "kwh") == [(0.002,)]
    ((line, reason, _),) = file.unreadable
    assert line == line_of(content, "<value>-7<")
    assert reason == "net energy of a usage point that has delivered or received energy, too: it would count twice"


def test_a_document_type_is_refused_whatever_it_declares(reader: Reader) -> None:
    laughs = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 12))
    declarations = {
        "bomb": f'<!DOCTYPE feed [<!ENTITY l0 "ha">{laughs}]>',
        "outside": f'<!DOCTYPE feed [<!ENTITY l11 SYSTEM "file://{reader.path}">]>',
        "parameter": f'<!DOCTYPE feed [<!ENTITY % p SYSTEM "file://{reader.path}"> %p;]>',
        "schema": '<!DOCTYPE feed SYSTEM "http://example.org/feed.dtd">',
        "plain": "<!DOCTYPE feed>",
    }
    content = plain_feed(*hours(1)).decode()
    for declaration in declarations.values():
        harmful = content.replace("\n<feed", f"\n{declaration}\n<feed").replace("<value>1<", "<value>&l11;<")
        message = reader.unusable(harmful.encode())
        assert message == (
            "feed.xml, line 2: it declares a document type; a Green Button file has none, and entities are not read."
        )


def test_an_undeclared_entity_is_damage(reader: Reader) -> None:
    content = plain_feed(*hours("&kwh;"))
    assert f"line {line_of(content, '&kwh;')}: the XML is damaged or cut short (undefined entity)" in reader.unusable(
        content
    )


def test_elements_may_be_64_deep_and_not_deeper(reader: Reader) -> None:
    for depth, is_fine in ((64, True), (65, False), (100_000, False)):
        # A reading stands at depth 5, below feed, entry, content and block.
        deep = "<deep>" * (depth - 4) + "</deep>" * (depth - 4)
        content = plain_feed(*hours(1), deep)
        if is_fine:
            assert reader.columns(content, "kwh") == [(0.001,)]
        else:
            assert f"line {line_of(content, '<deep>')}: elements are nested more than 64 deep." in reader.unusable(
                content
            )


@pytest.mark.parametrize(
    "giant",
    ["<!--{}-->", "<x a='{}'/>", "<{}/>", "<?p {}?>", "</{}"],
    ids=["comment", "attribute", "name", "instruction", "end"],
)
def test_a_giant_token_is_refused_before_it_is_whole(reader: Reader, giant: str) -> None:
    content = plain_feed(*hours(1), giant.format("a" * 8_000_000))
    tracemalloc.start()
    message = reader.unusable(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "a tag or comment is longer than 1,048,576 bytes." in message
    assert peak < 4_000_000


def test_a_comment_below_the_bound_is_read(reader: Reader) -> None:
    assert reader.columns(plain_feed(*hours(1), f"<!--{'=' * 500_000}-->"), "kwh") == [(0.001,)]


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ((block(reading(START, 3_600, "1" * 257)),), "the text of IntervalReading/value is longer than 256 characters"),
        ((block(reading(START, 3_600, 1, *["8"] * 200)),), "ReadingQuality/quality is said too often"),
        ((usage_point("a" * 2_001),), "a link is longer than 2,000 characters"),
        ((entry("a", {"related": ["b"] * 100_001}, ""),), "an entry has more than 100,000 of them"),
        (tuple(f"<n{number}/>" for number in range(10_100)), "too many or too long names"),
        (tuple(f'<x xmlns:n{number}="urn:x"/>' for number in range(10_100)), "too many or too long names"),
        (tuple(f"<n{number}{'a' * 60_000}/>" for number in range(20)), "too many or too long names"),
    ],
)
def test_whatever_would_have_to_be_kept_is_bounded(reader: Reader, entries: tuple[str, ...], fault: str) -> None:
    content = feed(usage_point(), meter_reading(), reading_type(), *entries, block(*hours(*range(2_000))))
    assert fault in reader.unusable(content)


@pytest.mark.parametrize(
    ("bound", "fault"),
    [("resources.MOST_BLOCK_ENTRIES", "entries with readings. Split the file."),
     ("resources.MOST_RESOURCES", "Split the file."), ("resources.MOST_LINKS", "Split the file."),
     ("registers.MOST_SERIES_OF_POINT", "has more than 1 meter readings with readings.")],
)  # fmt: skip
def test_tables_are_bounded(reader: Reader, monkeypatch: pytest.MonkeyPatch, bound: str, fault: str) -> None:
    content = two_series({}, {}, hours(1), hours(2))
    assert len(reader.columns(content, "kwh")) == 2
    monkeypatch.setattr(f"peakwise.readers.green_button.{bound}", 1)
    assert fault in reader.unusable(content)


def test_memory_does_not_follow_the_file(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry of 30,000 readings and 4 MB, and the rows handed on a thousand at a time."""
    monkeypatch.setattr(parsed_rows, "ROWS_AT_ONCE", 1_000)
    content = plain_feed(*hours(*range(30_000)))
    assert len(content) > 4_000_000
    reader.path.write_bytes(content)
    tracemalloc.start()
    file = green_button.read(reader.connection, reader.path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reader.rows(file, "kwh") == [(number / 1_000,) for number in range(30_000)]
    assert peak < 1_500_000


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"<html><body>Log in</body></html>", "line 1: the file is XML, but its root is <html>"),
        (b"<feed><entry/></feed>", "its root is <feed>; Green Button is a <feed> of http://www.w3.org/2005/Atom"),
        (feed(), "has no interval readings"),
        (feed(usage_point(), meter_reading(), reading_type()), "has no interval readings"),
        (b"<", "line 1: the XML is damaged or cut short"),
        (b"< 5 kWh", "line 1: the XML is damaged or cut short"),
        (feed() + b"<feed/>", "the XML is damaged or cut short (junk after document element)"),
        (HEAD.encode() + b"<IntervalReading xmlns='http://naesb.org/espi'/></feed>", "line 3: an IntervalReading stands outside"),
        (plain_feed(*hours("<IntervalReading/>")), "an IntervalReading stands within another"),
    ],
)  # fmt: skip
def test_what_is_no_green_button_is_refused(reader: Reader, content: bytes, fault: str) -> None:
    assert fault in reader.unusable(content)


def test_a_lone_entry_is_a_document_too(reader: Reader) -> None:
    """All in one entry, which is its own meter reading; there is no usage point in it."""
    content = block(*hours(1)).replace("<entry>", '<entry xmlns="http://www.w3.org/2005/Atom">').encode()
    assert "no MeterReading entry is linked with the interval block" in reader.unusable(content)


def test_a_name_that_is_no_text_does_not_break_the_message(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "caf\udce9.xml"
    path.write_bytes(b"<html/>")
    with pytest.raises(UnusableInput) as caught:
        green_button.read(reader.connection, path)
    assert str(caught.value).encode().startswith(b"caf?.xml, line 1")


def test_a_missing_file_is_told(reader: Reader, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"absent\.xml cannot be read: No such file"):
        green_button.read(reader.connection, tmp_path / "absent.xml")


def test_a_file_that_grows_between_the_walks_is_told(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    longer = feed(usage_point(), meter_reading(), reading_type(), block(*hours(1)), block(*hours(2), number="2"))
    place_blocks = green_button.place_blocks

    def replace_file(*arguments):
        reader.path.write_bytes(longer)
        return place_blocks(*arguments)

    monkeypatch.setattr(green_button, "place_blocks", replace_file)
    assert "the file has changed while it was read" in reader.unusable(plain_feed(*hours(1)))


VALID = feed(*ENTRIES)


@pytest.mark.parametrize("cut", range(1, len(VALID) - 1, 97))
def test_a_file_cut_short_is_refused_whole(reader: Reader, cut: int) -> None:
    assert "the XML is damaged or cut short" in reader.unusable(VALID[:cut])


SNIPPETS = [
    b"", b"<", b">", b"&", b"]]>", b"<!--", b"<![CDATA[", b"\x00", b"\xff\xfe", b"\xc3", b"-", b"9" * 30, b"nan", b"e", b'"', b"'",
    b"<entry>", b"</entry>", b"<id>urn:uuid:</id>", b'<link rel="self" href=""/>', b"<updated>9999-12-31T23:59:59-12:00</updated>",
    b"<value/>", b"<IntervalReading>", b"<UsagePoint/>", b"<MeterReading xmlns='http://naesb.org/espi'/>", b"<uom>72</uom>",
    b"<!DOCTYPE feed>", b"xmlns='http://naesb.org/espi'", b"\xed\xa0\x80", b"&#0;", b"&#x1F600;", b"UTF-16", b"0001-01-01T00:00:00Z",
]  # fmt: skip


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(VALID)), st.integers(0, 60), st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=8))
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_damage_gives_rows_or_one_clear_sentence(reader: Reader, changes: list[tuple[int, int, bytes]]) -> None:
    content = VALID
    for position, length, snippet in changes:
        content = content[:position] + snippet + content[position + length :]
    try:
        file = reader.read(content)
    except UnusableInput as error:
        assert str(error).startswith("feed.xml")
        assert "\n" not in str(error)
    else:
        rows = reader.rows(file, "service_point_id, interval_minutes, label_at, line_number")
        assert 0 < len(rows) + len(file.unreadable) <= content.count(b"IntervalReading")
        assert all(None not in row for row in rows)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from([b"", b"<", HEAD.encode(), b"\xff\xfe", b"\xef\xbb\xbf<?xml"]))
def test_any_bytes_give_one_clear_sentence(reader: Reader, content: bytes, head: bytes) -> None:
    assert reader.unusable(head + content)
