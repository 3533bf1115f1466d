"""The four ml tables of a segmentation, written together or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import numpy as np
import pyarrow
from numpy.typing import NDArray

from peakwise.segmentation.class_segmentation import ClassSegmentation
from peakwise.segmentation.profiles import HOUR_COLUMNS, StandardisedProfiles
from peakwise.warehouse import one_transaction

TABLES = ["segment_runs", "segment_centroids", "segment_assignments", "segment_k_diagnostics"]


@dataclass(frozen=True)
class Run:
    """Identity of a segmentation run."""

    run_id: str
    created_at: datetime
    """With a time zone."""
    seed: int
    git_revision: str | None


def write_run(
    connection: duckdb.DuckDBPyConnection,
    run: Run,
    profiles: StandardisedProfiles,
    segmentations: Mapping[str, ClassSegmentation],
    segment_ids: Mapping[str, NDArray[np.int16]],
) -> None:
    """Add the run to the ml tables in one transaction; the rows of other runs stay.

    A run of the same run_id, which has the same time, data and settings, is replaced.

    Args:
        connection: The warehouse.
        run: Identity of the run.
        profiles: What was segmented.
        segmentations: For each customer class its segments.
        segment_ids: For each customer class the id of each of its segments, shape (k,).
    """
    tables = {
        "segment_runs": _runs(run, profiles, segmentations),
        "segment_centroids": _centroids(run, segmentations, segment_ids),
        "segment_assignments": _assignments(run, profiles, segmentations, segment_ids),
        "segment_k_diagnostics": _diagnostics(run, segmentations),
    }
    with one_transaction(connection):
        for name in TABLES:
            connection.execute(f"delete from ml.{name} where run_id = ?", [run.run_id])
            connection.register("rows_of_run", tables[name])
            connection.execute(f"insert into ml.{name} by name select * from rows_of_run")
            connection.unregister("rows_of_run")


def _nullable(values: NDArray[np.float64]) -> pyarrow.Array:
    """NaN, a figure without meaning, becomes null."""
    return pyarrow.array(values, mask=np.isnan(values))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _runs(run: Run, profiles: StandardisedProfiles, segmentations: Mapping[str, ClassSegmentation]) -> pyarrow.Table:
    rows = [
        {
            "run_id": run.run_id,
            "customer_class": customer_class,
            "created_at": run.created_at.astimezone(UTC).replace(tzinfo=None),
            "season": profiles.season,
            "day_type": profiles.day_type,
            "standardisation": profiles.standardisation,
            "k": found.k,
            "seed": run.seed,
            "customers": len(found.segments.labels),
            "inertia": found.segments.inertia,
            "silhouette": _number(found.silhouette),
            "null_silhouette_mean": _number(found.clouds.mean_silhouette),
            "null_silhouette_high": _number(found.clouds.highest_silhouette),
            "davies_bouldin": _number(found.davies_bouldin),
            "calinski_harabasz": _number(found.calinski_harabasz),
            "descriptive_only": found.descriptive_only,
            "verdict": found.verdict,
            "git_revision": run.git_revision,
            "first_usage_date": profiles.first_usage_date,
            "last_usage_date": profiles.last_usage_date,
        }
        for customer_class, found in segmentations.items()
    ]
    return pyarrow.Table.from_pylist(rows)


def _centroids(
    run: Run, segmentations: Mapping[str, ClassSegmentation], segment_ids: Mapping[str, NDArray[np.int16]]
) -> pyarrow.Table:
    rows = [
        {
            "run_id": run.run_id,
            "segment_id": int(segment_id),
            "customer_class": customer_class,
            "customers": int(customers),
            **dict(zip(HOUR_COLUMNS, centroid.tolist(), strict=True)),
        }
        for customer_class, found in segmentations.items()
        for segment_id, customers, centroid in zip(
            segment_ids[customer_class], found.sizes, found.segments.centroids, strict=True
        )
    ]
    return pyarrow.Table.from_pylist(rows)


def _assignments(
    run: Run,
    profiles: StandardisedProfiles,
    segmentations: Mapping[str, ClassSegmentation],
    segment_ids: Mapping[str, NDArray[np.int16]],
) -> pyarrow.Table:
    return pyarrow.concat_tables(
        pyarrow.table(
            {
                "run_id": pyarrow.repeat(run.run_id, len(found.segments.labels)),
                "customer_key": profiles.customer_keys[profiles.rows_of_class[customer_class]],
                "segment_id": segment_ids[customer_class][found.segments.labels],
                "was_fitted": pyarrow.repeat(True, len(found.segments.labels)),
                "distance": found.distances.own,
                "next_distance": _nullable(found.distances.following),
                "silhouette": _nullable(found.silhouettes),
            }
        )
        for customer_class, found in segmentations.items()
    )


def _diagnostics(run: Run, segmentations: Mapping[str, ClassSegmentation]) -> pyarrow.Table:
    rows = [
        {
            "run_id": run.run_id,
            "customer_class": customer_class,
            "k": diagnostic.k,
            "inertia": diagnostic.inertia,
            "silhouette": _number(diagnostic.silhouette),
            "null_inertia": _number(diagnostic.null_inertia),
            "null_silhouette": _number(diagnostic.null_silhouette),
            "smallest_segment_fraction": diagnostic.smallest_segment_fraction,
        }
        for customer_class, found in segmentations.items()
        for diagnostic in found.diagnostics
    ]
    return pyarrow.Table.from_pylist(rows)
