"""Segment customers by the shape of their day: K-means on the standardised profiles of a built warehouse."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from peakwise import paths
from peakwise.console import PlainConsole
from peakwise.errors import UnusableInput
from peakwise.segmentation import (
    SegmentationSettings,
    SegmentationSummary,
    accept_candidates,
    profile_choice,
    segment_customers,
)
from peakwise.segmentation.algorithms import ALGORITHMS
from peakwise.segmentation.profile_sets import CHOICES, DEFAULT_CHOICE
from peakwise.segmentation.settings import DEFAULT_ALGORITHM, DEFAULT_K, DEFAULT_SEED, k_from_text
from peakwise.warehouse import only_writer


def arguments() -> argparse.Namespace:
    """The settings on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Example: .venv/bin/python scripts/segment_customers.py --k auto --profiles weekday-weekend, "
        "then .venv/bin/python scripts/segment_customers.py --accept and dbt build --selector after_segmentation",
    )
    parser.add_argument(
        "--k", default=str(DEFAULT_K), help="segments for each customer class, or auto (default: %(default)s)"
    )
    parser.add_argument(
        "--business-k",
        type=int,
        default=DEFAULT_K,
        help="segments under auto where no number of segments shows structure (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=DEFAULT_SEED, help="seed of every random choice (default: %(default)s)"
    )
    parser.add_argument(
        "--profiles",
        default=DEFAULT_CHOICE,
        help=f"what is clustered: {', '.join(CHOICES)}, or a season and day type such as winter/weekday "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--algorithm", default=DEFAULT_ALGORITHM, help=f"{', '.join(ALGORITHMS)} (default: %(default)s)"
    )
    parser.add_argument(
        "--keep-outliers", action="store_true", help="let customers of unusual shape take part in shaping segments"
    )
    parser.add_argument(
        "--accept",
        nargs="?",
        const="",
        metavar="RUN_ID",
        help="fit nothing; put the newest candidate, or the run named, in use",
    )
    parser.add_argument(
        "--warehouse", type=Path, default=paths.warehouse(), help="the DuckDB file (default: %(default)s)"
    )
    return parser.parse_args()


def show(summary: SegmentationSummary, console: Console) -> None:
    """Print a run: one row per segment, then reason and verdict per class."""
    state = "in use" if summary.is_accepted else "a candidate; --accept puts it in use"
    console.print(
        f"Run {summary.run_id} ({state}): {summary.customers:,} customers, profiles {escape(summary.profile_set)}, "
        f"{escape(summary.standardisation)}, usage from {summary.first_usage_date} to {summary.last_usage_date}.",
        highlight=False,
        soft_wrap=True,
    )
    table = Table("class", "segment", "customers", "share")
    for found in summary.classes:
        for segment_id, customers in found.sizes.items():
            share = f"{customers / found.customers:.1%}"
            table.add_row(escape(found.customer_class), str(segment_id), f"{customers:,}", share)
    console.print(table)
    for found in summary.classes:
        mark = " (descriptive only)" if found.descriptive_only else ""
        console.print(
            f"{escape(found.customer_class)}{mark}: {escape(found.k_reason)} {escape(found.verdict)}",
            highlight=False,
            soft_wrap=True,
        )


def work(given: argparse.Namespace, console: Console) -> None:
    """Fit, or accept.

    Raises:
        UnusableInput: The warehouse or a setting cannot be used.
    """
    if given.accept is not None:
        accepted = accept_candidates(given.warehouse, given.accept or None)
        for run_id in accepted.run_ids:
            console.print(f"In use now: run {escape(run_id)}.", highlight=False, soft_wrap=True)
        for run_id in accepted.retired_run_ids:
            console.print(f"Retired: run {escape(run_id)}.", highlight=False, soft_wrap=True)
        console.print("The marts follow with: dbt build --selector after_segmentation", highlight=False)
        return
    settings = SegmentationSettings(
        k=k_from_text(given.k),
        business_k=given.business_k,
        seed=given.seed,
        algorithm=given.algorithm,
        screens_outliers=not given.keep_outliers,
    )
    for summary in segment_customers(given.warehouse, settings, profile_choice(given.profiles)):
        show(summary, console)


def main() -> int:
    """Run the step; 0 when it worked, 2 when the input cannot be used."""
    given = arguments()
    try:
        with only_writer(given.warehouse.parent):
            work(given, PlainConsole())
    except UnusableInput as error:
        PlainConsole(stderr=True).print(escape(str(error)), highlight=False, soft_wrap=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
