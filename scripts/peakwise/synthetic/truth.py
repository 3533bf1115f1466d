"""Tables beside the readings: what the utility has on file, and what only tests and benchmarks may know."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from peakwise.synthetic.archetypes import ARCHETYPES, NAMES
from peakwise.synthetic.faults import KINDS
from peakwise.synthetic.files import (
    FAULTS_SCHEMA,
    OPTIONS_FILE,
    TRUE_OUTAGES_SCHEMA,
    instants,
    service_point_texts,
    texts,
    utc_instants,
)
from peakwise.synthetic.local_clock import month_after
from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.outages import OUTAGE_CAUSES
from peakwise.synthetic.population import Agreements, customer_id, date_of_day, service_point_id
from peakwise.synthetic.programs import Programs
from peakwise.synthetic.readings import CHANNELS, BlockMonth, MonthSetting, Utility

STATION = "station_1"


def write_customers(options: SyntheticOptions, agreements: Agreements, programs: Programs, path: Path) -> None:
    """Write what the utility knows of its customers: one row per service agreement, by service point and time."""
    is_enrolled = programs.is_enrolled[programs.position]
    order = np.lexsort((agreements.starts_on_day, agreements.service_point))
    known = agreements.rows(order)
    classes = [ARCHETYPES[kind].customer_class for kind in known.archetype]
    table = pa.table(
        {
            **_names(known),
            "customer_class": pa.array(classes, pa.string()),
            "valid_from": _dates(options, known.starts_on_day),
            "valid_to": _dates(options, known.ends_on_day),
            "has_consent": pa.array(known.has_consent),
            "has_medical_need": pa.array(known.has_medical_need),
            "is_enrolled": pa.array(is_enrolled[order]),
        }
    )
    pq.write_table(table, path, compression="zstd")


def write_true_customers(
    options: SyntheticOptions,
    agreements: Agreements,
    programs: Programs,
    delivered_kwh: np.ndarray,
    received_kwh: np.ndarray,
    path: Path,
) -> None:
    """Write the truth about customers: one row per service agreement, in the order of `customers.parquet`."""
    order = np.lexsort((agreements.starts_on_day, agreements.service_point))
    known = agreements.rows(order)
    traits, person = programs.traits, programs.position[order]
    table = pa.table(
        {
            **_names(known),
            "valid_from": _dates(options, known.starts_on_day),
            "archetype": pa.array([NAMES[kind] for kind in known.archetype], pa.string()),
            "annual_kwh": pa.array(known.annual_kwh),
            "flexible_fraction": pa.array(known.flexible_fraction),
            "willingness": pa.array(known.willingness),
            "response_probability": pa.array(known.response_probability),
            "delivered_kwh": pa.array(np.round(delivered_kwh[order], 4)),
            "received_kwh": pa.array(np.round(received_kwh[order], 4)),
            "has_vehicle": pa.array(known.has_vehicle),
            "charger_kw": pa.array(known.charger_kw, mask=~known.has_vehicle),
            "vehicle_from": _dates(options, known.vehicle_from_day),
            "has_storage_heater": pa.array(known.storage_kw > 0),
            "has_water_heater_timer": pa.array(known.water_kw > 0),
            "has_pool_pump": pa.array(known.pool_kw > 0),
            "has_solar": pa.array(known.solar_share > 0),
            "opt_out_probability": pa.array(1 / (1 + np.exp(-traits.opt_out_logit[person]))),
            "fatigue_fraction": pa.array(traits.fatigue[person]),
        }
    )
    pq.write_table(table, path, compression="zstd")


def write_station_weather(utility: Utility, last_instant: int, path: Path) -> None:
    """Write what the utility's weather station observed: the temperature at each hour up to the last reading.

    Args:
        utility: The utility.
        last_instant: Microseconds from 1970-01-01 UTC to the last reading.
        path: The file.
    """
    weather = utility.weather
    shown = weather.hour_start_at <= last_instant
    table = pa.table(
        {
            "station_id": pa.array([STATION] * int(shown.sum()), pa.string()),
            "observed_at": utc_instants(weather.hour_start_at[shown]),
            "temperature_c": pa.array(np.round(weather.temperature_celsius[shown], 2)),
        }
    )
    pq.write_table(table, path, compression="zstd")


def write_weather(utility: Utility, last_instant: int, path: Path) -> None:
    """Write the hourly weather up to the utility's last reading."""
    weather = utility.weather
    shown = weather.hour_start_at <= last_instant
    table = pa.table(
        {
            "hour_start_at": instants(weather.hour_start_at[shown]),
            "temperature_celsius": pa.array(np.round(weather.temperature_celsius[shown], 2)),
            "clearness_fraction": pa.array(np.round(weather.clearness_fraction[shown], 4)),
        }
    )
    pq.write_table(table, path, compression="zstd")


def write_options(options: SyntheticOptions, folder: Path) -> None:
    """Write the options that this utility was made from; the file also marks the folder as replaceable."""
    path = folder / OPTIONS_FILE
    path.write_text(json.dumps(asdict(options), indent=2, default=date.isoformat) + "\n", encoding="utf-8")


def faults_table(result: BlockMonth, setting: MonthSetting) -> pa.Table:
    """Runs of faults of one block and month as a table of `truth/faults.parquet`."""
    runs = result.faults
    assert runs is not None
    at = setting.month.interval_start_at
    this_month = np.datetime64(setting.month.first_day, "D")
    next_month = np.datetime64(month_after(setting.month.first_day, 1), "D")
    return pa.Table.from_arrays(
        [
            texts(runs.kind, list(KINDS)),
            service_point_texts(result.service_point[runs.register]),
            texts(result.channel[runs.register], list(CHANNELS)),
            instants(at[runs.first]),
            instants(at[runs.last]),
            pa.array(runs.readings, pa.int64()),
            pa.array(runs.true_kwh),
            pa.array(runs.written_kwh),
            pa.array(np.where(runs.is_late, next_month, this_month)),
        ],
        schema=FAULTS_SCHEMA,
    )


def outages_table(result: BlockMonth, setting: MonthSetting) -> pa.Table:
    """Outages of one block and month as a table of `truth/outages.parquet`.

    Args:
        result: What the block and month gave; with faults.
        setting: The month.

    Returns:
        One row per outage and service point that it hit.
    """
    outages, grid = result.outages, setting.outages
    assert outages is not None and grid is not None
    event = outages.event
    return pa.Table.from_arrays(
        [
            texts(event, [outage_id(setting, number) for number in range(len(grid))]),
            service_point_texts(result.points[outages.point]),
            utc_instants(grid.start_at[event]),
            utc_instants(grid.end_at[event]),
            texts(grid.cause[event], list(OUTAGE_CAUSES)),
            pa.array(grid.is_recorded[event]),
        ],
        schema=TRUE_OUTAGES_SCHEMA,
    )


def outage_id(setting: MonthSetting, event: int) -> str:
    """Text id of an outage by its position in the month's."""
    return f"{setting.month.first_day:%Y-%m}-{event + 1:05d}"


def _names(known: Agreements) -> dict[str, pa.Array]:
    return {
        "customer_id": pa.array([customer_id(number) for number in known.customer.tolist()], pa.string()),
        "service_point_id": pa.array(
            [service_point_id(number) for number in known.service_point.tolist()], pa.string()
        ),
    }


def _dates(options: SyntheticOptions, days: np.ndarray) -> pa.Array:
    return pa.array([date_of_day(options, day) for day in days.tolist()], pa.date32())
