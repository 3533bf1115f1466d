"""A release is whole or not there, and whoever reads one keeps it."""

import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from peakwise import paths, publishing
from peakwise.errors import UnusableInput
from peakwise.public_rows import PublicRows, least_customers, public_marts, public_query

# Segment 3 is of few customers; segment 2 would tell of it, taken from the total.
SEGMENTS = "select unnest([1, 2, 3]) as segment_id, unnest([40, 20, 1]) as customers"
OTHERS = 0o077


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PEAKWISE_HOME", str(tmp_path))
    path = paths.warehouse()
    path.parent.mkdir(parents=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema raw; create schema marts")
        connection.execute("create table raw.utility as select 'Europe/London' as time_zone")
        connection.execute("create table marts.dim_customer as select 1 as customer_key, 'A' as customer_id")
        connection.execute(f"create table marts.mart_segment_summary as {SEGMENTS}")
    return path


def test_the_link_shows_a_whole_release_readable_by_older_drivers(warehouse: Path) -> None:
    release = publishing.publish(warehouse)
    assert paths.published().is_symlink() and paths.published().resolve() == release.folder.resolve()
    manifest = json.loads((paths.published() / "manifest.json").read_text())
    assert manifest["utility"] == {"time_zone": "Europe/London"}
    assert manifest["tables"]["dim_customer"] == {"rows": 1, "personal_data": True, "public_rows": None}
    assert manifest["tables"]["mart_segment_summary"] == {"rows": 3, "personal_data": False, "public_rows": 1}
    assert manifest["least_customers"] == least_customers() == 15
    with duckdb.connect(str(paths.published() / "peakwise.duckdb"), read_only=True) as connection:
        assert connection.execute("select customer_id from dim_customer").fetchall() == [("A",)]
        version = connection.execute(
            "select tags['storage_version'] from duckdb_databases() where not internal"
        ).fetchone()
    assert version[0].startswith("v1.5")


@pytest.fixture
def usual_umask() -> Iterator[None]:
    former = os.umask(0o022)
    yield
    os.umask(former)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_others_read_the_public_files_and_no_other(warehouse: Path, tmp_path: Path, usual_umask: None) -> None:
    figures = tmp_path / "figures"
    figures.mkdir()
    (figures / "profiles.png").write_bytes(b"a line for each customer")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create table marts.mart_without_a_word as select 1 as segment_id")
    folder = publishing.publish(warehouse, figures).folder
    readable = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and rights(path) & OTHERS}
    assert readable == {"manifest.json", "parquet/mart_segment_summary.parquet"}
    assert all(rights(path) & OTHERS == 0o055 for path in (folder, folder / "parquet", folder.parent))
    assert (folder / "figures" / "profiles.png").read_bytes() == b"a line for each customer"


def test_at_no_moment_can_others_read_what_is_being_written(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch, usual_umask: None
) -> None:
    seen = []
    copy_marts = publishing.copy_marts

    def look_on(connection: duckdb.DuckDBPyConnection, building: Path) -> tuple[dict[str, int], dict[str, int]]:
        copied = copy_marts(connection, building)
        seen.extend((path, rights(path)) for path in (building, *building.rglob("*")))
        return copied

    monkeypatch.setattr(publishing, "copy_marts", look_on)
    publishing.publish(warehouse)
    assert len(seen) > 4 and not [path for path, mode in seen if mode & OTHERS]


def test_the_public_copy_leaves_out_who_could_be_told_from_it(warehouse: Path) -> None:
    folder = publishing.publish(warehouse).folder
    with duckdb.connect() as connection:
        public = connection.execute(f"from '{folder}/parquet/mart_segment_summary.parquet'").fetchall()
        connection.execute(f"attach '{folder}/peakwise.duckdb' as release (read_only)")
        whole = connection.execute("from release.mart_segment_summary order by segment_id").fetchall()
    assert public == [(1, 40)]
    assert whole == [(1, 40), (2, 20), (3, 1)]


@pytest.mark.parametrize(
    ("customers", "within", "left"),
    [
        ([15, 14, None, 0], None, [15]),
        ([15, 16, 17], ("month",), [15, 16, 17]),
        # 8 and 9 are 17 together: what can be had by subtraction is of enough customers.
        ([8, 9, 16], ("month",), [16]),
        ([3, 16, 16, 40], ("month",), [40]),
        ([3, 16], (), []),
        ([14, None], ("month",), []),
    ],
)
def test_rows_of_few_customers_and_what_would_tell_of_them_are_left_out(
    customers: list[int | None], within: tuple[str, ...] | None, left: list[int]
) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema marts; create table marts.mart (month integer, customers integer)")
        for count in customers:
            connection.execute("insert into marts.mart values (1, ?)", [count])
        query = public_query("mart", PublicRows("mart.customers", within), 15)
        assert sorted(row[1] for row in connection.execute(query).fetchall()) == left
        # Another month has nobody to protect.
        connection.execute("insert into marts.mart values (2, 15)")
        if within != ():
            assert (2, 15) in connection.execute(query).fetchall()


def test_every_mart_says_whether_it_is_public() -> None:
    public = public_marts()
    for path in (paths.PROJECT / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text())["models"]:
            says_personal = model.get("config", {}).get("meta", {}).get("personal_data", False)
            assert says_personal != (model["name"] in public), model["name"]


def test_no_public_mart_has_an_id_of_a_customer() -> None:
    for path in (paths.PROJECT / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text())["models"]:
            if model["name"] in public_marts():
                columns = {column["name"] for column in model["columns"]}
                assert not columns & {"customer_id", "customer_key", "service_point_id", "file_name"}, model["name"]


def test_a_reader_of_the_former_release_finishes_and_old_ones_go(warehouse: Path) -> None:
    first = publishing.publish(warehouse).folder
    for _ in range(2):
        publishing.publish(warehouse)
    assert first.exists()
    publishing.publish(warehouse)
    assert not first.exists()
    assert len(list(paths.releases().iterdir())) == 3


def test_at_no_moment_is_there_no_published_release(warehouse: Path) -> None:
    former, newest = (publishing.publish(warehouse).folder for _ in range(2))
    shown = []
    # Looks at the link before and after each call that showing the former one makes.
    sys.setprofile(lambda *_: shown.append(Path(os.path.realpath(paths.published()))))
    try:
        publishing.show(former)
    finally:
        sys.setprofile(None)
    assert set(shown) == {former.resolve(), newest.resolve()}


def test_a_publication_that_fails_leaves_the_published_release(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = publishing.publish(warehouse).folder

    def no_space(folder: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(publishing, "flush", no_space)
    with pytest.raises(OSError):
        publishing.publish(warehouse)
    assert paths.published().resolve() == release.resolve()
    monkeypatch.undo()
    monkeypatch.setenv("PEAKWISE_HOME", str(warehouse.parents[1]))
    publishing.publish(warehouse)
    assert not list(paths.releases().glob(".*"))


def test_without_a_warehouse_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEAKWISE_HOME", str(tmp_path))
    with pytest.raises(UnusableInput, match="make run"):
        publishing.publish(paths.warehouse())
