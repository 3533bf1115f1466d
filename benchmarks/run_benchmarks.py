"""Measure the pipeline beside bare DuckDB, pandas and Polars on the same file, and write docs/benchmarks.md."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from side_by_side import large_segmentation
from side_by_side.formats import FormatRun, tasks_of_formats
from side_by_side.late_data import LateRun, late_run
from side_by_side.machine import describe_machine
from side_by_side.parts import PARTS as OTHER_PARTS
from side_by_side.parts import measure_parts
from side_by_side.places import LATE, PARTS, PLAIN, RECOVERY, Places
from side_by_side.processes import TaskFailed, run_in_process
from side_by_side.report import Recovery, Run, recovery_cells, render
from side_by_side.rounds import run_rounds

from peakwise.paths import PROJECT, home

PAGE = PROJECT / "docs" / "benchmarks.md"
LONDON = PROJECT.parent / "shared" / "data" / "lcl_2013_readings.parquet"


def positive(text: str) -> int:
    """A whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The options of the command line; `--quick` changes defaults, never what was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=positive, help="customers of the timed file (default: 2000)")
    parser.add_argument("--months", type=positive, help="months of hourly readings of each (default: 12)")
    parser.add_argument("--repeats", type=positive, help="rounds; the least time of all counts (default: 3)")
    parser.add_argument(
        "--sweep-customers", type=positive, help="households of each utility of the sweep (default: 600)"
    )
    parser.add_argument(
        "--format-customers", type=positive, help="customers in the files of each format (default: 1000)"
    )
    parser.add_argument(
        "--late-customers", type=positive, help="customers of the year that a day is added to (default: 1000)"
    )
    parser.add_argument(
        "--segmentation-customers", type=positive, help="generated profiles to segment (default: 1000000)"
    )
    parser.add_argument(
        "--london", type=Path, help="readings of London's households, where they are at hand (default: ../shared/data)"
    )
    parser.add_argument("--skip-formats", action="store_true", help="leave out loading by format")
    parser.add_argument("--skip-late-data", action="store_true", help="leave out the cost of late data")
    parser.add_argument("--skip-sweep", action="store_true", help="leave out how well shapes come back")
    parser.add_argument("--skip-segmentation", action="store_true", help="leave out segmenting very many customers")
    for part in OTHER_PARTS:
        parser.add_argument(f"--{part.option.replace('_', '-')}", action="store_true", help=f"leave out {part.what}")
    parser.add_argument("--output", type=Path, help="page to write (default: docs/benchmarks.md; none with --quick)")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="60 customers, 2 months, 20 customers for late data, 20,000 profiles, 1 round: shows that all of it runs",
    )
    given = parser.parse_args(arguments)
    given.customers = given.customers or (60 if given.quick else 2000)
    given.months = given.months or (2 if given.quick else 12)
    given.repeats = given.repeats or (1 if given.quick else 3)
    given.sweep_customers = given.sweep_customers or (100 if given.quick else 600)
    given.format_customers = min(given.format_customers or 1000, given.customers)
    given.late_customers = given.late_customers or (20 if given.quick else 1000)
    given.segmentation_customers = given.segmentation_customers or (20_000 if given.quick else 1_000_000)
    if given.london is not None and not given.london.exists():
        parser.error(f"there is no file {given.london}")
    given.london = str(given.london or LONDON) if (given.london or LONDON).exists() else None
    given.london_households = 60 if given.quick else None
    given.equipment_customers = 100 if given.quick else 1500
    given.refits = 3 if given.quick else 30
    given.output = given.output or (None if given.quick else PAGE)
    return given


def sweep(places: Places, given: argparse.Namespace, console: Console) -> list[Recovery]:
    """Recovery for each size spread and noise, or for the first of them only when it should be quick."""
    found = []
    for size_spread, noise in recovery_cells()[: 1 if given.quick else None]:
        answer = run_in_process(
            "recovery.recover", places.of_variant(RECOVERY), customers=given.sweep_customers, months=given.months,
            size_spread=size_spread, noise=noise,
        )  # fmt: skip
        found.append(Recovery(size_spread, noise, answer.found))
        indices = ", ".join(f"{method} {index:.3f}" for method, index in answer.found.items())
        console.print(f"recovery at size spread {size_spread}, noise {noise}: {indices}", highlight=False)
    return found


def load_by_format(places: Places, given: argparse.Namespace, show: Callable[[str], None]) -> FormatRun:
    """Write the readings in every format and load each of them, round by round."""
    written = run_in_process("formats.make_files", places, customers=given.format_customers).found
    show("files of every format written")
    tasks = tasks_of_formats(written)
    results = run_rounds(places, given.repeats, show, lambda number: tasks)
    return FormatRun(given.format_customers, written, results)


def add_late_days(places: Places, given: argparse.Namespace, show: Callable[[str], None]) -> LateRun:
    """Add a day to long and short histories."""
    late = places.of_variant(LATE)
    run_in_process("late_data.make_readings", late, customers=given.late_customers)
    answer = run_in_process("late_data.measure", late, repeats=given.repeats)
    found = late_run(given.late_customers, answer.found)
    for addition in found.additions:
        show(
            f"{addition.day} day of a month added to {addition.history_days} days: load {min(addition.load_seconds):.2f} s, "
            f"build {min(addition.build_seconds):.2f} s"
        )
    return found


def measure(given: argparse.Namespace, console: Console) -> Run:
    """Make the readings, run every round, check that the profiles agree, then all the rest."""

    def show(line: str) -> None:
        console.print(escape(line), highlight=False, soft_wrap=True)

    scratch = home() / "benchmarks"
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        places = Places(Path(folder), PLAIN)
        made = run_in_process("dataset.make_readings", places, customers=given.customers, months=given.months)
        console.print(f"{made.found[PLAIN]:,} readings made", highlight=False)
        results = run_rounds(places, given.repeats, show)
        differences = run_in_process("agreement.compare", places).found
        console.print("the profiles agree", highlight=False)
        formats = None if given.skip_formats else load_by_format(places, given, show)
        late = None if given.skip_late_data else add_late_days(places, given, show)
        recovery = [] if given.skip_sweep else sweep(places, given, console)
        large = None
        if not given.skip_segmentation:
            large = large_segmentation.measure(places, given.segmentation_customers, given.repeats, show)
        sections = measure_parts(places.of_variant(PARTS), given, show)
    return Run(
        machine=describe_machine(),
        rows=made.found,
        customers=given.customers,
        months=given.months,
        repeats=given.repeats,
        results=results,
        differences=differences,
        recovery=recovery,
        recovery_customers=given.sweep_customers,
        recovery_months=given.months,
        formats=formats,
        late=late,
        large=large,
        sections=sections,
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command; a failed measurement writes no page."""
    console, errors = Console(), Console(stderr=True)
    given = parse(arguments)
    try:
        page = render(measure(given, console), date.today())
    except TaskFailed as error:
        errors.print(f"[red]Stopped.[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        return 2
    console.print(f"\n{page}", markup=False, highlight=False, soft_wrap=True)
    if given.output is not None:
        given.output.parent.mkdir(parents=True, exist_ok=True)
        given.output.write_text(page, encoding="utf-8")
        console.print(f"[green]done[/green] {given.output}", highlight=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
