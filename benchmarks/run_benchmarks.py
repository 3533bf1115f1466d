"""Measure the pipeline beside bare DuckDB, pandas and Polars on the same file, and write docs/benchmarks.md."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from side_by_side import large_segmentation
from side_by_side.formats import FormatRun, tasks_of_formats
from side_by_side.late_data import LateRun, late_run
from side_by_side.machine import describe_machine
from side_by_side.page import with_measured
from side_by_side.parts import PARTS as OTHER_PARTS
from side_by_side.parts import Measured, measure_parts
from side_by_side.places import LATE, PARTS, PLAIN, Places
from side_by_side.processes import TaskFailed, run_in_process
from side_by_side.report import Run, render
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
    parser.add_argument("--sweep-customers", type=positive, help="households in each group of the sweep (default: 600)")
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
    parser.add_argument("--skip-segmentation", action="store_true", help="leave out segmenting very many customers")
    for part in OTHER_PARTS:
        parser.add_argument(f"--{part.option.replace('_', '-')}", action="store_true", help=f"leave out {part.what}")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[part.module for part in OTHER_PARTS],
        metavar="PART",
        help=f"measure these alone ({', '.join(part.module for part in OTHER_PARTS)}) and put them into the page there is",
    )
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
    if given.only is not None and given.output is not None and not given.output.exists():
        parser.error(f"--only puts parts into a page, but there is no {given.output}: measure everything first")
    return given


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


@contextmanager
def working_places() -> Iterator[Places]:
    """A working folder, removed in the end."""
    scratch = home() / "benchmarks"
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        yield Places(Path(folder), PLAIN)


def measure(given: argparse.Namespace, show: Callable[[str], None]) -> Run:
    """Make the readings, run every round, check that the profiles agree, then all the rest."""
    with working_places() as places:
        made = run_in_process("dataset.make_readings", places, customers=given.customers, months=given.months)
        show(f"{made.found[PLAIN]:,} readings made")
        results = run_rounds(places, given.repeats, show)
        differences = run_in_process("agreement.compare", places).found
        show("the profiles agree")
        formats = None if given.skip_formats else load_by_format(places, given, show)
        late = None if given.skip_late_data else add_late_days(places, given, show)
        large = None
        if not given.skip_segmentation:
            large = large_segmentation.measure(places, given.segmentation_customers, given.repeats, show)
        parts = measure_parts(places.of_variant(PARTS), given, show)
    return Run(
        machine=describe_machine(),
        rows=made.found,
        customers=given.customers,
        months=given.months,
        repeats=given.repeats,
        results=results,
        differences=differences,
        formats=formats,
        late=late,
        large=large,
        parts=parts,
    )


def measure_only(given: argparse.Namespace, show: Callable[[str], None]) -> list[Measured]:
    """Measure the parts that `--only` names."""
    chosen = [part for part in OTHER_PARTS if part.module in given.only]
    with working_places() as places:
        return measure_parts(places.of_variant(PARTS), given, show, chosen)


def page_of(given: argparse.Namespace, show: Callable[[str], None]) -> str:
    """Measure, and write the page: a new one, or the one there is with what was measured alone."""
    if given.only is None:
        return render(measure(given, show), date.today())
    measured = measure_only(given, show)
    if given.output is None:
        return "\n".join(part.section for part in measured)
    return with_measured(given.output.read_text(encoding="utf-8"), measured, date.today())


def main(arguments: list[str] | None = None) -> int:
    """Run the command; a failed measurement writes no page."""
    console, errors = Console(), Console(stderr=True)
    given = parse(arguments)

    def show(line: str) -> None:
        console.print(escape(line), highlight=False, soft_wrap=True)

    try:
        page = page_of(given, show)
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
