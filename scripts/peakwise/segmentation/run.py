"""One segmentation run, from the warehouse's profiles to its ml tables."""

import hashlib
import math
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from peakwise.errors import UnusableInput
from peakwise.paths import PROJECT
from peakwise.segmentation.class_segmentation import segment_class
from peakwise.segmentation.profiles import StandardisedProfiles, read_profiles
from peakwise.segmentation.tables import Run, write_run
from peakwise.warehouse import connect

DEFAULT_K = 3
DEFAULT_SEED = 7
HIGHEST_SEED = 2**32 - 1
MOST_SEGMENTS = 100
"""Nobody reads more load shapes than this."""


@dataclass(frozen=True)
class ClassSummary:
    """What a run made of one customer class."""

    customer_class: str
    k: int
    customers: int
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
    season: str
    day_type: str
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
    *,
    k: int = DEFAULT_K,
    seed: int = DEFAULT_SEED,
    season: str | None = None,
    day_type: str | None = None,
    created_at: datetime | None = None,
) -> SegmentationSummary:
    """Segment the customers of a warehouse, class by class, and add the run to its ml tables.

    Args:
        warehouse: The DuckDB file, with the models int_profiles_standardized and fct_customer_daily_usage built.
        k: Segments for each customer class; a class with fewer than ten customers a segment gets fewer.
        seed: Seed of every random choice.
        season: Season of the profiles; `all` by default.
        day_type: Day type of the profiles. By default `all`, or `weekday` where no customer has a shape for `all`.
        created_at: Time of the run, with a time zone; by default now.

    Raises:
        UnusableInput: There is nothing that could be segmented, or a setting is out of bounds.
    """
    if not 1 <= k <= MOST_SEGMENTS:
        raise UnusableInput(f"The number of segments must be from 1 to {MOST_SEGMENTS}, not {k}.")
    if not 0 <= seed <= HIGHEST_SEED:
        raise UnusableInput(f"The seed must be from 0 to {HIGHEST_SEED}, not {seed}.")
    if not warehouse.exists():
        raise UnusableInput(f"There is no warehouse at {warehouse}. Run `make run` first.")
    created_at = (created_at or datetime.now(UTC)).astimezone(UTC)

    with connect(warehouse) as connection:
        profiles = read_profiles(connection, season, day_type)
        run = Run(
            run_id=_run_id(created_at, profiles, k, seed),
            created_at=created_at,
            seed=seed,
            git_revision=_git_revision(),
        )
        segmentations = {}
        segment_ids = {}
        next_id = 1
        for customer_class, rows in profiles.rows_of_class.items():
            found = segment_class(profiles.shapes[rows], k, seed)
            if profiles.standardisation == "hourly_z_score":
                found = replace(
                    found,
                    verdict=f"{found.verdict} hourly_z_score keeps the size of customers, so this is a finding on "
                    "size as much as on shape.",
                )
            segmentations[customer_class] = found
            segment_ids[customer_class] = np.arange(next_id, next_id + found.k, dtype=np.int16)
            next_id += found.k
        write_run(connection, run, profiles, segmentations, segment_ids)

    return SegmentationSummary(
        run_id=run.run_id,
        created_at=created_at,
        season=profiles.season,
        day_type=profiles.day_type,
        standardisation=profiles.standardisation,
        first_usage_date=profiles.first_usage_date,
        last_usage_date=profiles.last_usage_date,
        classes=[
            ClassSummary(
                customer_class=customer_class,
                k=found.k,
                customers=len(found.segments.labels),
                sizes=dict(zip(segment_ids[customer_class].tolist(), found.sizes.tolist(), strict=True)),
                silhouette=None if math.isnan(found.silhouette) else found.silhouette,
                descriptive_only=found.descriptive_only,
                verdict=found.verdict,
            )
            for customer_class, found in segmentations.items()
        ],
    )


def _run_id(created_at: datetime, profiles: StandardisedProfiles, k: int, seed: int) -> str:
    """UTC time and a hash of data and settings: equal hashes mean equal segments."""
    settings = (profiles.season, profiles.day_type, profiles.standardisation, list(profiles.rows_of_class.items()))
    digest = hashlib.blake2b(repr((settings, k, seed)).encode(), digest_size=4)
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
