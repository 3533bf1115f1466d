"""Publishes a release: every mart as a table of one DuckDB file and as Parquet, with figures and a manifest.

While it is written, a release is its owner's alone. Then what is public is opened to everybody: the Parquet files of the
marts that say so, with the rows that public_rows lets out, and the manifest. A release is written beside the published one
and shown by swapping one link in one rename. Whoever reads several files of a release resolves the link once.
"""

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from peakwise import paths
from peakwise.private_files import files_of_the_owner_alone
from peakwise.public_rows import least_customers, public_marts, public_query
from peakwise.warehouse import connect, literal, one_transaction, quoted

RELEASES_KEPT = 3
PUBLIC_FILE, PUBLIC_FOLDER = 0o644, 0o755


@dataclass(frozen=True)
class Release:
    """A published release.

    Attributes:
        folder: Where it lies.
        rows: Rows of each table.
    """

    folder: Path
    rows: dict[str, int]


def publish(warehouse: Path, figures: Path | None = None) -> Release:
    """Write a release from the marts of a warehouse and make `published` point at it.

    Args:
        warehouse: The DuckDB file whose schema `marts` is published.
        figures: Folder of PNG files that go into the release.

    Raises:
        UnusableInput: The warehouse is missing or locked.
    """
    releases = paths.releases()
    releases.mkdir(parents=True, exist_ok=True)
    release_id = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    building = releases / f".{release_id}"
    for leftover in releases.glob(".*Z"):
        shutil.rmtree(leftover)
    with files_of_the_owner_alone():
        rows, public_rows = write_release(warehouse, building, release_id, figures)
    open_to_everybody(building, public_rows)
    flush(building)
    folder = releases / release_id
    building.rename(folder)
    show(folder)
    remove_old_releases(releases, folder)
    return Release(folder, rows)


def write_release(
    warehouse: Path, building: Path, release_id: str, figures: Path | None
) -> tuple[dict[str, int], dict[str, int]]:
    """Write all files of a release.

    Returns:
        The rows of each mart, and those of each public one that are public.
    """
    (building / "parquet").mkdir(parents=True)
    with connect(warehouse, read_only=True) as connection:
        rows, public_rows = copy_marts(connection, building)
        utility = connection.execute("select * from raw.utility").fetchone()
        columns = [column[0] for column in connection.description]
    if figures is not None and any(figures.glob("*.png")):
        # Their content without the rights they have.
        shutil.copytree(figures, building / "figures", copy_function=shutil.copyfile)
    manifest = {
        "release_id": release_id,
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "utility": dict(zip(columns, utility, strict=True)) if utility else None,
        "least_customers": least_customers(),
        "tables": {
            name: {"rows": count, "personal_data": name not in public_rows, "public_rows": public_rows.get(name)}
            for name, count in rows.items()
        },
        "figures": sorted(path.name for path in (building / "figures").glob("*.png")),
    }
    (building / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return rows, public_rows


def copy_marts(connection: duckdb.DuckDBPyConnection, building: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Copy every mart into one DuckDB file and into Parquet files, of public marts the public rows alone.

    Returns:
        The rows of each mart, and those of each public one that are public.
    """
    public, least = public_marts(), least_customers()
    names = [
        row[0]
        for row in connection.execute("""
            select table_name from information_schema.tables where table_schema = 'marts' order by table_name
        """).fetchall()
    ]
    published_file = building / "peakwise.duckdb"
    # BI drivers still read storage 1.5.
    connection.execute(f"attach {literal(str(published_file))} as release (read_write, storage_version 'v1.5.0')")
    rows, public_rows = {}, {}
    # Written to disk once, and not table by table.
    with one_transaction(connection):
        for name in names:
            connection.execute(f"create table release.main.{quoted(name)} as from marts.{quoted(name)}")
            rows[name] = connection.execute(f"select count(*) from release.main.{quoted(name)}").fetchone()[0]
            query = public_query(name, public[name], least) if name in public else f"from marts.{quoted(name)}"
            parquet = building / "parquet" / f"{name}.parquet"
            written = connection.execute(
                f"copy ({query}) to {literal(str(parquet))} (format parquet, compression zstd)"
            ).fetchone()[0]
            if name in public:
                public_rows[name] = written
    connection.execute("detach release")
    return rows, public_rows


def open_to_everybody(building: Path, public: Iterable[str]) -> None:
    """Let everybody read the manifest and the Parquet files of public marts; all else stays its owner's.

    Args:
        building: The folder of the release.
        public: The public marts.
    """
    for name in public:
        (building / "parquet" / f"{name}.parquet").chmod(PUBLIC_FILE)
    (building / "manifest.json").chmod(PUBLIC_FILE)
    for folder in (building / "parquet", building):
        folder.chmod(PUBLIC_FOLDER)


def flush(folder: Path) -> None:
    """Ask the system to write the folder's files to disk, so that a power cut cannot publish empty ones."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def show(folder: Path) -> None:
    """Make the link `published` point at a release, in one rename."""
    link = paths.published()
    new_link = link.with_name(f".{link.name}.{os.getpid()}")
    new_link.unlink(missing_ok=True)
    new_link.symlink_to(os.path.relpath(folder, link.parent))
    new_link.replace(link)


def remove_old_releases(releases: Path, newest: Path) -> None:
    """Keep the newest releases, so that a reader of a former one can finish."""
    folders = sorted(path for path in releases.iterdir() if path.is_dir() and not path.name.startswith("."))
    for folder in folders[:-RELEASES_KEPT]:
        if folder != newest:
            shutil.rmtree(folder)
