"""What comes packed: plain, zip and gzip files as they are, and archives that are damaged or made to do harm."""

import csv
import gzip
import io
import random
import stat
import struct
import tempfile
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from conftest import real_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peakwise.errors import UnusableInput
from peakwise.readers import packing
from peakwise.readers.packing import Member, UnusableMember, members

MEBIBYTE = 1024 * 1024
TEXT = b"service_point_id,timestamp,kwh\na,2024-01-01 00:00:00,0.5\n"
# Places in a member's record of the central directory, from its signature.
DIRECTORY_ENTRY, FLAGS, METHOD, CRC, PACKED_SIZE, SIZE, HEADER_OFFSET = b"PK\x01\x02", 8, 10, 16, 20, 24, 42
DISK_START = 34


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files; whatever a test does, nothing may be left there."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def zipped(contents: Mapping[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return packed.getvalue()


def saved(tmp_path: Path, content: bytes, name: str = "archive.zip") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def contents(path: Path) -> dict[str, bytes]:
    """Names and bytes of all members; every one must be usable."""
    with members(path) as found:
        return {member.name: member.path.read_bytes() for member in found}


def faults(path: Path) -> dict[str, str | None]:
    """Fault of every member by name, in reading order; None where it was unpacked."""
    with members(path) as found:
        result = {member.name: member.fault if isinstance(member, UnusableMember) else None for member in found}
    assert all(is_one_sentence(fault, name) for name, fault in result.items() if fault)
    return result


def is_one_sentence(text: str, name: str) -> bool:
    return text.startswith(name) and text.endswith(".") and text.isprintable()


def refused(path: Path) -> str:
    """The sentence on a file that cannot be used as a whole."""
    with pytest.raises(UnusableInput) as caught, members(path):
        pass
    assert is_one_sentence(str(caught.value), path.name)
    return str(caught.value)


def peak_mebibytes(work: Callable[[], object]) -> float:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / MEBIBYTE
    finally:
        tracemalloc.stop()


def changed(packed: bytes, place: int, layout: str, *values: int, entry: int = 0) -> bytes:
    """An archive with a field of one record of its central directory overwritten."""
    start = -1
    for _ in range(entry + 1):
        start = packed.index(DIRECTORY_ENTRY, start + 1)
    result = bytearray(packed)
    struct.pack_into(layout, result, start + place, *values)
    return bytes(result)


def test_a_plain_file_is_its_own_member_and_is_not_copied(tmp_path: Path, scratch: Path) -> None:
    path = saved(tmp_path, TEXT, "readings.zip")
    with members(path) as found:
        assert list(found) == [Member("readings.zip", path)]
        assert list(scratch.iterdir()) == []
    assert path.read_bytes() == TEXT


@pytest.mark.parametrize("content", [b"", b"P", b"\x1f", b"PK", b"PAR1", b"PK,kwh\n"])
def test_other_first_bytes_are_plain(tmp_path: Path, content: bytes) -> None:
    path = saved(tmp_path, content)
    assert contents(path) == {"archive.zip": content}


def test_gzip_and_zip_are_told_by_content_not_by_name(tmp_path: Path) -> None:
    packed = saved(tmp_path, gzip.compress(TEXT, mtime=0), "readings.csv")
    assert contents(packed) == {"readings.csv": TEXT}
    packed = saved(tmp_path, zipped({"a.csv": TEXT}), "readings")
    assert contents(packed) == {"readings/a.csv": TEXT}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_come_by_name_with_their_bytes(tmp_path: Path, method: int) -> None:
    names = ["b/2.csv", "#1#.csv", "b/10.csv", "without ending", "a.csv", "Zähler.csv", "./here.csv", "sub\\win.csv"]
    path = saved(tmp_path, zipped({name: name.encode() * 1_000 for name in names}, method))
    found = contents(path)
    ordered = ["#1#.csv", "./here.csv", "Zähler.csv", "a.csv", "b/10.csv", "b/2.csv", "sub\\win.csv", "without ending"]
    assert list(found) == [f"archive.zip/{name}" for name in ordered]
    assert all(content == name.removeprefix("archive.zip/").encode() * 1_000 for name, content in found.items())


