"""Command-line options on how to understand meter files, the same for every command that loads them."""

import argparse
from pathlib import Path

from peakwise.errors import UnusableInput
from peakwise.loading import WEATHER_FIELDS, BesideReadings, Clock, ReadingOptions, WeatherOptions
from peakwise.readers import FORMATS
from peakwise.readers.columns import parse_column_mapping

AUTO = "auto"
# An empty text counts as not given, as `make` passes it.
TEXT = {"type": lambda value: value or None, "default": None}


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that `reading_options` and `beside_readings` read."""
    parser.add_argument("--label", **TEXT, help="what a time label marks: start or end of its interval (default: auto)")
    parser.add_argument(
        "--label-timezone",
        **TEXT,
        metavar="ZONE",
        help="clock of the labels: UTC, +10:00 or Europe/London (default: auto)",
    )
    parser.add_argument("--format", **TEXT, help=f"auto, {', '.join(FORMATS)} (default: auto, by each file's content)")
    parser.add_argument("--columns", **TEXT, metavar="FIELD=NAME,…", help="columns, where names are not recognised")
    parser.add_argument(
        "--channel", **TEXT, help="delivered or received, for files that do not tell (default: delivered)"
    )
    parser.add_argument(
        "--kwh-per-unit", **TEXT, metavar="NUMBER", help="kWh in one unit of the energy column, such as 0.001 for Wh"
    )
    parser.add_argument(
        "--interval-minutes", **TEXT, metavar="MINUTES", help="step of all readings (default: found for each meter)"
    )
    parser.add_argument("--utility-timezone", **TEXT, metavar="ZONE", help="zone of local days and hours")
    parser.add_argument("--holidays", **TEXT, metavar="CALENDAR", help="country of the holidays, such as GB or US-NY")
    parser.add_argument("--customers", **TEXT, metavar="FILE", help="customers and service agreements, Parquet or CSV")
    parser.add_argument("--system-load", **TEXT, metavar="FILE", help="the utility's own system load, Parquet or CSV")
    parser.add_argument("--weather", **TEXT, metavar="FILE", help="hourly temperature by station, Parquet or CSV")
    parser.add_argument(
        "--weather-columns", **TEXT, metavar="FIELD=NAME,…", help=f"its columns: {', '.join(WEATHER_FIELDS)}"
    )
    parser.add_argument("--weather-timezone", **TEXT, metavar="ZONE", help="its clock (default: that of the labels)")
    parser.add_argument("--outages", **TEXT, metavar="FILE", help="known outages by service point, Parquet or CSV")


def with_negative_offsets(arguments: list[str]) -> list[str]:
    """The arguments with `--label-timezone -05:00` as one word, for argparse takes `-05:00` for an option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--label-timezone" and argument[:2].strip("-").isdigit():
            joined[-1] = f"--label-timezone={argument}"
        else:
            joined.append(argument)
    return joined


def number(text: str | None, name: str, kind: type = int) -> int | float | None:
    """A number option, or None when it was not given.

    Raises:
        UnusableInput: The text is no number.
    """
    try:
        return None if text is None else kind(text)
    except ValueError as error:
        raise UnusableInput(f"{name} is '{text}' but must be a {'whole ' if kind is int else ''}number.") from error


def reading_options(given: argparse.Namespace) -> ReadingOptions:
    """How to understand the files that the command line names.

    Raises:
        UnusableInput: An option has a value that means nothing.
    """
    label, zone, file_format = (
        None if text == AUTO else text for text in (given.label, given.label_timezone, given.format)
    )
    factor = number(given.kwh_per_unit, "KWH_PER_UNIT", float)
    return ReadingOptions(
        label=label,
        label_clock=Clock.parse(zone) if zone else None,
        columns=parse_column_mapping(given.columns),
        channel=given.channel or "delivered",
        interval_minutes=number(given.interval_minutes, "INTERVAL_MINUTES"),
        file_format=file_format,
        kwh_per_unit=1 if factor is None else factor,
    )


def beside_readings(given: argparse.Namespace) -> BesideReadings:
    """The files beside the readings that the command line names.

    Raises:
        UnusableInput: An option has a value that means nothing.
    """
    zone = given.weather_timezone or given.label_timezone
    names = ("customers", "system_load", "weather", "outages")
    return BesideReadings(
        **{name: Path(getattr(given, name)) for name in names if getattr(given, name)},
        weather_options=WeatherOptions(
            label_clock=Clock.parse(zone) if zone and zone != AUTO else None,
            columns=parse_column_mapping(given.weather_columns, WEATHER_FIELDS),
        ),
    )
