"""Small meter files and a warehouse in memory to load them into, for the tests of readers and loaders."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from peakwise import warehouse
from peakwise.loading import Clock, FileResult, ReadingOptions, load_readings
from peakwise.readers import ReadingFile

HEADER = "service_point_id,timestamp,kwh"


@cache
def tables() -> dict[str, dict[str, str]]:
    return warehouse.source_tables()


@dataclass
class Desk:
    """A warehouse in memory and a folder for files."""

    connection: duckdb.DuckDBPyConnection
    folder: Path

    def csv(self, *lines: str, name: str = "readings.csv", header: str = HEADER, end: str = "\n") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes("".join(line + end for line in (header, *lines)).encode())
        return path

    def parquet(self, query: str, name: str = "readings.parquet") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = self.folder / "written.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"copy ({query}) to '{plain}' (format parquet)")
        return plain.rename(path)

    def load(self, *paths: Path, label: str | None = "start", clock: str | None = "UTC", **options) -> list[FileResult]:
        label_clock = Clock.parse(clock) if clock else None
        return load_readings(self.connection, paths, ReadingOptions(label=label, label_clock=label_clock, **options))

    def rows(self, query: str) -> list[tuple]:
        return self.connection.execute(query).fetchall()

    def readings(self) -> list[tuple]:
        """(service point, start, minutes, kWh) of every reading that counts."""
        return self.rows("""
            select service_point_id, strftime(interval_start_at, '%Y-%m-%d %H:%M'), interval_minutes, kwh::double
            from raw.readings join raw.meters using (meter_key) order by 1, 2, 4
        """)

    def rejects(self) -> list[tuple[int, str]]:
        return self.rows("select line_number, reason from raw.rejected_readings order by load_id, line_number")

    def empty(self) -> None:
        for name in tables():
            self.connection.execute(f"delete from {name}")


@contextmanager
def desk_in(folder: Path, threads: int = 2) -> Iterator[Desk]:
    with duckdb.connect() as connection:
        for name, value in warehouse.SETTINGS.items():
            connection.execute(f"set {name} = {warehouse.literal(value) if isinstance(value, str) else value}")
        connection.execute(f"set threads = {threads}")
        for name, columns in tables().items():
            connection.execute(f"create schema if not exists {name.split('.')[0]}")
            connection.execute(
                f"create table {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})"
            )
        desk = Desk(connection, folder)
        yield desk
        # Whoever keeps the desk must not keep the closed connection.
        del desk.connection


def fates(result: FileResult) -> tuple[int, int, int, int, int]:
    """Rows in, accepted, duplicate, superseded, rejected; the four must sum up to the first."""
    counts = (result.rows_accepted, result.rows_duplicate, result.rows_superseded, result.rows_rejected)
    assert result.rows_in == sum(counts)
    return (result.rows_in, *counts)


def hours(service_point: str, first: str, count: int, step_minutes: int = 60) -> str:
    """A query of consecutive readings, the k-th of k / 1000 kWh."""
    return f"""
        select '{service_point}' as service_point_id, timestamp '{first}' + to_minutes({step_minutes} * k::integer) as timestamp,
            k / 1000 as kwh
        from range({count}) as steps(k)
    """


def write_lines(folder: Path, *lines: str, name: str, end: str = "\n") -> Path:
    path = folder / name
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


def readings_in_file_order(connection: duckdb.DuckDBPyConnection, file: ReadingFile) -> list[tuple]:
    """(service point, label, kWh, line) of every row that a reader found."""
    return connection.execute(f"""
        select service_point_id, strftime(label_at, '%Y-%m-%d %H:%M'), kwh, line_number from ({file.relation})
        order by row_number
    """).fetchall()