def test_only_one_member_lies_unpacked_at_a_time_and_under_a_number(tmp_path: Path, scratch: Path) -> None:
    path = saved(tmp_path, zipped({f"{letter}.csv": TEXT for letter in "abc"}))
    seen = []
    with members(path) as found:
        for member in found:
            (folder,) = scratch.iterdir()
            seen.append([file.name for file in folder.iterdir()])
            assert list(folder.iterdir()) == [member.path]
    assert seen == [["unpacked-1"], ["unpacked-2"], ["unpacked-3"]]


@pytest.mark.parametrize("content", [zipped({"a.csv": TEXT, "b.csv": TEXT}), gzip.compress(TEXT, mtime=0)])
@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError, UnusableInput])
def test_nothing_stays_when_the_reader_fails_and_its_error_is_left_alone(
    tmp_path: Path, scratch: Path, content: bytes, fault: type[BaseException]
) -> None:
    path = saved(tmp_path, content)
    with pytest.raises(fault, match="of the reader"), members(path) as found:
        next(found)
        assert len(list(scratch.glob("*/*"))) == 1
        raise fault("of the reader")
    assert list(scratch.iterdir()) == []
    assert list(found) == []


def test_nothing_stays_when_unpacking_is_interrupted(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_) -> None:
        assert len(list(scratch.glob("*/*"))) == 1
        raise KeyboardInterrupt

    path = saved(tmp_path, zipped({"a.csv": TEXT}))
    monkeypatch.setattr(packing, "_check_not_packed_again", interrupt)
    with pytest.raises(KeyboardInterrupt), members(path) as found:
        next(found)
    assert list(scratch.iterdir()) == []


def test_folders_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    names = ["meters/", "meters/a.csv", "meters\\", "__MACOSX/", "__MACOSX/meters/._a.csv", ".DS_Store", "meters/.b.csv",
             ".git/c.csv", "_facts.csv"]  # fmt: skip
    path = saved(tmp_path, zipped({name: b"" if name.endswith(("/", "\\")) else TEXT for name in names}))
    assert contents(path) == {"archive.zip/meters/a.csv": TEXT}


@pytest.mark.parametrize("names", [[], ["meters/"], [".DS_Store", "__MACOSX/._a.csv"]])
def test_an_archive_without_a_file_is_refused(tmp_path: Path, names: list[str]) -> None:
    path = saved(tmp_path, zipped(dict.fromkeys(names, b"")))
    assert "holds no file" in refused(path)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../up.csv", "../up.csv"),
        ("a/../../up.csv", "a/../../up.csv"),
        ("..\\up.csv", "..\\up.csv"),
        ("..", ".."),
        ("../.hidden/", "../.hidden/"),
        ("/etc/passwd", "/etc/passwd"),
        ("\\\\server\\a.csv", "\\\\server\\a.csv"),
        ("C:\\a.csv", "C:\\a.csv"),
        ("c:a.csv", "c:a.csv"),
    ],
)
def test_names_that_lead_out_are_refused_and_the_others_load(tmp_path: Path, name: str, shown: str) -> None:
    path = saved(tmp_path, zipped({name: TEXT, "z.csv": TEXT}))
    found = faults(path)
    assert set(found) == {f"archive.zip/{shown}", "archive.zip/z.csv"}
    assert "leads out of the archive" in found[f"archive.zip/{shown}"]
    assert found["archive.zip/z.csv"] is None
    # Nothing but the archive and the folder for temporary files is there.
    assert sorted(file.name for file in tmp_path.iterdir()) == ["archive.zip", "scratch"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"a\x00b.csv", "a\\x00b.csv"),
        (b"a\nb.csv", "a\\nb.csv"),
        (b"a\x1b[2J.csv", "a\\x1b[2J.csv"),
        (b"caf\x82.csv", "café.csv"),
        (b"...csv", None),
        (b"[bold]x.csv", "[bold]x.csv"),
        (b"~root.csv", "~root.csv"),
        (b"*.csv", "*.csv"),
        # A folder holds nothing; this is a file, whatever its name says.
        (b"meters/", "meters/"),
    ],
)
def test_strange_names_are_shown_safely_and_loaded(tmp_path: Path, name: bytes, shown: str | None) -> None:
    stand_in = b"n" * len(name)
    path = saved(tmp_path, zipped({stand_in.decode(): TEXT, "z.csv": TEXT}).replace(stand_in, name))
    expected = {"archive.zip/z.csv": TEXT}
    if shown:
        expected[f"archive.zip/{shown}"] = TEXT
    assert contents(path) == expected


