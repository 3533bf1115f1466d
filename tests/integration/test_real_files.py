"""Files as utilities send them, loaded by the real command: each is loaded whole or refused in a sentence.

What should come out is counted here a second time, by other means than the readers', and compared with `_facts.csv` where the
data have one. A mixed folder that this file writes itself covers the same where the real data are absent.
"""

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copy

import duckdb
import pytest
from conftest import Finished, Home, real_data

NEM_CLOCK = timedelta(hours=10)
KWH_PER_UNIT = {"KWH": Decimal(1), "WH": Decimal("0.001"), "MWH": Decimal(1000)}
CHANNELS = {"E": "delivered", "B": "received"}
UTC_START = ("--label", "start", "--label-timezone", "UTC")
UTC_END = ("--label", "end", "--label-timezone", "UTC")
CONTENT = (
    "select * from raw.load_manifest order by load_id",
    "select count(*), sum(kwh), sum(hash(meter_key, interval_start_at, kwh, batch_key)::hugeint) from raw.readings",
    "select count(*) from raw.superseded_readings",
    "select * from raw.rejected_readings order by all",
    "select * from raw.meters order by all",
    "select * from raw.reading_batches order by all",
)


@dataclass(frozen=True)
class Loaded:
    """One call of the command, and the warehouse it left."""

    home: Home
    finished: Finished

    @property
    def table(self) -> list[list[str]]:
        """The cells of the table that is printed, one list a file, without the line of totals."""
        lines = [line for line in self.finished.output.splitlines() if line.startswith("│")]
        cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
        return [row for row in cells if not row[0].endswith(" files loaded")]

    @property
    def refused(self) -> dict[str, str]:
        """The sentence on each file that was not loaded, by its name in the table."""
        sentences = self.finished.errors.splitlines()
        names = [row[0] for row in self.table if row[3] == "unusable"]
        assert len(sentences) == len(names)
        assert all(sentence.startswith("Not loaded. ") for sentence in sentences)
        told = {name: sentence for name, sentence in zip(names, sentences, strict=True)}
        assert all(name in sentence and len(sentence) < 1_100 for name, sentence in told.items())
        return told

    def rows(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.home.warehouse), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def fates(self) -> dict[str, tuple[int, int, int, int, int]]:
        """Rows in, accepted, duplicate, superseded, rejected of each loaded file."""
        found = self.rows(
            "select file_name, rows_in, rows_accepted, rows_duplicate, rows_superseded, rows_rejected from raw.load_manifest"
        )
        assert all(row[1] == sum(row[2:]) for row in found)
        return {name: tuple(counts) for name, *counts in found}

    def energy(self) -> dict[str, Decimal]:
        """Energy of the readings that count, by file."""
        return dict(
            self.rows("""
                select file_name, sum(kwh)
                from raw.readings inner join raw.reading_batches using (batch_key) inner join raw.load_manifest using (load_id)
                group by 1
            """)
        )


def load(home: Home, *arguments: str | Path) -> Loaded:
    finished = home.script("load_readings.py", *arguments)
    assert "Traceback" not in finished.output + finished.errors
    loaded = Loaded(home, finished)
    names = [row[0] for row in loaded.table]
    assert len(set(names)) == len(names), "a file stands twice in the table"
    return loaded


def new_home(factory: pytest.TempPathFactory) -> Home:
    return Home(factory.mktemp("home"))


def facts_of(folder: str) -> list[dict[str, str]]:
    with real_data(f"raw/{folder}/_facts.csv").open(newline="") as file:
        return list(csv.DictReader(file))


# NEM12


@dataclass
class Nem12Count:
    """What a NEM12 file holds, by a plain look at its fields.

    Attributes:
        readings: Energy in kWh by (NMI, register, channel, UTC start).
        days_of_other_units: Interval records of registers that measure no energy.
        intervals: All intervals, of whatever unit.
        sum_of_values: Sum of all values, of whatever unit.
    """

    readings: dict[tuple[str, str | None, str, datetime], Decimal]
    days_of_other_units: int = 0
    intervals: int = 0
    sum_of_values: Decimal = Decimal(0)


