"""What the ml tables know of earlier runs: which is in use, its segments, and which numbers are taken."""

from dataclasses import dataclass

import duckdb
import numpy as np

from peakwise.segmentation.identities import KnownSegments
from peakwise.segmentation.profile_sets import ProfileSet
from peakwise.segmentation.profiles import HOUR_COLUMNS


@dataclass(frozen=True)
class EarlierRuns:
    """Earlier runs of one purpose.

    Attributes:
        run_in_use: Identity of the accepted run; None when there is none.
        comparable_run: The same, but None also when its segments live in another space.
        known: For each class the segments of the comparable run.
        next_id: First segment number that no run of the purpose has used.
    """

    run_in_use: str | None
    comparable_run: str | None
    known: dict[str, KnownSegments]
    next_id: int


def read_earlier_runs(
    connection: duckdb.DuckDBPyConnection, run_id: str, purpose: str, profile_set: ProfileSet, standardisation: str
) -> EarlierRuns:
    """Read what a new run must know of those before it.

    Args:
        connection: The warehouse.
        run_id: The new run; where it is there already, it is made again and does not count.
        purpose: Purpose of the new run. Each season and day type has runs of its own.
        profile_set: Its profiles; centroids of others cannot be compared.
        standardisation: Its standardisation; neither can those of another.
    """
    same_line = "run_id != $run_id and purpose = $purpose and ($purpose = 'targeting' or profile_set = $profile_set)"
    line = {"run_id": run_id, "purpose": purpose, "profile_set": str(profile_set)}
    in_use = connection.execute(
        f"select distinct run_id, profile_set, standardisation from ml.segment_runs where status = 'accepted' and {same_line}",
        line,
    ).fetchone()
    (next_id,) = connection.execute(
        f"""
        select coalesce(max(segment_id), 0) + 1 from ml.segment_centroids
        where run_id in (select run_id from ml.segment_runs where {same_line})
        """,
        line,
    ).fetchall()[0]
    if in_use is None:
        return EarlierRuns(None, None, {}, next_id)
    run_in_use, *space = in_use
    if space != [str(profile_set), standardisation]:
        return EarlierRuns(run_in_use, None, {}, next_id)
    return EarlierRuns(run_in_use, run_in_use, _known_segments(connection, run_in_use, profile_set), next_id)


def _known_segments(
    connection: duckdb.DuckDBPyConnection, run_id: str, profile_set: ProfileSet
) -> dict[str, KnownSegments]:
    radii = dict(
        connection.execute(
            """
            select segment_id, avg(cast(distance as decimal(18, 9))) from ml.segment_assignments
            where run_id = ? and was_fitted group by segment_id
            """,
            [run_id],
        ).fetchall()
    )
    only_describe = dict(
        connection.execute(
            "select customer_class, descriptive_only from ml.segment_runs where run_id = ?", [run_id]
        ).fetchall()
    )
    rows = connection.execute(
        f"""
        select customer_class, segment_id, season, day_type, {", ".join(HOUR_COLUMNS)} from ml.segment_centroids
        where run_id = ? order by customer_class, segment_id
        """,
        [run_id],
    ).fetchall()
    parts: dict[str, dict[int, dict[tuple[str, str], list[float]]]] = {}
    for customer_class, segment_id, season, day_type, *hours in rows:
        parts.setdefault(customer_class, {}).setdefault(segment_id, {})[season, day_type] = hours
    return {
        customer_class: KnownSegments(
            segment_ids=np.array(list(segments)),
            centroids=np.array(
                [np.concatenate([hours[part] for part in profile_set.parts]) for hours in segments.values()]
            ),
            radii=np.array([radii.get(segment_id, 0.0) for segment_id in segments]),
            only_describe=only_describe[customer_class],
        )
        for customer_class, segments in parts.items()
    }
