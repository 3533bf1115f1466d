"""Which tasks run, in which order, how often, and what came out of all rounds."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from side_by_side.places import NARROW, PLAIN, RESENT, Places
from side_by_side.processes import run_in_process
from side_by_side.stopwatch import Phase


@dataclass(frozen=True)
class Task:
    """One measured process of a round.

    Attributes:
        key: Its name in the results.
        name: Module and function.
        variant: Which readings it reads.
        settings: What else its function takes.
    """

    key: str
    name: str
    variant: str = PLAIN
    settings: dict[str, Any] = field(default_factory=dict)


WORDS_OF_VARIANT = {PLAIN: "", RESENT: "with re-sent blocks, ", NARROW: "three columns alone, "}

# Later tasks need what earlier ones made: aggregations read both databases, stages follow each other.
STAGES_IN_ORDER = (
    Task("scan", "peers.scan"),
    Task("bare load", "peers.bare_load"),
    Task("load", "pipeline_stages.load"),
    Task("bare aggregations", "peers.bare_aggregations"),
    Task("models", "pipeline_stages.profiles"),
    Task("segmentation", "pipeline_stages.segmentation"),
    Task("marts", "pipeline_stages.marts"),
    Task("publishing", "pipeline_stages.publishing"),
    Task("bare load", "peers.bare_load", RESENT),
    Task("load", "pipeline_stages.load", RESENT),
    Task("models", "pipeline_stages.profiles", RESENT),
    Task("segmentation", "pipeline_stages.segmentation", RESENT),
    Task("marts", "pipeline_stages.marts", RESENT),
    Task("publishing", "pipeline_stages.publishing", RESENT),
    Task("bare load", "peers.bare_load", NARROW),
    Task("load", "pipeline_stages.load", NARROW),
)
DATAFRAMES = (
    Task("pandas, daily pivot", "dataframes.pandas_recipe", settings={"how": "daily pivot"}),
    Task("pandas, groupby", "dataframes.pandas_recipe", settings={"how": "groupby"}),
    Task("pandas, pivot_table", "dataframes.pandas_recipe", settings={"how": "pivot_table"}),
    Task("Polars", "dataframes.polars_profiles"),
)
ROUND = (*DATAFRAMES, *STAGES_IN_ORDER)


def tasks_of_round(number: int) -> tuple[Task, ...]:
    """The tasks of a round, counted from 1; dataframes change their order from round to round.

    A virtual machine gets memory from its host when it is first written to: the first process that needs much of it
    took three times as long as the same process run second.
    """
    return (*(DATAFRAMES if number % 2 else DATAFRAMES[::-1]), *STAGES_IN_ORDER)


@dataclass(frozen=True)
class Summary:
    """One phase over all rounds.

    Attributes:
        seconds: Least wall time.
        median_seconds: Median wall time.
        processor_seconds: Least time on all cores together.
        peak_memory_bytes: Greatest resident memory.
    """

    seconds: float
    median_seconds: float
    processor_seconds: float
    peak_memory_bytes: int


@dataclass(frozen=True)
class Results:
    """Phases by variant, task and phase name, and what the tasks of the last round found."""

    phases: dict[tuple[str, str, str], Summary]
    found: dict[tuple[str, str], Any]

    def phase(self, task: str, phase: str, variant: str = PLAIN) -> Summary:
        """One phase of one task."""
        return self.phases[variant, task, phase]


def summarise(phases: list[Phase]) -> Summary:
    """Least, median and greatest of the rounds."""
    return Summary(
        min(phase.seconds for phase in phases),
        median(phase.seconds for phase in phases),
        min(phase.processor_seconds for phase in phases),
        max(phase.peak_memory_bytes for phase in phases),
    )


def run_rounds(
    places: Places,
    repeats: int,
    show: Callable[[str], None],
    tasks: Callable[[int], Sequence[Task]] = tasks_of_round,
) -> Results:
    """Run every task once a round, so that a busy minute of the machine hits all of them alike.

    Args:
        places: Where the readings lie.
        repeats: Rounds.
        show: Takes a line for each task that is done.
        tasks: The tasks of a round by its number from 1.
    """
    phases: dict[tuple[str, str, str], list[Phase]] = defaultdict(list)
    found: dict[tuple[str, str], Any] = {}
    for number in range(1, repeats + 1):
        for task in tasks(number):
            answer = run_in_process(task.name, places.of_variant(task.variant), **task.settings)
            for name, phase in answer.phases.items():
                phases[task.variant, task.key, name].append(phase)
            found[task.variant, task.key] = answer.found
            took = ", ".join(f"{name} {phase.seconds:.2f} s" for name, phase in answer.phases.items())
            which = WORDS_OF_VARIANT.get(task.variant, f"{task.variant}, ")
            show(f"round {number} of {repeats}, {which}{task.key}: {took}")
    return Results({key: summarise(measured) for key, measured in phases.items()}, found)
