"""Make a synthetic utility: readings month by month, all that a utility has beside them, and the truth apart."""

import argparse
import sys
import time
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import NoReturn

from peakwise import paths
from peakwise.errors import UnusableInput
from peakwise.synthetic import SyntheticOptions, SyntheticSummary, generate


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with one sentence and exit code 2."""
        self.exit(2, f"{self.prog}: {message}.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        description=__doc__,
        epilog="Example: .venv/bin/python scripts/generate_utility.py --customers 2000 --months 24 --interval-minutes 30 --seed 42",
    )
    parser.add_argument(
        "--folder", type=Path, default=paths.synthetic(), help="folder to make or replace (default: %(default)s)"
    )
    parser.add_argument("--no-faults", action="store_true", help="perfect metering: every fault below is off")
    for item in fields(SyntheticOptions):
        kind = date.fromisoformat if item.type is date else item.type
        parser.add_argument(
            f"--{item.name.replace('_', '-')}",
            type=kind,
            default=item.default,
            metavar={int: "N", float: "X", date: "DATE"}.get(item.type, "NAME"),
            help=f"{item.metadata['meaning']} (default: %(default)s)",
        )
    return parser


def _show_progress(done: int, total: int) -> None:
    print(f"\r  {done} of {total} parts written", end="" if done < total else "\n", file=sys.stderr, flush=True)


def _describe(summary: SyntheticSummary, seconds: float) -> str:
    faults = ", ".join(f"{count:,} {kind}" for kind, count in summary.fault_readings.items())
    return (
        f"{summary.folder}: {summary.customers:,} customers on {summary.service_points:,} service points "
        f"with {summary.registers:,} registers, {summary.first_date} to {summary.end_date} (excluded).\n"
        f"{summary.rows:,} rows of {summary.expected_readings:,} readings ({faults}); "
        f"{summary.delivered_kwh / 1e6:,.3f} GWh delivered, {summary.received_kwh / 1e6:,.3f} GWh received.\n"
        f"{summary.bills:,} bills, {summary.contacts:,} contacts, {summary.events:,} events, "
        f"{summary.enrolled:,} customers in programs; {seconds:.1f} s."
    )


def main(arguments: list[str] | None = None) -> int:
    """Parse arguments, make the utility, print what was made; returns the exit code."""
    given = vars(_parser().parse_args(arguments))
    folder, no_faults = given.pop("folder"), given.pop("no_faults")
    started = time.perf_counter()
    try:
        options = SyntheticOptions(**given)
        if no_faults:
            options = options.without_faults()
        summary = generate(options, folder, _show_progress if sys.stderr.isatty() else None)
    except UnusableInput as error:
        print(error, file=sys.stderr)
        return 2
    print(_describe(summary, time.perf_counter() - started))
    return 0


if __name__ == "__main__":
    sys.exit(main())