def test_a_name_that_claims_to_be_utf8_and_is_not_refuses_the_archive(tmp_path: Path) -> None:
    path = saved(tmp_path, zipped({"é.csv": TEXT}).replace("é".encode(), b"\xff\xfe"))
    assert "damaged or cut short" in refused(path)


def test_a_name_beyond_any_file_system_is_refused_and_cut(tmp_path: Path) -> None:
    path = saved(tmp_path, zipped({"n" * 60_000: TEXT, "z.csv": TEXT}))
    (long, fault), last = faults(path).items()
    assert len(long) == 500 and "more than 500 characters" in fault and len(fault) < 600
    assert last == ("archive.zip/z.csv", None)


def test_an_archive_whose_own_name_is_strange(tmp_path: Path) -> None:
    path = saved(tmp_path, zipped({"a.csv": TEXT}), "x\n#\udce9.zip")
    assert contents(path) == {"x\\n#\\udce9.zip/a.csv": TEXT}
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(UnusableInput, match="cut short") as caught, members(path):
        pass
    assert str(caught.value).isprintable()


def test_a_name_that_stands_twice_is_refused_once(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, content in (("a.csv", b"1"), ("b.csv", b"2"), ("a.csv", b"3")):
                archive.writestr(name, content)
    path = saved(tmp_path, packed.getvalue())
    with members(path) as found:
        first, second = (type(member) for member in found)
    assert (first, second) == (UnusableMember, Member)
    assert "stands 2 times" in faults(path)["archive.zip/a.csv"]


def test_links_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a.csv")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = saved(tmp_path, zipped({link: b"/etc/passwd", "z.csv": TEXT}))
    first, last = faults(path).values()
    assert "is a link" in first and last is None


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x2000])
def test_encrypted_members_are_refused(tmp_path: Path, flag: int) -> None:
    path = saved(tmp_path, changed(zipped({"a.csv": TEXT, "z.csv": TEXT}), FLAGS, "<H", flag))
    first, last = faults(path).values()
    assert "is encrypted" in first and last is None


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_are_refused_for_their_memory_has_no_bound(tmp_path: Path, method: int) -> None:
    path = saved(tmp_path, zipped({"a.csv": bytes(MEBIBYTE)}, method))
    assert f"method {method}" in faults(path)["archive.zip/a.csv"]


@pytest.mark.parametrize("method", [1, 9, 93, 99, 65_535])
def test_unknown_methods_are_refused(tmp_path: Path, method: int) -> None:
    path = saved(tmp_path, changed(zipped({"a.csv": TEXT}), METHOD, "<H", method))
    assert f"method {method}" in faults(path)["archive.zip/a.csv"]


@pytest.mark.parametrize(
    "inner",
    [
        zipped({"b.csv": TEXT}), zipped({}), gzip.compress(TEXT, mtime=0), b"PK\x07\x08PK\x03\x04", b"PK00PK\x03\x04",
        b"a.csv".ljust(257, b"\0") + b"ustar\x0000",
    ],
)  # fmt: skip
def test_archives_in_archives_are_refused(tmp_path: Path, inner: bytes) -> None:
    first, last = faults(saved(tmp_path, zipped({"a": inner, "z.csv": TEXT}))).values()
    assert "holds another archive" in first and last is None
    assert "holds another archive" in faults(saved(tmp_path, gzip.compress(inner, mtime=0), "a.gz"))["a.gz"]


def test_a_spreadsheet_is_no_archive_of_readings(tmp_path: Path) -> None:
    path = saved(tmp_path, zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}), "a.xlsx")
    assert "Save its table as CSV" in refused(path)


