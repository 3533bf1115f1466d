"""The record of loads: which file, which content, and where each of its rows went."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class FileResult:
    """Where the rows of one file went; all counts are rows.

    Attributes:
        name: The file's name; `archive.zip/file.csv` for a member of an archive.
        state: `loaded`, `known` (the same content was loaded before) or `unusable`.
        message: For an unusable file, one sentence that says why.
        understood: What its labels mark and by which clock, and who told it; of a loaded file.
        load_id: The load that brought the file's content, this one or an earlier one; None for an unusable file.
        first_interval_start_at: UTC start of the earliest interval among good rows, of a loaded file.
        last_interval_end_at: UTC end of the latest one.
    """

    name: str
    state: str
    message: str = ""
    file_format: str = ""
    understood: str = ""
    rows_in: int = 0
    rows_accepted: int = 0
    rows_duplicate: int = 0
    rows_superseded: int = 0
    rows_rejected: int = 0
    rows_ambiguous: int = 0
    seconds: float = 0.0
    load_id: int | None = None
    first_interval_start_at: datetime | None = None
    last_interval_end_at: datetime | None = None

    @property
    def ambiguity(self) -> str:
        """One sentence on rows of the repeated hour; empty when all of them could be told."""
        if not self.rows_ambiguous:
            return ""
        return (
            f"{self.name}: {self.rows_ambiguous:,} row(s) lie in the repeated hour of a clock change without a partner and "
            "were read as its first"
        )


def content_hash(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def joint_hash(*digests: str) -> str:
    """SHA-256 of several files together, in hexadecimal."""
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def known_load(connection: duckdb.DuckDBPyConnection, digest: str) -> int | None:
    """The load that brought this very content, or None."""
    row = connection.execute("select load_id from raw.load_manifest where content_hash = ?", [digest]).fetchone()
    return row[0] if row else None


def next_load_id(connection: duckdb.DuckDBPyConnection, manifest: str = "raw.load_manifest") -> int:
    """The number of the next load of a manifest, that of the readings or `raw.source_manifest`."""
    return connection.execute(f"select coalesce(max(load_id), 0) + 1 from {manifest}").fetchone()[0]


def record_whole_file(connection: duckdb.DuckDBPyConnection, table_name: str, path: Path, name: str, rows: int) -> None:
    """Note in `raw.source_manifest` that a file was loaded of which every row counts; the same content is noted once, anew.

    Args:
        connection: The warehouse.
        table_name: What the file was loaded into.
        path: The file, unpacked.
        name: Its name as people know it.
        rows: Rows in the file.
    """
    digest = content_hash(path)
    connection.execute(
        "delete from raw.source_manifest where table_name = ? and content_hash = ?", [table_name, digest]
    )
    connection.execute(
        "insert into raw.source_manifest values (?, ?, ?, ?, ?, ?, null, 0, timezone('UTC', now()))",
        [next_load_id(connection, "raw.source_manifest"), table_name, name, digest, rows, rows],
    )
