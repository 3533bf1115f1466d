"""Loading by format: the same readings in every form that the pipeline reads, and bare DuckDB where it reads them, too."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from side_by_side import format_writers
from side_by_side.peers import open_database
from side_by_side.pipeline_stages import load_file
from side_by_side.places import Places
from side_by_side.rounds import Results, Task
from side_by_side.stopwatch import Stopwatch

CSV_COLUMNS = (
    "{'service_point_id': 'varchar', 'channel': 'varchar', 'interval_start_at': 'timestamp', 'kwh': 'double', "
    "'version': 'bigint'}"
)
# A record of NEM12 is a whole day of its clock.
WHOLE_NEM12_DAYS = """
    from chosen
    qualify count(*) over (partition by service_point_id, cast(interval_start_at + interval 10 hour as date)) = 24
"""


@dataclass(frozen=True)
class FileFormat:
    """One form of the readings.

    Attributes:
        name: What the page calls it.
        file_name: Name of the file.
        write: Writes the view `written` to a file.
        customers_divisor: The file has the customers divided by this: formats that Python reads get fewer.
        rows: SQL that takes from the view `chosen` what the form can hold.
        bare_scan: SQL by which DuckDB alone reads a file, with `$path` for its path; None where it cannot.
        at_most: How many times as long as bare DuckDB loading may take; None without such a target.
    """

    name: str
    file_name: str
    write: Callable[[duckdb.DuckDBPyConnection, Path], None]
    customers_divisor: int = 1
    rows: str = "from chosen"
    bare_scan: str | None = None
    at_most: float | None = None


FORMATS = {
    "parquet": FileFormat(
        "Parquet", "format.parquet", format_writers.write_parquet, bare_scan="read_parquet('$path')", at_most=1.3
    ),
    "long_csv": FileFormat(
        "Long CSV", "format_long.csv", format_writers.write_long_csv,
        bare_scan=f"read_csv('$path', header = true, delim = ',', columns = {CSV_COLUMNS})", at_most=2.0,
    ),
    "wide_daily_csv": FileFormat("Wide daily CSV", "format_wide_daily.csv", format_writers.write_wide_daily_csv),
    "customer_columns_csv": FileFormat(
        "CSV with a column for each customer", "format_customer_columns.csv", format_writers.write_customer_columns_csv
    ),
    "nem12": FileFormat(
        "NEM12", "format_nem12.csv", format_writers.write_nem12, customers_divisor=5, rows=WHOLE_NEM12_DAYS
    ),
    "green_button": FileFormat(
        "Green Button XML", "format_green_button.xml", format_writers.write_green_button, customers_divisor=20
    ),
}  # fmt: skip


@dataclass(frozen=True)
class FormatRun:
    """What loading by format brought.

    Attributes:
        customers: Customers of the formats that have all.
        written: By format, the number of readings of its file, its megabytes, and its energy as a text.
        results: Phases of all rounds; a format's key is the variant.
    """

    customers: int
    written: Mapping[str, Mapping[str, Any]]
    results: Results


def make_files(stopwatch: Stopwatch, places: Places, customers: int) -> dict[str, dict[str, Any]]:
    """Write the readings of the first customers in every format, and tell what each file holds."""
    written = {}
    with stopwatch.phase("make files"), open_database(":memory:") as connection:
        for key, form in FORMATS.items():
            choose_customers(connection, places.readings, max(1, customers // form.customers_divisor))
            connection.execute(f"create or replace view written as {form.rows}")
            path = places.folder / form.file_name
            form.write(connection, path)
            readings, kwh = connection.execute(
                "select count(*), cast(sum(cast(kwh as decimal(18, 9))) as varchar) from written"
            ).fetchone()
            written[key] = {"readings": readings, "kwh": kwh, "megabytes": path.stat().st_size / 1e6}
    return written


def choose_customers(connection: duckdb.DuckDBPyConnection, readings: Path, customers: int) -> None:
    """Make the view `chosen` of the readings of the first customers by id; it keeps their order."""
    [(last,)] = connection.execute(f"""
        select max(service_point_id) from (
            select distinct service_point_id from '{readings}' order by service_point_id limit {customers}
        )
    """).fetchall()
    connection.execute(
        f"create or replace view chosen as select * from '{readings}' where service_point_id <= '{last}'"
    )


def bare_load(stopwatch: Stopwatch, places: Places) -> None:
    """DuckDB's own way into the file of the format that the variant names."""
    form = FORMATS[places.variant]
    places.bare_database.unlink(missing_ok=True)
    with stopwatch.phase("bare load"), open_database(places.bare_database) as connection:
        scan = form.bare_scan.replace("$path", str(places.folder / form.file_name))
        connection.execute(f"create table readings as select * from {scan}")
    places.bare_database.unlink()


def load(stopwatch: Stopwatch, places: Places, readings: int, kwh: str) -> None:
    """Load the file of the format that the variant names into a new warehouse.

    Args:
        stopwatch: Times the load.
        places: The format's key is the variant.
        readings: How many readings the file holds.
        kwh: Their energy.

    Raises:
        AssertionError: The warehouse holds something else than the file, or took it for another format.
    """
    from peakwise.warehouse import connect

    form = FORMATS[places.variant]
    shutil.rmtree(places.home, ignore_errors=True)
    result = load_file(stopwatch, places, places.folder / form.file_name)
    with connect(places.warehouse, read_only=True) as connection:
        held = connection.execute("select count(*), cast(sum(kwh) as varchar) from raw.readings").fetchone()
    if held != (readings, kwh) or result.file_format != places.variant:
        raise AssertionError(
            f"The {places.variant} file has {readings} readings of {kwh} kWh, but loaded as {result.file_format} the warehouse "
            f"holds {held[0]} of {held[1]} kWh."
        )
    shutil.rmtree(places.home)


def tasks_of_formats(written: Mapping[str, Mapping[str, Any]]) -> tuple[Task, ...]:
    """The tasks of a round, bare DuckDB just before the pipeline."""
    tasks = []
    for key, form in FORMATS.items():
        if form.bare_scan:
            tasks.append(Task("bare load", "formats.bare_load", key))
        expected = {"readings": written[key]["readings"], "kwh": written[key]["kwh"]}
        tasks.append(Task("load", "formats.load", key, expected))
    return tuple(tasks)