def test_a_part_of_a_split_archive_is_refused(tmp_path: Path) -> None:
    packed = changed(zipped({"a.csv": TEXT}), DISK_START, "<H", 3)
    assert "part of a split archive" in refused(saved(tmp_path, packed))
    assert "cut short" in refused(saved(tmp_path, b"PK\x07\x08" + packed[:40]))


def test_gzip_parts_in_a_row_are_one_file_and_zeros_may_follow(tmp_path: Path) -> None:
    packed = (
        gzip.compress(b"first,", mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(b"last", mtime=0) + bytes(512)
    )
    assert contents(saved(tmp_path, packed, "a.gz")) == {"a.gz": b"first,last"}


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(TEXT, mtime=0) + b"garbage",
        gzip.compress(TEXT, mtime=0)[:-1],
        gzip.compress(TEXT, mtime=0)[:20],
        b"\x1f\x8b",
        b"\x1f\x8b\x09" + bytes(20),
        gzip.compress(TEXT, mtime=0)[:-8] + struct.pack("<II", zlib.crc32(TEXT) ^ 1, len(TEXT)),
        gzip.compress(TEXT, mtime=0)[:-8] + struct.pack("<II", zlib.crc32(TEXT), len(TEXT) + 1),
    ],
)
def test_damaged_gzip_is_told(tmp_path: Path, packed: bytes) -> None:
    assert "damaged or cut short" in faults(saved(tmp_path, packed, "a.gz"))["a.gz"]


def test_a_member_with_a_wrong_checksum_or_size_does_not_keep_others_from_loading(tmp_path: Path) -> None:
    packed = zipped({"a.csv": TEXT, "b.csv": TEXT * 2}, zipfile.ZIP_STORED)
    for damaged in (
        changed(packed, CRC, "<I", 1),
        packed.replace(TEXT, TEXT.upper(), 1),
        changed(packed, SIZE, "<I", len(TEXT) - 1),
        changed(packed, SIZE, "<I", len(TEXT) + 1),
        changed(packed, PACKED_SIZE, "<I", len(TEXT) - 1),
        changed(packed, HEADER_OFFSET, "<I", 1),
    ):
        assert damaged != packed
        first, last = faults(saved(tmp_path, damaged)).values()
        assert "damaged or cut short" in first and last is None


def test_a_zip_cut_anywhere_is_refused(tmp_path: Path) -> None:
    packed = zipped({"a.csv": TEXT, "b.csv": TEXT})
    for length in range(4, len(packed) - 1):
        assert "damaged or cut short" in refused(saved(tmp_path, packed[:length]))


def test_bytes_before_and_after_a_zip_do_no_harm(tmp_path: Path) -> None:
    assert contents(saved(tmp_path, b"PK00" + zipped({"a.csv": TEXT}) + b"\n")) == {"archive.zip/a.csv": TEXT}


def test_a_zip_bomb_is_refused_before_a_byte_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as file:
        for _ in range(200):
            file.write(bytes(MEBIBYTE))
    path = saved(tmp_path, packed.getvalue())
    assert path.stat().st_size < 250_000
    monkeypatch.setattr(packing, "_unpack", lambda *_: pytest.fail("unpacked"))
    assert peak_mebibytes(lambda: "more than 200 times its size" in refused(path) or pytest.fail("not told")) < 4


def test_a_bomb_beside_ballast_is_refused_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = []
    monkeypatch.setattr(packing, "_check_free", lambda _name, _folder, wanted: blocks.append(wanted))
    ballast = random.Random(7).randbytes(MEBIBYTE)
    path = saved(tmp_path, zipped({"a.csv": bytes(80 * MEBIBYTE), "b.csv": ballast}))
    first, last = faults(path).values()
    assert "more than 200 times its size" in first and last is None
    # Room was looked for and a block written for the second one only.
    assert blocks == [MEBIBYTE, MEBIBYTE]


def test_a_bomb_that_lies_about_its_size_stops_where_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = zipped({"a.csv": bytes(80 * MEBIBYTE)})
    path = saved(tmp_path, changed(honest, SIZE, "<I", 1_000))
    blocks = []
    monkeypatch.setattr(packing, "_check_free", lambda _name, _folder, wanted: blocks.append(wanted))
    assert peak_mebibytes(lambda: "damaged" in faults(path)["archive.zip/a.csv"] or pytest.fail("unpacked")) < 8
    # Room for what it promised was looked for, and not a block was written.
    assert blocks == [1_000]


