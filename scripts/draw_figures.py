"""Draw the figures of a built warehouse: segments, system load and target lists, as PNG files."""

import argparse
import sys
from pathlib import Path

from peakwise import paths
from peakwise.errors import UnusableInput
from peakwise.figures import draw_all


def main() -> int:
    """Parse arguments, draw, print the files; 0 when it worked, 2 when the input cannot be used."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Example: .venv/bin/python scripts/draw_figures.py --folder output/warehouse/figures",
    )
    parser.add_argument("--warehouse", type=Path, default=paths.warehouse(), help="DuckDB file (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=paths.figures(), help="where they go (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        drawn = draw_all(arguments.warehouse, arguments.folder)
    except UnusableInput as error:
        print(error, file=sys.stderr)
        return 2
    for path in drawn:
        print(path)
    if not drawn:
        print("Nothing to draw yet: no system load, no segments, no target list.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
