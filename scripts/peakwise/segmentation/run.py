"""One segmentation run, from the warehouse's profiles to its ml tables."""

import hashlib
import math
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import numpy as np

from peakwise.errors import UnusableInput
from peakwise.paths import PROJECT
from peakwise.segmentation.class_segmentation import ClassSegmentation, segment_class
from peakwise.segmentation.earlier_runs import read_earlier_runs
from peakwise.segmentation.identities import Identities, identify
from peakwise.segmentation.profile_sets import CHOICES, DEFAULT_CHOICE, ProfileChoice
from peakwise.segmentation.profiles import StandardisedProfiles, read_profiles
from peakwise.segmentation.settings import SegmentationSettings
from peakwise.segmentation.tables import Run, write_run
from peakwise.warehouse import connect


@dataclass(frozen=True)
class ClassSummary:
    """What a run made of one customer class."""

    customer_class: str
    k: int
    k_reason: str
    customers: int
    outliers: int
    sizes: dict[int, int]
    """Customers by segment_id."""
    silhouette: float | None
    """Mean silhouette, -1 to 1; None when k is 1."""
    descriptive_only: bool
    """True when the null test finds no more structure than a Gaussian cloud has."""
    verdict: str


@dataclass(frozen=True)
class SegmentationSummary:
    """What a run did, in short."""

    run_id: str
    created_at: datetime
    is_accepted: bool
    """In use at once; otherwise a candidate that waits for a decision."""
    compared_run_id: str | None
    profile_set: str
    standardisation: str
    first_usage_date: date | None
    last_usage_date: date | None
    classes: list[ClassSummary]
    """In order of the class's name."""

    @property
    def customers(self) -> int:
        """Customers in all classes together."""
        return sum(summary.customers for summary in self.classes)


def segment_customers(
    warehouse: Path,
    settings: SegmentationSettings | None = None,
    choice: ProfileChoice = CHOICES[DEFAULT_CHOICE],
    *,
    created_at: datetime | None = None,
) -> list[SegmentationSummary]:
    """Segment the customers of a warehouse, class by class, and add the run to its ml tables.

    A run is in use at once where none of its purpose is; otherwise it is a candidate until `accept_candidates`.

    Args:
        warehouse: The DuckDB file, with the models int_profiles_standardized and int_customer_days_assessed built.
        settings: How to segment.
        choice: Which profiles; one run is made for each of its sets.
        created_at: Time of the run, with a time zone; by default now.

    Returns:
        One summary for each run.

    Raises:
        UnusableInput: There is nothing that could be segmented, or the algorithm does not work on it.
    """
    settings = settings or SegmentationSettings()
    if not warehouse.exists():
        raise UnusableInput(f"There is no warehouse at {warehouse}. Run `make run` first.")
    created_at = (created_at or datetime.now(UTC)).astimezone(UTC)
    with connect(warehouse) as connection:
        return [
            _segment(connection, profiles, settings, choice.purpose, created_at)
            for profiles in read_profiles(connection, choice)
        ]


def _segment(
    connection: duckdb.DuckDBPyConnection,
    profiles: StandardisedProfiles,
    settings: SegmentationSettings,
    purpose: str,
    created_at: datetime,
) -> SegmentationSummary:
    if profiles.standardisation == "hourly_z_score":
        # It is there to reproduce the textbook recipe, which screens nobody; what it finds unusual is size.
        settings = replace(settings, screens_outliers=False)
    run_id = _run_id(created_at, profiles, settings)
    earlier = read_earlier_runs(connection, run_id, purpose, profiles.profile_set, profiles.standardisation)
    run = Run(
        run_id=run_id,
        created_at=created_at,
        is_accepted=earlier.run_in_use is None,
        compared_run_id=earlier.comparable_run,
        purpose=purpose,
        algorithm=settings.algorithm,
        seed=settings.seed,
        git_revision=_git_revision(),
    )
    segmentations: dict[str, ClassSegmentation] = {}
    identities: dict[str, Identities] = {}
    next_id = earlier.next_id
    for customer_class, rows in profiles.rows_of_class.items():
        known = earlier.known.get(customer_class)
        found = segment_class(profiles.shapes[rows], settings, known)
        if profiles.standardisation == "hourly_z_score":
            found = replace(
                found,
                verdict=f"{found.verdict} hourly_z_score keeps the size of customers, so this is a finding on "
                "size as much as on shape.",
            )
        segmentations[customer_class] = found
        identities[customer_class] = identify(found.segments.centroids, known, next_id)
        next_id = max(next_id, int(identities[customer_class].segment_ids.max()) + 1)
    write_run(connection, run, profiles, segmentations, identities)
    return SegmentationSummary(
        run_id=run.run_id,
        created_at=created_at,
        is_accepted=run.is_accepted,
        compared_run_id=run.compared_run_id,
        profile_set=str(profiles.profile_set),
        standardisation=profiles.standardisation,
        first_usage_date=profiles.first_usage_date,
        last_usage_date=profiles.last_usage_date,
        classes=[
            ClassSummary(
                customer_class=customer_class,
                k=found.k,
                k_reason=found.k_reason,
                customers=len(found.labels),
                outliers=int(found.outliers.is_outlier.sum()),
                sizes=dict(
                    sorted(zip(identities[customer_class].segment_ids.tolist(), found.sizes.tolist(), strict=True))
                ),
                silhouette=None if math.isnan(found.silhouette) else found.silhouette,
                descriptive_only=found.descriptive_only,
                verdict=found.verdict,
            )
            for customer_class, found in segmentations.items()
        ],
    )


def _run_id(created_at: datetime, profiles: StandardisedProfiles, settings: SegmentationSettings) -> str:
    """UTC time and a hash of data and settings: equal hashes mean equal segments, where the same segments were in use."""
    what = (str(profiles.profile_set), profiles.standardisation, list(profiles.rows_of_class.items()), settings)
    digest = hashlib.blake2b(repr(what).encode(), digest_size=4)
    digest.update(np.ascontiguousarray(profiles.customer_keys))
    digest.update(np.ascontiguousarray(profiles.shapes))
    return f"{created_at:%Y%m%dT%H%M%S.%fZ}-{digest.hexdigest()}"


def _git_revision() -> str | None:
    """Revision of the code; None where git or a commit is missing."""
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "--verify", "HEAD"], cwd=PROJECT, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None if answer.returncode == 0 else None
