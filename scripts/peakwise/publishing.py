"""Publishes a release: every mart as a table of one DuckDB file and as Parquet, with figures and a manifest.

A release is written beside the published one and shown by swapping one link in one rename. Whoever reads several files
of a release resolves the link once.
"""

import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import yaml

from peakwise import paths
from peakwise.warehouse import connect, literal, quoted

RELEASES_KEPT = 3
PRIVATE, PUBLIC = 0o600, 0o644


@dataclass(frozen=True)
class Release:
    """A published release.

    Attributes:
        folder: Where it lies.
        rows: Rows of each table.
    """

    folder: Path
    rows: dict[str, int]


def tables_with_personal_data() -> set[str]:
    """Marts whose YAML marks them as holding data of single customers."""
    marked = set()
    for path in (paths.PROJECT / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            if model.get("config", {}).get("meta", {}).get("personal_data"):
                marked.add(model["name"])
    return marked


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
    (building / "parquet").mkdir(parents=True)
    personal = tables_with_personal_data()
    with connect(warehouse, read_only=True) as connection:
        rows = copy_marts(connection, building, personal)
        utility = connection.execute("select * from raw.utility").fetchone()
        columns = [column[0] for column in connection.description]
    if figures is not None and figures.is_dir():
        shutil.copytree(figures, building / "figures")
    manifest = {
        "release_id": release_id,
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "utility": dict(zip(columns, utility, strict=True)) if utility else None,
        "tables": {name: {"rows": count, "personal_data": name in personal} for name, count in rows.items()},
        "figures": sorted(path.name for path in (building / "figures").glob("*.png")),
    }
    (building / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    flush(building)
    folder = releases / release_id
    building.rename(folder)
    show(folder)
    remove_old_releases(releases, folder)
    return Release(folder, rows)


def copy_marts(connection: duckdb.DuckDBPyConnection, building: Path, personal: set[str]) -> dict[str, int]:
    """Copy every mart into one DuckDB file and into Parquet files, and return the rows of each."""
    names = [
        row[0]
        for row in connection.execute("""
            select table_name from information_schema.tables where table_schema = 'marts' order by table_name
        """).fetchall()
    ]
    published_file = building / "peakwise.duckdb"
    # BI drivers still read storage 1.5.
    connection.execute(f"attach {literal(str(published_file))} as release (read_write, storage_version 'v1.5.0')")
    rows = {}
    for name in names:
        connection.execute(f"create table release.main.{quoted(name)} as from marts.{quoted(name)}")
        parquet = building / "parquet" / f"{name}.parquet"
        connection.execute(
            f"copy (from marts.{quoted(name)}) to {literal(str(parquet))} (format parquet, compression zstd)"
        )
        parquet.chmod(PRIVATE if name in personal else PUBLIC)
        rows[name] = connection.execute(f"select count(*) from release.main.{quoted(name)}").fetchone()[0]
    connection.execute("detach release")
    published_file.chmod(PRIVATE)
    return rows


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
