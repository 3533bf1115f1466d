"""Loads what comes beside the readings: customers, system load, weather, outages. All of it is optional."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from peakwise.loading.customers import load_customers
from peakwise.loading.manifest import record_whole_file
from peakwise.loading.options import ReadingOptions
from peakwise.loading.outages import load_outages
from peakwise.loading.system_load import load_system_load
from peakwise.loading.weather import WeatherOptions, load_weather
from peakwise.readers.file_text import shown_name
from peakwise.readers.packing import unpacked
from peakwise.warehouse import one_transaction


@dataclass(frozen=True)
class BesideReadings:
    """The files that a utility gives beside its readings; None where it has none.

    Attributes:
        customers: Customers and service agreements.
        system_load: The utility's own system load.
        weather: Hourly temperatures.
        outages: Known outages.
        weather_options: How to understand the temperatures.
    """

    customers: Path | None = None
    system_load: Path | None = None
    weather: Path | None = None
    outages: Path | None = None
    weather_options: WeatherOptions = field(default_factory=WeatherOptions)


def load_beside_readings(
    connection: duckdb.DuckDBPyConnection, files: BesideReadings, options: ReadingOptions
) -> list[str]:
    """Load the files that are given, each in one transaction, and say in a line each what it brought.

    Args:
        connection: The warehouse.
        files: The files.
        options: How to understand time labels other than the weather's.

    Raises:
        UnusableInput: A file cannot be used.
    """
    told = []
    if files.customers is not None:
        with unpacked(files.customers) as path:
            brought = load_customers(connection, path)
            _record(connection, "customers", files.customers, path, brought.agreements)
        told.append(f"{brought.customers:,} customers with {brought.agreements:,} service agreements")
    if files.system_load is not None:
        with unpacked(files.system_load) as path:
            intervals = load_system_load(connection, path, options)
            _record(connection, "system_load", files.system_load, path, intervals)
        told.append(f"{intervals:,} intervals of system load")
    if files.weather is not None:
        with unpacked(files.weather) as path:
            brought = load_weather(connection, path, files.weather_options)
            rows = brought.observations + brought.repeated + brought.gaps
            _record(connection, "weather", files.weather, path, rows)
        told.append(f"{brought.observations:,} temperatures of {brought.stations:,} station(s)")
    if files.outages is not None:
        with unpacked(files.outages) as path:
            brought = load_outages(connection, path, options.label_clock)
            _record(connection, "outages", files.outages, path, brought.interruptions)
        told.append(f"{brought.outages:,} outages with {brought.interruptions:,} interruptions of service points")
    return told


def _record(connection: duckdb.DuckDBPyConnection, table_name: str, file: Path, unpacked_file: Path, rows: int) -> None:
    """Note which file a table holds, and since when."""
    with one_transaction(connection):
        record_whole_file(connection, table_name, unpacked_file, shown_name(file), rows)
