"""The four ml tables of a segmentation, written together or not at all."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import duckdb
import numpy as np
import pyarrow
from numpy.typing import NDArray

from peakwise.segmentation.class_segmentation import ClassSegmentation
from peakwise.segmentation.identities import Identities
from peakwise.segmentation.profiles import HOUR_COLUMNS, StandardisedProfiles
from peakwise.warehouse import one_transaction

TABLES = ["segment_runs", "segment_centroids", "segment_assignments", "segment_k_diagnostics"]


@dataclass(frozen=True)
class Run:
    """Identity of a segmentation run."""

    run_id: str
    created_at: datetime
    """With a time zone."""
    is_accepted: bool
    """In use at once, because no run of its purpose is."""
    compared_run_id: str | None
    purpose: str
    algorithm: str
    seed: int
    git_revision: str | None


def write_run(
    connection: duckdb.DuckDBPyConnection,
    run: Run,
    profiles: StandardisedProfiles,
    segmentations: Mapping[str, ClassSegmentation],
    identities: Mapping[str, Identities],
) -> None:
    """Add the run to the ml tables in one transaction; the rows of other runs stay.

    A run of the same run_id, which has the same time, data and settings, is replaced. A candidate whose place the run
    takes is retired.

    Args:
        connection: The warehouse.
        run: Identity of the run.
        profiles: What was segmented.
        segmentations: For each customer class its segments.
        identities: For each customer class the numbers of its segments.
    """
    tables = {
        "segment_runs": _runs(run, profiles, segmentations),
        "segment_centroids": _centroids(run, profiles, segmentations, identities),
        "segment_assignments": _assignments(run, profiles, segmentations, identities),
        "segment_k_diagnostics": _diagnostics(run, segmentations),
    }
    with one_transaction(connection):
        connection.execute(
            """
            update ml.segment_runs set status = 'retired'
            where status = 'candidate' and purpose = $purpose
                and ($purpose = 'targeting' or profile_set = $profile_set)
            """,
            {"purpose": run.purpose, "profile_set": str(profiles.profile_set)},
        )
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
    created_at = run.created_at.astimezone(UTC).replace(tzinfo=None)
    rows = [
        {
            "run_id": run.run_id,
            "customer_class": customer_class,
            "created_at": created_at,
            "status": "accepted" if run.is_accepted else "candidate",
            "accepted_at": created_at if run.is_accepted else None,
            "compared_run_id": run.compared_run_id,
            "purpose": run.purpose,
            "profile_set": str(profiles.profile_set),
            "standardisation": profiles.standardisation,
            "algorithm": run.algorithm,
            "k": found.k,
            "k_reason": found.k_reason,
            "seed": run.seed,
            "customers": len(found.labels),
            "outliers": int(found.outliers.is_outlier.sum()),
            "inertia": found.segments.inertia,
            "silhouette": _number(found.silhouette),
            "null_silhouette_mean": _number(found.clouds.mean_silhouette),
            "null_silhouette_high": _number(found.clouds.highest_silhouette),
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
    run: Run,
    profiles: StandardisedProfiles,
    segmentations: Mapping[str, ClassSegmentation],
    identities: Mapping[str, Identities],
) -> pyarrow.Table:
    rows = [
        {
            "run_id": run.run_id,
            "segment_id": int(segment_id),
            "season": season,
            "day_type": day_type,
            "customer_class": customer_class,
            "customers": int(customers),
            "matched_distance": _number(matched_distance),
            **dict(zip(HOUR_COLUMNS, hours.tolist(), strict=True)),
        }
        for customer_class, found in segmentations.items()
        for segment_id, matched_distance, customers, centroid in zip(
            identities[customer_class].segment_ids,
            identities[customer_class].matched_distances,
            found.sizes,
            found.segments.centroids,
            strict=True,
        )
        for (season, day_type), hours in zip(
            profiles.profile_set.parts, centroid.reshape(-1, len(HOUR_COLUMNS)), strict=True
        )
    ]
    return pyarrow.Table.from_pylist(rows)


def _assignments(
    run: Run,
    profiles: StandardisedProfiles,
    segmentations: Mapping[str, ClassSegmentation],
    identities: Mapping[str, Identities],
) -> pyarrow.Table:
    return pyarrow.concat_tables(
        pyarrow.table(
            {
                "run_id": pyarrow.repeat(run.run_id, len(found.labels)),
                "customer_key": profiles.customer_keys[profiles.rows_of_class[customer_class]],
                "segment_id": identities[customer_class].segment_ids[found.labels],
                "was_fitted": ~found.outliers.is_outlier,
                "is_outlier": found.outliers.is_outlier,
                "outlier_factor": _nullable(found.outliers.factors),
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
            "is_chosen": diagnostic.k == found.k,
            **{
                name: _number(value) if isinstance(value, float) else value
                for name, value in asdict(diagnostic).items()
            },
        }
        for customer_class, found in segmentations.items()
        for diagnostic in found.diagnostics
    ]
    return pyarrow.Table.from_pylist(rows)
