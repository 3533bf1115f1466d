"""Loads what comes beside the readings: customers, system load, weather, outages. All of it is optional."""

from pathlib import Path

import duckdb

from peakwise.loading.customers import load_customers
from peakwise.loading.options import ReadingOptions
from peakwise.loading.outages import load_outages
from peakwise.loading.system_load import load_system_load
from peakwise.loading.weather import WeatherOptions, load_weather


def load_beside_readings(
    connection: duckdb.DuckDBPyConnection,
    options: ReadingOptions,
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
        customers: File of customers and service agreements.
        system_load: File of the utility's own system load.
        weather: File of hourly temperatures.
        outages: File of known outages.

    Raises:
        UnusableInput: A file cannot be used.
    """
    told = []
    if customers is not None:
        brought = load_customers(connection, customers)
        told.append(f"{brought.customers:,} customers with {brought.agreements:,} service agreements")
    if system_load is not None:
        told.append(f"{load_system_load(connection, system_load, options):,} intervals of system load")
    if weather is not None:
        brought = load_weather(connection, weather, WeatherOptions(label_clock=options.label_clock))
        told.append(f"{brought.observations:,} temperatures of {brought.stations:,} station(s)")
    if outages is not None:
        brought = load_outages(connection, outages, options.label_clock)
        told.append(f"{brought.outages:,} outages with {brought.interruptions:,} interruptions of service points")
    return told
