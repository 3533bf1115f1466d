"""Measurements that write their own section: a module with `measure` and `render`, and a line here."""

import importlib
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from side_by_side.bars import Bar
from side_by_side.places import Places
from side_by_side.processes import run_in_process
from side_by_side.recovery import CELLS, GROUPS
from side_by_side.stopwatch import Stopwatch

DEFAULT_CUSTOMERS = 1000


@dataclass(frozen=True)
class Part:
    """One measurement.

    Attributes:
        module: Its module here: `measure(stopwatch, places, **settings)` finds, `render(found)` writes the section, and
            `bars(found)`, where there is one, tells what it is held against.
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


@dataclass(frozen=True)
class Measured:
    """What a part brought to the page: its section, and its bars."""

    section: str
    bars: Sequence[Bar] = ()


def _customer_360(given: Namespace) -> dict[str, Any]:
    """A hundred times the utility that `make run` makes, or a small one twice when it should be quick."""
    sizes = (50, 2) if given.quick else (DEFAULT_CUSTOMERS, 100)
    return {"service_points": sizes[0], "months": given.months, "times": sizes[1], "repeats": given.repeats}


def _recovery(given: Namespace) -> dict[str, Any]:
    """Ten groups of households of each kind of utility, or two of one kind when it should be quick."""
    size = {"groups": 2, "cells": CELLS[:1]} if given.quick else {"groups": GROUPS, "cells": CELLS}
    return {"customers": given.sweep_customers, "months": given.months} | size


def _sizes(given: Namespace) -> dict[str, Any]:
    return {"customers": given.sweep_customers, "months": given.months, "london": given.london}


def _equipment(given: Namespace) -> dict[str, Any]:
    sizes = {"customers": given.equipment_customers, "months": given.months}
    return sizes | ({"cells": [(0.5, 0.3)]} if given.quick else {})


def _complaints(given: Namespace) -> dict[str, Any]:
    return {"months": given.months} | ({"sizes": (200,)} if given.quick else {})


def _identities(given: Namespace) -> dict[str, Any]:
    """The utility as `make run` makes it, or smaller when it should be quick: small classes move more."""
    return _sizes(given) | {"customers": min(given.late_customers, DEFAULT_CUSTOMERS), "refits": given.refits}


PARTS = (
    Part("recovery", "how well shapes come back", _recovery, has_own_processes=True),
    Part("standardisations", "the standardisations beside each other", _sizes),
    Part("algorithms", "the algorithms beside each other", _sizes),
    Part("identities", "whether segments keep their numbers", _identities),
    Part("equipment", "equipment told from readings", _equipment, has_own_processes=True),
    Part("complaints", "complaints that do not say who", _complaints, has_own_processes=True),
    Part("customer_360", "the customer 360 of 100,000 customers", _customer_360, has_own_processes=True),
)


def measure_parts(
    places: Places, given: Namespace, show: Callable[[str], None], parts: Sequence[Part] = PARTS
) -> list[Measured]:
    """Run every part that is not left out, each in a process of its own."""
    if given.london is not None and given.london_households is not None:
        cut = run_in_process("parts.cut_london", places, london=given.london, households=given.london_households)
        given = Namespace(**vars(given) | {"london": cut.found})
    brought = []
    for part in parts:
        if getattr(given, part.option):
            continue
        module = importlib.import_module(f"side_by_side.{part.module}")
        started = time.perf_counter()
        if part.has_own_processes:
            found = module.measure(places, **part.settings(given), show=show)
        else:
            found = run_in_process(f"{part.module}.measure", places, **part.settings(given)).found
        bars = module.bars(found) if hasattr(module, "bars") else []
        brought.append(Measured(module.render(found), bars))
        show(f"{part.what}: {time.perf_counter() - started:.1f} s")
    return brought


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
