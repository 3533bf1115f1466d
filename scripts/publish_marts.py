"""Publish the marts of the warehouse as a release that BI tools and analysts read."""

import argparse
import sys
from pathlib import Path

from peakwise import paths
from peakwise.errors import UnusableInput
from peakwise.publishing import publish


def main() -> int:
    """Parse arguments, publish, print where the release is."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Example: .venv/bin/python scripts/publish_marts.py --figures output/warehouse/figures",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--warehouse", type=Path, default=paths.warehouse(), help="DuckDB file (default: %(default)s)")
    parser.add_argument("--figures", type=Path, default=paths.figures(), help="folder of PNG files to take along")
    arguments = parser.parse_args()
    try:
        release = publish(arguments.warehouse, arguments.figures)
    except UnusableInput as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Published {len(release.rows)} tables at {release.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
