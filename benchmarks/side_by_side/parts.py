"""Measurements in one process that write their own section: a module with `measure` and `render`, and a line here."""

import importlib
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from side_by_side.places import Places
from side_by_side.processes import run_in_process
from side_by_side.stopwatch import Stopwatch


@dataclass(frozen=True)
class Part:
    """One measurement.

    Attributes:
        module: Its module here: `measure(stopwatch, places, **settings)` finds, `render(found)` writes the section.
        what: What is left out with `--skip-<module>`.
        settings: What `measure` takes, from the options of the command line.
    """

    module: str
    what: str
    settings: Callable[[Namespace], dict[str, Any]]

    @property
    def option(self) -> str:
        """Its option on the command line."""
        return f"skip_{self.module}"


def _sizes(given: Namespace) -> dict[str, Any]:
    return {"customers": given.sweep_customers, "months": given.months, "london": given.london}


PARTS = (
    Part("algorithms", "the algorithms beside each other", _sizes),
    Part("identities", "whether segments keep their numbers", lambda given: _sizes(given) | {"refits": given.refits}),
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
        if not getattr(given, part.option):
            answer = run_in_process(f"{part.module}.measure", places, **part.settings(given))
            sections.append(importlib.import_module(f"side_by_side.{part.module}").render(answer.found))
            show(f"{part.what}: {sum(phase.seconds for phase in answer.phases.values()):.1f} s")
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
