"""Find the shapes of customers' days: K-means on the days of a built warehouse, each divided by its total."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from peakwise import paths
from peakwise.console import PlainConsole
from peakwise.day_shapes import DEFAULT_K, DEFAULT_SEED, DayShapesSummary, cluster_day_shapes
from peakwise.errors import UnusableInput
from peakwise.warehouse import only_writer


def arguments() -> argparse.Namespace:
    """The settings on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Example: .venv/bin/python scripts/cluster_day_shapes.py --k 16, then dbt build --select source:day_shapes+",
    )
    parser.add_argument("--k", type=int, default=DEFAULT_K, help="day shapes to find (default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=DEFAULT_SEED, help="seed of every random choice (default: %(default)s)"
    )
    parser.add_argument(
        "--warehouse", type=Path, default=paths.warehouse(), help="the DuckDB file (default: %(default)s)"
    )
    return parser.parse_args()


def show(summary: DayShapesSummary, console: Console) -> None:
    """Print a run: one row per day shape, then what the shapes explain."""
    console.print(
        f"Run {summary.run_id}: {summary.days:,} days of {summary.customers:,} customers, "
        f"from {summary.first_local_date} to {summary.last_local_date}; {summary.sampled_days:,} of them shaped the centroids.",
        highlight=False,
        soft_wrap=True,
    )
    table = Table("day shape", "top hour", "share in that hour", "days", "share of days")
    for found in summary.day_shapes:
        table.add_row(
            str(found.day_shape_id),
            f"{found.top_hour:02d}:00",
            f"{found.top_fraction:.1%}",
            f"{found.days:,}",
            f"{found.days / summary.days:.1%}",
        )
    console.print(table)
    explained = (
        "All days are alike."
        if summary.explained_fraction is None
        else f"Day shapes explain {summary.explained_fraction:.1%} of the variance between days."
    )
    console.print(f"{escape(summary.k_reason)} {explained}", highlight=False, soft_wrap=True)


def main() -> int:
    """Run the step; 0 when it worked, 2 when the input cannot be used."""
    given = arguments()
    try:
        with only_writer(given.warehouse.parent):
            summary = cluster_day_shapes(given.warehouse, k=given.k, seed=given.seed)
        show(summary, PlainConsole())
    except UnusableInput as error:
        PlainConsole(stderr=True).print(escape(str(error)), highlight=False, soft_wrap=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