def count_nem12(text: str) -> Nem12Count:
    count = Nem12Count({})
    nmi, suffix, factor, minutes = "", "", None, 0
    for fields in csv.reader(io.StringIO(text)):
        if fields[0] == "200":
            nmi, suffix, minutes = fields[1], fields[4].upper(), int(fields[8])
            factor = KWH_PER_UNIT.get(fields[7].upper()) if suffix[0] in CHANNELS else None
        if fields[0] != "300":
            continue
        values = [Decimal(value) for value in fields[2 : 2 + 1440 // minutes]]
        count.intervals += len(values)
        count.sum_of_values += sum(values)
        if factor is None:
            count.days_of_other_units += 1
            continue
        midnight = datetime.strptime(fields[1], "%Y%m%d") - NEM_CLOCK
        register = None if suffix in ("E1", "B1") else suffix
        for position, value in enumerate(values):
            start = midnight + timedelta(minutes=minutes * position)
            count.readings[nmi, register, CHANNELS[suffix[0]], start] = value * factor
    return count


def nem12_texts() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Name in the warehouse, text and facts of each real NEM12 or NEM13 file."""
    for facts in facts_of("nem12"):
        path = real_data(f"raw/nem12/{facts['file']}")
        if facts["member"]:
            with zipfile.ZipFile(path) as archive:
                (member,) = archive.namelist()
                yield f"{path.name}/{member}", archive.read(member).decode(), facts
        else:
            yield path.name, path.read_text(), facts


@pytest.fixture(scope="module")
def nem12(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = real_data("raw/nem12")
    return load(new_home(tmp_path_factory), folder, "--utility-timezone", "Australia/Brisbane")


def test_each_nem12_file_is_loaded_whole_or_refused(nem12: Loaded) -> None:
    assert nem12.finished.code == 2
    refused, fates, wanted = nem12.refused, nem12.fates(), {}
    names = []
    for name, text, facts in nem12_texts():
        names.append(name)
        count = count_nem12(text)
        assert (count.intervals, round(count.sum_of_values, 3)) == (
            int(facts["intervals"]),
            Decimal(facts["sum_raw_units"]),
        ), name
        if not count.readings:
            assert name in refused, name
            continue
        rows_in, *_, rejected = fates[name]
        assert (rows_in, rejected) == (
            len(count.readings) + count.days_of_other_units,
            count.days_of_other_units,
        ), name
        # The samples repeat each other with the same values.
        assert all(wanted.get(key, kwh) == kwh for key, kwh in count.readings.items())
        wanted |= count.readings
    assert sorted(names) == sorted([*refused, *fates]) == sorted(row[0] for row in nem12.table)
    assert len(fates) == 17
    found = nem12.rows("""
        select service_point_id, register_id, channel, interval_start_at, kwh
        from raw.readings inner join raw.meters using (meter_key)
    """)
    assert {tuple(key): kwh for *key, kwh in found} == wanted
    assert len(found) == len(wanted)


def test_refused_nem12_files_say_why(nem12: Loaded) -> None:
    accumulated = "holds accumulation readings (NEM13), which have no intervals"
    assert [sentence.partition("csv ")[2].partition(".")[0] for sentence in nem12.refused.values()] == [
        accumulated,
        accumulated,
        "holds no reading: of its first interval record, line 3, register K1 is in KVARH, which is not energy",
    ]


def test_nem12_alone_ends_with_0_without_and_1_with_rejects(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = new_home(tmp_path_factory)
    clean = real_data("raw/nem12/Example_NEM12_month_solar.csv")
    reactive = real_data("raw/nem12/Example_NEM12_actual_interval.csv")
    assert load(home, clean, "--utility-timezone", "Australia/Brisbane").finished.code == 0
    loaded = load(home, reactive)
    assert loaded.finished.code == 1
    assert loaded.rows("select line_number, reason from raw.rejected_readings") == [
        (5, "register Q1 is in kVArh, which is not energy")
    ]


# Green Button

NOT_LOADED_GREEN_BUTTON = {
    "TestGBDataOneYearDailyBinnedMonthly.xml": "the interval is 86,400 s long; Peakwise needs 5, 10, 15, 20, 30 or 60 minutes",
    "openespi_1dayLP_45Days.xml": "the interval is 86,400 s long",
    "openespi_Electric.xml": "the interval is 2,592,000 s long",
    "openespi_Gas.xml": "the usage point is natural gas, not electricity",
    "openespi_Water.xml": "the usage point is water, not electricity",
}


def test_each_green_button_file_is_loaded_whole_or_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    facts = facts_of("greenbutton")
    loaded = load(new_home(tmp_path_factory), real_data("raw/greenbutton"), "--utility-timezone", "America/Los_Angeles")
    assert loaded.finished.code == 2
    refused, fates, energy = loaded.refused, loaded.fates(), loaded.energy()
    assert sorted(row["file"] for row in facts) == sorted([*refused, *fates])
    assert set(refused) == set(NOT_LOADED_GREEN_BUTTON)
    assert all(reason in refused[name] for name, reason in NOT_LOADED_GREEN_BUTTON.items())
    spans = {
        name: (f"{first:%Y-%m-%dT%H:%MZ}", last)
        for name, first, last in loaded.rows(
            "select file_name, first_interval_start_at, last_interval_end_at from raw.load_manifest"
        )
    }
    for row in facts:
        name, readings = row["file"], int(row["interval_readings"])
        if name not in fates:
            continue
        assert fates[name] == (readings, readings, 0, 0, 0)
        assert energy[name] == Decimal(row["sum_value"]) / 1000
        seconds, _, count = row["durations"].partition("x")
        assert int(count) == readings
        first, last = spans[name]
        assert first == row["first_utc"]
        assert f"{last - timedelta(seconds=int(seconds)):%Y-%m-%dT%H:%MZ}" == row["last_utc"]
    assert len(fates) == 6


# Low Carbon London


def count_wide(path: Path) -> tuple[int, Decimal]:
    with path.open(newline="") as file:
        rows = csv.reader(file)
        next(rows)
        values = [Decimal(cell) for row in rows for cell in row[2:] if cell.strip()]
    return len(values), sum(values)


def count_long(path: Path) -> tuple[int, int, Decimal]:
    """Lines, distinct times with a number, and their energy."""
    lines = path.read_text().splitlines()[1:]
    values = {}
    for line in lines:
        *_, label, value = line.split(",")
        if value.strip() != "Null":
            assert values.setdefault(label.strip(), Decimal(value.strip())) == Decimal(value.strip())
    return len(lines), len(values), sum(values.values())


def test_each_london_file_is_loaded_whole_or_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = real_data("raw/lcl")
    loaded = load(new_home(tmp_path_factory), folder, *UTC_END, "--utility-timezone", "Europe/London")
    assert loaded.finished.code == 2
    fates, energy = loaded.fates(), loaded.energy()
    for path in sorted((folder / "wide_daily").iterdir()):
        readings, kwh = count_wide(path)
        assert fates.pop(path.name) == (readings, readings, 0, 0, 0)
        assert energy[path.name] == kwh
    for path in sorted([*(folder / "long_kaggle").iterdir(), *(folder / "long_datastore_null").iterdir()]):
        lines, readings, kwh = count_long(path)
        # One file has a single `Null` and some lines twice.
        rejected = 1 if path.name == "MAC000002.csv" else 0
        assert fates.pop(path.name) == (lines, readings, lines - readings - rejected, 0, rejected)
        assert energy[path.name] == kwh
    assert not fates
    refused = loaded.refused
    assert "Tariffs.xlsx is a spreadsheet or another document. Save its table as CSV." in refused.pop("Tariffs.xlsx")
    assert "has no column for the service point or customer id" in refused.pop("Tariffs_table.csv")
    assert "has no column for the time label" in refused.pop("household_information.csv")
    assert not refused


# UCI: one row a time, one column a client, without a header; the value is the sum of four kW means


def test_each_portuguese_file_is_loaded_whole_or_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = real_data("raw/uci")
    home = new_home(tmp_path_factory)
    parts = ("train", "val", "test")
    values = [folder / f"electricity_2014_03_31_{part}.csv" for part in parts]
    options = ("--label", "start", "--label-timezone", "Europe/Lisbon", "--kwh-per-unit", "0.25")
    loaded = load(home, *values, *options)
    assert loaded.finished.code == 1
    fates, energy = loaded.fates(), loaded.energy()
    for path in values:
        labels = path.with_name(f"{path.stem}_datetime.csv").read_text().split("\n")
        lines = path.read_text().split()
        # Lisbon's clock goes from one to two on that night.
        kept = [line for label, line in zip(labels, lines, strict=False) if not label.startswith("2014-03-30 01:00")]
        readings = sum(len(line.split(",")) for line in kept)
        skipped = sum(len(line.split(",")) for line in lines) - readings
        assert skipped == (370 if path.stem.endswith("val") else 0)
        assert fates[path.name] == (readings + skipped, readings, 0, 0, skipped)
        kwh = sum(float(value) for line in kept for value in line.split(",")) / 4
        assert float(energy[path.name]) == pytest.approx(kwh, rel=1e-11)
    # Files of times are read with their owners, and are nothing on their own.
    again = load(home, folder)
    assert again.finished.code == 0
    assert {row[0]: row[3] for row in again.table if row[0] in fates} == dict.fromkeys(fates, "known already")
    alone = load(home, *(folder / f"electricity_2014_03_31_{part}_datetime.csv" for part in parts))
    assert alone.finished.code == 2
    assert set(alone.refused) == {f"electricity_2014_03_31_{part}_datetime.csv" for part in parts}
    for name, sentence in alone.refused.items():
        assert f"holds only times; it belongs to {name.replace('_datetime', '')}. Load that one." in sentence


# eemeter: one series a file, without an id


@pytest.mark.parametrize("kind", ["cdd-hdd", "cdd-only"])
def test_a_series_without_an_id_is_refused_until_its_form_is_named(
    kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = real_data("raw/eemeter_samples")
    home = new_home(tmp_path_factory)
    files = sorted(path for path in folder.iterdir() if f"{kind}-" in path.name)
    hourly = folder / f"il-electricity-{kind}-hourly.csv.gz"
    loaded = load(home, *files, *UTC_START, "--utility-timezone", "America/Chicago")
    assert loaded.finished.code == 2
    assert set(loaded.refused) == {path.name for path in files}
    assert all("has no column for the service point or customer id" in told for told in loaded.refused.values())

    loaded = load(home, *files, "--format", "customer_columns_csv", "--columns", "label=start", "--label", "start")
    assert loaded.finished.code == 2
    assert set(loaded.refused) == {path.name for path in files} - {hourly.name}
    assert "Peakwise needs hourly or finer readings" in loaded.refused[f"il-electricity-{kind}-daily.csv.gz"]
    with gzip.open(hourly, "rt") as file:
        values = [Decimal(row["value"]) for row in csv.DictReader(file) if row["value"]]
    assert loaded.fates() == {hourly.name: (len(values), len(values), 0, 0, 0)}
    assert loaded.energy() == {hourly.name: sum(values)}
    assert loaded.rows("select service_point_id, interval_minutes from raw.meters") == [("value", 60)]


def test_what_is_no_table_of_readings_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    others = [real_data("raw/eemeter_samples/metadata.json"), real_data("raw/eemeter_samples/il-tempF.csv.gz")]
    loaded = load(new_home(tmp_path_factory), *others, *UTC_START, "--utility-timezone", "America/Chicago")
    assert loaded.finished.code == 2
    assert set(loaded.refused) == {path.name for path in others}


# Folders of everything


def assert_a_second_call_changes_nothing(first: Loaded, folder: Path) -> None:
    content = [first.rows(query) for query in CONTENT]
    again = load(first.home, folder)
    assert again.finished.code == 2
    assert [first.rows(query) for query in CONTENT] == content
    assert {row[0] for row in again.table if row[3] == "known already"} == set(first.fates())
    assert [row[:2] for row in again.table] == [row[:2] for row in first.table]
    assert again.finished.errors == first.finished.errors


def test_a_real_mixed_folder_loads_in_one_call(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("mixed")
    archive = "NEM12#000000000000001#CNRGYMDP#NEMMCO"
    for name in (
        "nem12/Example_NEM12_actual_interval.csv", f"nem12/{archive}.zip", "greenbutton/openespi_15minLP_15Days.xml",
        "greenbutton/openespi_1hrLP_32Days.xml", "greenbutton/openespi_Gas.xml", "lcl/wide_daily/block5sep.csv",
        "lcl/long_kaggle/MAC000016.csv",
    ):  # fmt: skip
        copy(real_data(f"raw/{name}"), folder)
    (folder / "letter.txt").write_text("Dear analyst,\nthe readings of the year are in the other files.\n")
    loaded = load(new_home(tmp_path_factory), folder, *UTC_END, "--utility-timezone", "Europe/London")

    assert loaded.finished.code == 2
    assert {row[0]: tuple(row[1:4]) for row in loaded.table} == {
        "Example_NEM12_actual_interval.csv": ("nem12", "49", "48"),
        "MAC000016.csv": ("long_csv", "721", "721"),
        f"{archive}.zip/{archive}.csv": ("nem12", "384", "384"),
        "block5sep.csv": ("wide_daily_csv", "405,764", "405,764"),
        "letter.txt": ("", "", "unusable"),
        "openespi_15minLP_15Days.xml": ("green_button", "1,340", "1,340"),
        "openespi_1hrLP_32Days.xml": ("green_button", "768", "768"),
        "openespi_Gas.xml": ("", "", "unusable"),
    }
    assert set(loaded.refused) == {"letter.txt", "openespi_Gas.xml"}
    energy = loaded.energy()
    assert energy["openespi_15minLP_15Days.xml"] == Decimal("1397.734")
    assert energy[f"{archive}.zip/{archive}.csv"] == Decimal("109075.5")
    # What the user says of labels does not reach formats that fix them.
    assert "4 file(s)" not in loaded.finished.output
    assert "2 file(s): labels mark the start of an interval (by the format), on the clock of +10:00 (by the file)" in (
        loaded.finished.output
    )
    assert_a_second_call_changes_nothing(loaded, folder)


NEM12_OF_ONE_DAY = "\n".join((
    "100,NEM12,202401020900,MDP,RETAILER",
    "200,NMI0000001,E1B1Q1,E1,E1,N1,METER1,KWH,30,",
    "300,20240101," + "0.5," * 48 + "A,,,20240102080000,",
    "200,NMI0000001,E1B1Q1,B1,B1,N1,METER1,WH,15,",
    "300,20240101," + "250," * 96 + "A,,,20240102080000,",
    "200,NMI0000001,E1B1Q1,Q1,Q1,N1,METER1,KVARH,30,",
    "300,20240101," + "9," * 48 + "A,,,20240102080000,",
    "900",
    "",
))  # fmt: skip


def green_button(kind: int, unit: int) -> str:
    """A feed of four quarter hours from 2024-01-01 00:00 UTC, of 100, 200, 300 and 400 units."""
    readings = "".join(
        f"<IntervalReading><timePeriod><duration>900</duration><start>{1_704_067_200 + 900 * quarter}</start></timePeriod>"
        f"<value>{100 * (quarter + 1)}</value></IntervalReading>"
        for quarter in range(4)
    )
    point, series, reading_type = "User/1/UsagePoint/1", "User/1/UsagePoint/1/MeterReading/1", "ReadingType/1"
    entries = (
        (
            point,
            f"{point}/MeterReading",
            f"<UsagePoint><ServiceCategory><kind>{kind}</kind></ServiceCategory></UsagePoint>",
        ),
        (series, reading_type, "<MeterReading/>"),
        (
            reading_type,
            "",
            f"<ReadingType><flowDirection>1</flowDirection><intervalLength>900</intervalLength><uom>{unit}</uom></ReadingType>",
        ),
        (f"{series}/IntervalBlock/1", "", f"<IntervalBlock>{readings}</IntervalBlock>"),
    )
    body = "".join(
        f'<entry><id>urn:uuid:{number}</id><link rel="self" href="{link}"/><link rel="up" href="{link.rpartition("/")[0]}"/>'
        f'<link rel="related" href="{related}"/><content xmlns="http://naesb.org/espi">{content}</content>'
        "<updated>2024-01-02T00:00:00Z</updated></entry>"
        for number, (link, related, content) in enumerate(entries)
    )
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{body}</feed>'


def write_mixed_folder(folder: Path) -> Path:
    (folder / "a nem12.csv").write_text(NEM12_OF_ONE_DAY)
    (folder / "b green button.xml").write_text(green_button(kind=0, unit=72))
    hours = ",".join(f"h{hour}" for hour in range(1, 25))
    quarters = ",0.25" * 24
    (folder / "c wide.csv").write_text(f"meter_id,date,{hours}\nW,2024-01-01{quarters}\nW,2024-01-02,{quarters[5:]}\n")
    (folder / "d columns.csv").write_text(
        "time,C1,C2\n2024-01-01 00:00,1,2\n2024-01-01 01:00,3,4\n2024-01-01 02:00,5,\n"
    )
    with gzip.open(folder / "e long.csv.gz", "wt") as file:
        file.write("meter_id,timestamp,kwh\nL,2024-01-01 00:00,1\nL,2024-01-01 01:00,2\nL,2024-01-01 02:00,x\n")
    with duckdb.connect() as connection:
        connection.execute(f"""
            copy (
                select 'P' as meter_id, timestamp '2024-01-01' + to_hours(k::integer) as timestamp, 0.5::double as kwh
                from range(24) as steps(k)
            ) to '{folder / "f.parquet"}' (format parquet)
        """)
    (folder / "g gas.xml").write_text(green_button(kind=1, unit=169))
    (folder / "h letter.txt").write_text("Dear analyst,\nthe readings of the year are in the other files.\n")
    return folder


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Loaded]:
    folder = write_mixed_folder(tmp_path_factory.mktemp("mixed"))
    home = new_home(tmp_path_factory)
    return folder, load(home, folder, *UTC_START, "--utility-timezone", "Europe/London")


def test_a_mixed_folder_loads_in_one_call(mixed: tuple[Path, Loaded]) -> None:
    _, loaded = mixed
    assert loaded.finished.code == 2
    assert [tuple(row[:7]) for row in loaded.table] == [
        ("a nem12.csv", "nem12", "145", "144", "0", "0", "1"),
        ("b green button.xml", "green_button", "4", "4", "0", "0", "0"),
        ("c wide.csv", "wide_daily_csv", "47", "47", "0", "0", "0"),
        ("d columns.csv", "customer_columns_csv", "5", "5", "0", "0", "0"),
        ("e long.csv.gz", "long_csv", "3", "2", "0", "0", "1"),
        ("f.parquet", "parquet", "24", "24", "0", "0", "0"),
        ("g gas.xml", "", "", "unusable", "", "", ""),
        ("h letter.txt", "", "", "unusable", "", "", ""),
    ]
    assert "natural gas, not electricity" in loaded.refused["g gas.xml"]
    assert loaded.energy() == {
        # 48 half hours of 0.5 kWh and 96 quarter hours of 250 Wh
        "a nem12.csv": 48,
        "b green button.xml": 1,
        # 47 cells of 0.25 kWh; one is blank
        "c wide.csv": Decimal("11.75"),
        "d columns.csv": 15,
        "e long.csv.gz": 3,
        "f.parquet": 12,
    }
    assert loaded.rows("select file_name, line_number, reason from raw.rejected_readings order by 1") == [
        ("a nem12.csv", 7, "register Q1 is in KVARH, which is not energy"),
        ("e long.csv.gz", 4, "the energy value is not a number"),
    ]
    # The clock of NEM12 is ten hours ahead of UTC, whatever the user says of other files.
    assert loaded.rows("select first_interval_start_at from raw.load_manifest order by load_id") == [
        (datetime(2023, 12, 31, 14),),
        *[(datetime(2024, 1, 1),)] * 5,
    ]


def test_a_mixed_folder_again_changes_nothing(mixed: tuple[Path, Loaded]) -> None:
    folder, loaded = mixed
    assert_a_second_call_changes_nothing(loaded, folder)


def test_the_unit_of_a_column_is_not_that_of_formats_with_units(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("units")
    (folder / "a nem12.csv").write_text(NEM12_OF_ONE_DAY)
    (folder / "b green button.xml").write_text(green_button(kind=0, unit=72))
    (folder / "c long.csv").write_text("meter_id,timestamp,usage\nL,2024-01-01 00:00,1500\n")
    loaded = load(
        new_home(tmp_path_factory), folder, *UTC_START, "--utility-timezone", "UTC", "--kwh-per-unit", "0.001"
    )
    assert loaded.finished.code == 1
    assert loaded.energy() == {"a nem12.csv": 48, "b green button.xml": 1, "c long.csv": Decimal("1.5")}


def test_a_sentence_on_missing_columns_stays_short(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("names")
    (folder / "wide.csv").write_text(",".join(f"column {'x' * 90} {number}" for number in range(500)) + "\n")
    loaded = load(new_home(tmp_path_factory), folder, *UTC_START, "--utility-timezone", "UTC")
    assert loaded.finished.code == 2
    assert "and 480 more. Say which one it is: COLUMNS=" in loaded.finished.errors
    assert len(loaded.finished.errors) < 1_100
