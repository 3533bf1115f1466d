"""Everything that runs as a process of its own, by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from side_by_side.places import Places
from side_by_side.stopwatch import Stopwatch

PLAIN, RESENT, RECOVERY = "plain", "resent", "recovery"


def run_task(name: str, folder: Path, variant: str, settings: dict[str, Any], stopwatch: Stopwatch) -> Any:
    """Run one task; modules are imported here, so that a process holds only what its task needs."""
    places = Places(folder, variant)
    both = (Places(folder, PLAIN), Places(folder, RESENT))
    if name in ("scan", "bare_load", "bare_aggregations"):
        from side_by_side import peers

        task: Callable[..., Any] = getattr(peers, name)
        return task(stopwatch, places)
    if name in ("pandas_recipe", "polars_profiles"):
        from side_by_side import dataframes

        return getattr(dataframes, name)(stopwatch, places, **settings)
    if name in ("load", "profiles", "segmentation", "marts", "publishing"):
        from side_by_side import pipeline_stages

        return getattr(pipeline_stages, name)(stopwatch, places)
    if name == "make_readings":
        from side_by_side.dataset import make_readings

        return make_readings(stopwatch, *both, **settings)
    if name == "compare":
        from side_by_side.agreement import compare

        return compare(stopwatch, *both)
    if name == "recover":
        from side_by_side.recovery import recover

        return recover(stopwatch, places, **settings)
    raise ValueError(f"There is no task {name}.")