def test_a_gzip_bomb_stops_at_the_bound_with_little_memory(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, gzip.compress(bytes(200 * MEBIBYTE)), "a.gz")
    assert path.stat().st_size < 250_000
    blocks = []
    monkeypatch.setattr(packing, "_check_free", lambda _name, _folder, wanted: blocks.append(wanted))
    found = []

    def unpack() -> None:
        with members(path) as iterator:
            for member in iterator:
                # What was written is gone before anyone hears of the fault.
                found.append((member.name, member.fault, list(scratch.glob("*/*"))))

    assert peak_mebibytes(unpack) < 8
    ((name, fault, left),) = found
    assert name == "a.gz" and "more than 200 times its size" in fault and left == []
    assert sum(blocks) == 64 * MEBIBYTE


def test_what_packs_well_but_is_small_or_is_large_but_packs_as_readings_do_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zeros = bytes(4 * MEBIBYTE)
    assert contents(saved(tmp_path, zipped({"a.csv": zeros}))) == {"archive.zip/a.csv": zeros}
    assert contents(saved(tmp_path, gzip.compress(zeros, mtime=0), "a.gz")) == {"a.gz": zeros}

    monkeypatch.setattr(packing, "HARMLESS_BYTES", 1_000)
    values = random.Random(7)
    readings = b"".join(b"a,2024-01-01 00:00:00,%.3f\n" % values.random() for _ in range(20_000))
    assert contents(saved(tmp_path, zipped({"a.csv": readings}))) == {"archive.zip/a.csv": readings}
    assert contents(saved(tmp_path, gzip.compress(readings, mtime=0), "a.gz")) == {"a.gz": readings}
    assert "more than 200 times" in refused(saved(tmp_path, zipped({"a.csv": zeros})))
    assert "more than 200 times" in faults(saved(tmp_path, gzip.compress(zeros, mtime=0), "a.gz"))["a.gz"]


def test_members_that_share_bytes_are_refused(tmp_path: Path) -> None:
    """As in Fifield's bomb: one packed kernel, a thousand entries in the central directory."""
    packed = zipped({"a.csv": bytes(10 * MEBIBYTE)})
    start, end = packed.index(DIRECTORY_ENTRY), packed.index(b"PK\x05\x06")
    entry = packed[start:end]
    directory = b"".join(entry.replace(b"a.csv", b"%05d" % number) for number in range(1_000))
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1_000, 1_000, len(directory), start, 0)
    path = saved(tmp_path, packed[:start] + directory + tail)
    with zipfile.ZipFile(path) as archive:
        assert sum(info.file_size for info in archive.infolist()) == 1_000 * 10 * MEBIBYTE
    assert "lie on one another" in refused(path)


def test_a_member_may_not_reach_into_the_central_directory(tmp_path: Path) -> None:
    path = saved(tmp_path, changed(zipped({"a.csv": TEXT}), PACKED_SIZE, "<I", 1_000))
    assert "lie on one another" in refused(path)


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_MEMBERS", 3)
    path = saved(tmp_path, zipped({f"{number}.csv": TEXT for number in range(4)}))
    assert "holds 4 members; more than 3 are not read" in refused(path)
    assert len(contents(saved(tmp_path, zipped({f"{number}.csv": TEXT for number in range(3)})))) == 3


@pytest.mark.parametrize(
    ("entries", "sentence"), [(1_000_000, "list of members is too long"), (80_000, "holds 80,000 members")]
)
def test_a_long_list_of_members_does_not_fill_memory(tmp_path: Path, entries: int, sentence: str) -> None:
    head = zipped({"a.csv": TEXT})
    start = head.index(DIRECTORY_ENTRY)
    directory = head[start : head.index(b"PK\x05\x06")] * entries
    # The count of entries is 16 bits wide and says one; only the length counts.
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), start, 0)
    path = saved(tmp_path, head[:start] + directory + tail)
    del directory
    assert peak_mebibytes(lambda: sentence in refused(path) or pytest.fail("not told")) < 100


