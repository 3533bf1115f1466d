"""A dbt-duckdb plugin that makes the warehouse's folder, since DuckDB does not, and keeps others out of its files."""

import os
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from peakwise.private_files import OWNER_ONLY, make_private_folder


class Plugin(BasePlugin):
    """Runs before dbt-duckdb opens the file."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Make the folder of the file in the profile; what dbt makes from now on is its owner's alone."""
        if self.creds is not None and self.creds.path != ":memory:":
            make_private_folder(Path(self.creds.path).parent)
        os.umask(OWNER_ONLY)
