"""Segment customers by the shape of their day: K-means on the standardised profiles of a built warehouse."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from peakwise import paths
from peakwise.errors import UnusableInput
from peakwise.segmentation import SegmentationSummary, segment_customers
from peakwise.segmentation.run import DEFAULT_K, DEFAULT_SEED


def arguments() -> argparse.Namespace:
    """The settings on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Example: python scripts/segment_customers.py --k 4 --season winter --day-type weekday",
    )
    parser.add_argument(
        "--k", type=int, default=DEFAULT_K, help="segments for each customer class (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=DEFAULT_SEED, help="seed of every random choice (default: %(default)s)"
    )
    parser.add_argument("--season", help="season of the profiles (default: all)")
    parser.add_argument("--day-type", help="day type of the profiles (default: all, or weekday if all has no shapes)")
    parser.add_argument(
        "--warehouse", type=Path, default=paths.warehouse(), help="the DuckDB file (default: %(default)s)"
    )
    return parser.parse_args()


def show(summary: SegmentationSummary, console: Console) -> None:
    """Print a run: one row per segment, then a verdict per class."""
    console.print(
        f"Run {summary.run_id}: {summary.customers:,} customers, season {escape(summary.season)}, "
        f"day type {escape(summary.day_type)}, {escape(summary.standardisation)}, "
        f"usage from {summary.first_usage_date} to {summary.last_usage_date}.",
        highlight=False,
    )
    table = Table("class", "segment", "customers", "share")
    for found in summary.classes:
        for segment_id, customers in found.sizes.items():
            share = f"{customers / found.customers:.1%}"
            table.add_row(escape(found.customer_class), str(segment_id), f"{customers:,}", share)
    console.print(table)
    for found in summary.classes:
        mark = " (descriptive only)" if found.descriptive_only else ""
        console.print(f"{escape(found.customer_class)}{mark}: {escape(found.verdict)}", highlight=False)


def main() -> int:
    """Run the step; 0 when it worked, 2 when the input cannot be used."""
    settings = arguments()
    try:
        summary = segment_customers(
            settings.warehouse, k=settings.k, seed=settings.seed, season=settings.season, day_type=settings.day_type
        )
    except UnusableInput as error:
        Console(stderr=True).print(escape(str(error)), highlight=False, soft_wrap=True)
        return 2
    show(summary, Console())
    return 0


if __name__ == "__main__":
    sys.exit(main())
