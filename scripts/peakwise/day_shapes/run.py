"""One run over all customer-days, from the warehouse's hourly loads to the three ml tables."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow
from numpy.typing import NDArray

from peakwise.day_shapes.days import HeldDays, hold_days, parts_of_days, sampled_shapes
from peakwise.day_shapes.explained import ExplainedVariance
from peakwise.day_shapes.settings import DEFAULT_K, DEFAULT_SEED, SAMPLED_DAYS, DayShapesSettings
from peakwise.errors import UnusableInput
from peakwise.segmentation.clustering import Segments, centroid_distances, different_shapes, fit_segments
from peakwise.segmentation.profiles import HOUR_COLUMNS
from peakwise.warehouse import connect, one_transaction


@dataclass(frozen=True)
class FoundDayShape:
    """A day shape in short."""

    day_shape_id: int
    top_hour: int
    """Local hour of highest load."""
    top_fraction: float
    """Share of the day's energy in that hour."""
    days: int
    """Customer-days of this shape."""


@dataclass(frozen=True)
class DayShapesSummary:
    """What a run did, in short."""

    run_id: str
    created_at: datetime
    k: int
    k_reason: str
    customers: int
    days: int
    sampled_days: int
    explained_fraction: float | None
    """Share of the variance of all days that day shapes explain, 0 to 1; None when all days are alike."""
    first_local_date: date
    last_local_date: date
    day_shapes: list[FoundDayShape]
    """In order of their number."""


def cluster_day_shapes(
    warehouse: Path, *, k: int = DEFAULT_K, seed: int = DEFAULT_SEED, created_at: datetime | None = None
) -> DayShapesSummary:
    """Find the shapes of customers' days and give every day the nearest one; the former run is replaced.

    Args:
        warehouse: The DuckDB file, with the models int_customer_day_loads and dim_customer built.
        k: Day shapes wanted; there are fewer where days do not differ enough.
        seed: Seed of the sample and of K-means.
        created_at: Time of the run, with a time zone; by default now.

    Raises:
        UnusableInput: A setting is out of bounds, the models are not built, or no day has a shape. The former run stays.
    """
    settings = DayShapesSettings(k=k, seed=seed)
    if not warehouse.exists():
        raise UnusableInput(f"There is no warehouse at {warehouse}. Run `make run` first.")
    created_at = (created_at or datetime.now(UTC)).astimezone(UTC)
    with connect(warehouse) as connection:
        held = hold_days(connection)
        if not held.days:
            raise UnusableInput(
                "No customer has a good day with all 24 hours metered: load readings of whole days, run `dbt build`, "
                "and cluster again."
            )
        sample = sampled_shapes(connection, settings.seed, SAMPLED_DAYS)
        found = fit_segments(sample, different_shapes(sample, enough=settings.k), settings.seed)
        with one_transaction(connection):
            return _write(connection, settings, held, found, created_at)


def _write(
    connection: duckdb.DuckDBPyConnection,
    settings: DayShapesSettings,
    held: HeldDays,
    found: Segments,
    created_at: datetime,
) -> DayShapesSummary:
    """Assign every day and fill the tables anew; the caller's transaction keeps all of it or nothing."""
    k = len(found.centroids)
    for table in ("day_shape_runs", "day_shape_centroids", "day_shape_assignments"):
        connection.execute(f"delete from ml.{table}")
    _insert(connection, "day_shape_centroids", _centroids(found))
    days_of_shape = np.zeros(k, dtype=np.int64)
    explained = ExplainedVariance()
    # Equal hashes mean equal assignments.
    digest = hashlib.blake2b(np.ascontiguousarray(found.centroids), digest_size=4)
    for part in parts_of_days(connection, held.days):
        distances = centroid_distances(part.shapes, found.centroids)
        rows = pyarrow.table(
            {
                "customer_key": part.customer_keys,
                "local_date": part.local_dates,
                "day_shape_id": (distances.labels + 1).astype(np.int16),
            }
        )
        _insert(connection, "day_shape_assignments", rows)
        days_of_shape += np.bincount(distances.labels, minlength=k)
        explained.add(part.shapes, distances.own)
        # Row by row, so that the size of parts does not matter.
        digest.update(np.column_stack([column.to_numpy().astype(np.int64) for column in rows.columns]))
    summary = DayShapesSummary(
        run_id=f"{created_at:%Y%m%dT%H%M%S.%fZ}-{digest.hexdigest()}",
        created_at=created_at,
        k=k,
        k_reason=_k_reason(k, settings.k),
        customers=held.customers,
        days=held.days,
        sampled_days=len(found.labels),
        explained_fraction=explained.fraction,
        first_local_date=held.first_local_date,
        last_local_date=held.last_local_date,
        day_shapes=_day_shapes(found.centroids, days_of_shape),
    )
    _insert(connection, "day_shape_runs", _run(summary, settings.seed))
    return summary


def _k_reason(k: int, wanted: int) -> str:
    if k == wanted:
        return f"k is {k}, as given."
    return f"k is {k} and not {wanted}: there are no more different days."


def _day_shapes(centroids: NDArray[np.float64], days: NDArray[np.integer]) -> list[FoundDayShape]:
    return [
        FoundDayShape(index + 1, int(centroid.argmax()), float(centroid.max()), int(days[index]))
        for index, centroid in enumerate(centroids)
    ]


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pyarrow.Table) -> None:
    connection.register("rows_of_run", rows)
    connection.execute(f"insert into ml.{table} by name select * from rows_of_run")
    connection.unregister("rows_of_run")


def _centroids(found: Segments) -> pyarrow.Table:
    k = len(found.centroids)
    return pyarrow.table(
        {
            "day_shape_id": np.arange(1, k + 1),
            "sampled_days": np.bincount(found.labels, minlength=k),
            **{name: np.ascontiguousarray(found.centroids[:, hour]) for hour, name in enumerate(HOUR_COLUMNS)},
        }
    )


def _run(summary: DayShapesSummary, seed: int) -> pyarrow.Table:
    names = ("run_id", "k", "k_reason", "customers", "days", "sampled_days", "first_local_date", "last_local_date")
    return pyarrow.Table.from_pylist(
        [
            {name: getattr(summary, name) for name in names}
            | {
                "created_at": summary.created_at.replace(tzinfo=None),
                "seed": seed,
                "explained_fraction": summary.explained_fraction,
            }
        ]
    )
