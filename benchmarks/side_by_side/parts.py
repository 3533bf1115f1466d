"""Measurements that write their own section: a module with `measure` and `render`, and a line here."""

import importlib
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from side_by_side.places import Places
from side_by_side.processes import run_in_process
from side_by_side.stopwatch import Stopwatch

DEFAULT_CUSTOMERS = 1000


@dataclass(frozen=True)
class Part:
    """One measurement.

    Attributes:
        module: Its module here: `measure(stopwatch, places, **settings)` finds, `render(found)` writes the section.
        what: What is left out with `--skip-<module>`.
        settings: What `measure` takes, from the options of the command line.
        has_own_processes: Whether `measure` starts processes itself; it is then `measure(places, **settings, show=...)`.
    """

    module: str
    what: str
    settings: Callable[[Namespace], dict[str, Any]]
    has_own_processes: bool = False

    @property
    def option(self) -> str:
        """Its option on the command line."""
        return f"skip_{self.module}"


def _sizes(given: Namespace) -> dict[str, Any]:
    return {"customers": given.sweep_customers, "months": given.months, "london": given.london}


def _equipment(given: Namespace) -> dict[str, Any]:
    sizes = {"customers": given.equipment_customers, "months": given.months}
    return sizes | ({"cells": [(0.5, 0.3)]} if given.quick else {})


def _identities(given: Namespace) -> dict[str, Any]:
    """The utility as `make run` makes it, or smaller when it should be quick: small classes move more."""
    return _sizes(given) | {"customers": min(given.late_customers, DEFAULT_CUSTOMERS), "refits": given.refits}


PARTS = (
    Part("algorithms", "the algorithms beside each other", _sizes),
    Part("identities", "whether segments keep their numbers", _identities),
    Part("equipment", "equipment told from readings", _equipment, has_own_processes=True),
)


def measure_parts(
    places: Places, given: Namespace, show: Callable[[str], None], parts: Sequence[Part] = PARTS
) -> list[str]:
    """Run every part that is not left out, each in a process of its own, and return their sections."""
    if given.london is not None and given.london_households is not None:
        cut = run_in_process("parts.cut_london", places, london=given.london, households=given.london_households)
        given = Namespace(**vars(given) | {"london": cut.found})
    sections = []
    for part in parts:
        if getattr(given, part.option):
            continue
        module = importlib.import_module(f"side_by_side.{part.module}")
        started = time.perf_counter()
        if part.has_own_processes:
            found = module.measure(places, **part.settings(given), show=show)
        else:
            found = run_in_process(f"{part.module}.measure", places, **part.settings(given)).found
        sections.append(module.render(found))
        show(f"{part.what}: {time.perf_counter() - started:.1f} s")
    return sections


def cut_london(stopwatch: Stopwatch, places: Places, london: str, households: int) -> str:
    """Write the readings of some of London's households alone, for a run that should be quick; where they are."""
    file: Path = places.folder / "london.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"""
            copy (
                from '{london}' where customer_id in (
                    select distinct customer_id from '{london}' order by customer_id limit {households}
                )
            ) to '{file}'
        """)
    return str(file)