def test_zip64_that_promises_an_endless_list_is_refused(tmp_path: Path) -> None:
    packed = zipped({"a.csv": TEXT})
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 2**62, 2**62)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, len(packed), 1)
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    refused(saved(tmp_path, packed + record + locator + tail))


def test_members_with_zip64_fields_are_read(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, archive.open("a.csv", "w", force_zip64=True) as file:
        file.write(TEXT)
    assert contents(saved(tmp_path, packed.getvalue())) == {"archive.zip/a.csv": TEXT}


def test_the_disk_is_not_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = packing.shutil.disk_usage(tmp_path).free
    monkeypatch.setattr(packing, "LEAST_FREE_BYTES", 2 * free)
    assert "Make room" in faults(saved(tmp_path, zipped({"a.csv": TEXT})))["archive.zip/a.csv"]
    assert "Make room" in faults(saved(tmp_path, gzip.compress(TEXT, mtime=0), "a.gz"))["a.gz"]
    # A plain file needs no room.
    assert faults(saved(tmp_path, TEXT, "a.csv")) == {"a.csv": None}


def test_without_a_temporary_folder_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    path = saved(tmp_path, gzip.compress(TEXT, mtime=0))
    with pytest.raises(UnusableInput, match="Name one in TMPDIR"), members(path):
        pass


def test_files_that_cannot_be_opened_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.zip", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(UnusableInput, match="cannot be read"), members(path):
            pass


VALID = (
    zipped({"a.csv": TEXT * 20, "b/c.csv": TEXT, "meters/": b""}),
    zipped({"a.csv": TEXT, "é.csv": TEXT}, zipfile.ZIP_STORED),
    gzip.compress(TEXT * 20, mtime=0) + gzip.compress(TEXT, mtime=0),
)
CHANGE = st.tuples(
    st.integers(0, 2_000), st.sampled_from(["set", "cut", "add", "swap"]), st.binary(min_size=1, max_size=8)
)


def damaged(packed: bytes, changes: list[tuple[int, str, bytes]]) -> bytes:
    for place, kind, piece in changes:
        # The list of members at the end is where most goes wrong.
        place %= len(packed) or 1
        if kind == "set":
            packed = packed[:place] + piece + packed[place + len(piece) :]
        elif kind == "add":
            packed = packed[:place] + piece + packed[place:]
        elif kind == "cut":
            packed = packed[:place] + packed[place + len(piece) :]
        else:
            packed = packed[place:] + packed[:place]
    return packed


@given(packed=st.sampled_from(VALID), changes=st.lists(CHANGE, min_size=1, max_size=4))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_bytes_only_members_faults_and_refusals_come_out(
    tmp_path: Path, scratch: Path, packed: bytes, changes: list[tuple[int, str, bytes]]
) -> None:
    path = saved(tmp_path, damaged(packed, changes))
    try:
        with members(path) as found:
            for member in found:
                if isinstance(member, UnusableMember):
                    assert is_one_sentence(member.fault, "archive.zip")
                else:
                    assert member.path.is_file()
    except UnusableInput as error:
        assert is_one_sentence(str(error), "archive.zip")
    assert list(scratch.iterdir()) == []


def test_real_nem12_archives() -> None:
    folder = real_data("raw/nem12")
    with (folder / "_facts.csv").open(encoding="utf-8") as file:
        facts = [fact for fact in csv.DictReader(file) if fact["member"]]
    assert len(facts) == len(list(folder.glob("*.zip"))) == 8
    for fact in facts:
        ((name, content),) = contents(folder / fact["file"]).items()
        assert name == f"{fact['file']}/{fact['member']}"
        assert content.splitlines()[0].startswith(b"100,")
        assert sum(line.startswith(b"300,") for line in content.splitlines()) == int(fact["rec300"])


def test_real_gzip_files_and_a_real_spreadsheet() -> None:
    for path in sorted(real_data("raw/eemeter_samples").glob("*.gz")):
        assert contents(path) == {path.name: gzip.decompress(path.read_bytes())}
    assert "Save its table as CSV" in refused(real_data("raw/lcl/Tariffs.xlsx"))
