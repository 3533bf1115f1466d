"""Checks that everybody computed the same profiles, so that nobody is compared with less work."""

from pathlib import Path

from side_by_side.peers import open_database
from side_by_side.places import PLAIN, RESENT, Places
from side_by_side.stopwatch import Stopwatch

LARGEST_DIFFERENCE_KW = 1e-6


def compare(stopwatch: Stopwatch, places: Places) -> dict[str, float]:
    """Largest difference in kW between the pipeline's profiles and each other way's.

    Raises:
        AssertionError: A profile differs by more than `LARGEST_DIFFERENCE_KW`, or is there on one side only.
    """
    plain, resent = places.of_variant(PLAIN), places.of_variant(RESENT)
    ours = plain.profiles("peakwise")
    others = {
        "pandas, groupby": plain.profiles("pandas_groupby"),
        "pandas, pivot_table": plain.profiles("pandas_pivot_table"),
        "Polars": plain.profiles("polars"),
        "DuckDB's partial sums": plain.profiles("duckdb"),
        "Peakwise with re-sent blocks": resent.profiles("peakwise"),
    }
    with stopwatch.phase("compare"):
        return {name: largest_difference(ours, theirs, name) for name, theirs in others.items()}


def largest_difference(ours: Path, theirs: Path, name: str) -> float:
    """Largest difference between two files of profiles in kW.

    Raises:
        AssertionError: They do not agree.
    """
    with open_database(":memory:") as connection:
        difference, one_sided, profiles = connection.execute(f"""
            select
                max(abs(ours.kw - theirs.kw)),
                count(*) filter (where ours.kw is null or theirs.kw is null),
                count(distinct customer_id)
            from '{ours}' as ours full join '{theirs}' as theirs using (customer_id, local_hour)
        """).fetchone()
    if one_sided or not profiles or difference > LARGEST_DIFFERENCE_KW:
        raise AssertionError(
            f"Peakwise and {name} do not agree: {one_sided} hours of {profiles} profiles are on one side only, and the "
            f"largest difference is {difference} kW."
        )
    return difference
