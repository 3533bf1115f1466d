"""Damaged copies of real files: each loads, or is refused in a sentence; no error of the program, nothing half loaded."""

import random
from pathlib import Path

import pytest
from conftest import SHARED_DATA
from meter_files import Desk, desk_in, fates

FOLDERS = (
    "greenbutton",
    "nem12",
    "lcl/long_kaggle",
    "lcl/long_datastore_null",
    "lcl/wide_daily",
    "uci",
    "eemeter_samples",
)
COPIES_PER_FILE = 8
# Enough for every kind of record, little enough to load hundreds of copies.
MOST_BYTES = 60_000
INTERESTING = [
    b"",
    b"\x00",
    b'"',
    b",",
    b";",
    b"\n",
    b"\r",
    b"<",
    b"&",
    b"\xff",
    b"-",
    b"1e308",
    b"NaN",
    b"300,",
    b"200,",
    b"</entry>",
]

LEFT_OVERS = ("incoming_csv", "incoming_rows", "incoming_texts", "incoming_times")


def damaged(content: bytes, luck: random.Random) -> bytes:
    """A copy with a few bytes changed, put in, taken out, repeated or cut off."""
    copy = bytearray(content[:MOST_BYTES] if luck.random() < 0.8 else content[: luck.randrange(1, MOST_BYTES)])
    for _ in range(luck.choice([1, 1, 3, 20])):
        place = luck.randrange(len(copy))
        piece = luck.choice(INTERESTING)
        match luck.randrange(4):
            case 0:
                copy[place] = luck.randrange(256)
            case 1:
                copy[place:place] = piece
            case 2:
                del copy[place : place + luck.choice([1, 10, 1000])]
            case _:
                copy[place:place] = copy[place : place + 200]
        copy = copy or bytearray(b"x")
    return bytes(copy)


def state(desk: Desk) -> list[tuple]:
    tables = ("readings", "superseded_readings", "rejected_readings", "reading_batches", "meters", "load_manifest")
    return [desk.rows(f"select count(*) from raw.{table}")[0] for table in tables]


@pytest.mark.parametrize("folder", FOLDERS)
def test_damaged_copies_of_real_files_load_or_are_refused_in_a_sentence(tmp_path: Path, folder: str) -> None:
    if not (SHARED_DATA / "raw" / folder).is_dir():
        pytest.skip(f"real meter data are not here: ../shared/data/raw/{folder}")
    luck = random.Random(folder)
    files = [path for path in sorted((SHARED_DATA / "raw" / folder).iterdir()) if path.name != "_facts.csv"]
    states = set()
    with desk_in(tmp_path) as desk:
        for path in files:
            content = path.read_bytes()
            for number in range(COPIES_PER_FILE):
                copy = tmp_path / f"{number}{path.suffix}"
                copy.write_bytes(damaged(content, luck))
                before = state(desk)
                for result in desk.load(copy):
                    states.add(result.state)
                    if result.state == "unusable":
                        assert result.message and "\n" not in result.message and len(result.message) < 2_000
                        assert state(desk) == before
                    elif result.state == "loaded":
                        fates(result)
                # Nothing stays behind in the connection, either.
                assert desk.rows(
                    f"select count(*) from duckdb_tables() where temporary and table_name in {LEFT_OVERS}"
                ) == [(0,)]
        sums = desk.rows("select sum(rows_accepted), sum(rows_superseded), sum(rows_rejected) from raw.load_manifest")[
            0
        ]
        held = [
            desk.rows(f"select count(*) from raw.{table}")[0][0]
            for table in ("readings", "superseded_readings", "rejected_readings")
        ]
        assert [int(total or 0) for total in sums] == held
    assert "unusable" in states or "loaded" in states
