"""Where the outputs of Peakwise lie. Everything is under PEAKWISE_HOME."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def home() -> Path:
    """Folder of all outputs: the environment's PEAKWISE_HOME, or `output` in the project."""
    return Path(os.environ.get("PEAKWISE_HOME") or PROJECT / "output").absolute()


def synthetic() -> Path:
    """Folder of the synthetic utility: `readings/`, `customers.parquet` and, apart from them, `truth/`."""
    return home() / "synthetic"


def warehouse() -> Path:
    """The warehouse file that is in place."""
    return home() / "warehouse" / "peakwise.duckdb"


def releases() -> Path:
    """Folder of all published releases."""
    return home() / "releases"


def published() -> Path:
    """The link that always shows the newest whole release."""
    return home() / "published"


def figures() -> Path:
    """Figures of the warehouse in place; releases take a copy."""
    return home() / "warehouse" / "figures"
