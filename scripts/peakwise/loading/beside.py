"""Loads what comes beside the readings: customers, system load, weather, outages. All of it is optional."""

from pathlib import Path

import duckdb

from peakwise.loading.customers import load_customers
from peakwise.loading.options import ReadingOptions
from peakwise.loading.outages import load_outages
from peakwise.loading.system_load import load_system_load
from peakwise.loading.weather import WeatherOptions, load_weather
from peakwise.readers.packing import unpacked


def load_beside_readings(
    connection: duckdb.DuckDBPyConnection,
    options: ReadingOptions,
    weather_options: WeatherOptions,
    *,
    customers: Path | None,
    system_load: Path | None,
    weather: Path | None,
    outages: Path | None,
) -> list[str]:
    """Load the files that are given, each in one transaction, and say in a line each what it brought.

    Args:
        connection: The warehouse.
        options: How to understand time labels.
        weather_options: The same of temperatures.
        customers: File of customers and service agreements.
        system_load: File of the utility's own system load.
        weather: File of hourly temperatures.
        outages: File of known outages.

    Raises:
        UnusableInput: A file cannot be used.
    """
    told = []
    if customers is not None:
        with unpacked(customers) as path:
            brought = load_customers(connection, path)
        told.append(f"{brought.customers:,} customers with {brought.agreements:,} service agreements")
    if system_load is not None:
        with unpacked(system_load) as path:
            told.append(f"{load_system_load(connection, path, options):,} intervals of system load")
    if weather is not None:
        with unpacked(weather) as path:
            brought = load_weather(connection, path, weather_options)
        told.append(f"{brought.observations:,} temperatures of {brought.stations:,} station(s)")
    if outages is not None:
        with unpacked(outages) as path:
            brought = load_outages(connection, path, options.label_clock)
        told.append(f"{brought.outages:,} outages with {brought.interruptions:,} interruptions of service points")
    return told
