"""A dbt-duckdb plugin that makes the warehouse's folder, keeps others out of its files, and sets the time zone."""

import os
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from peakwise.private_files import OWNER_ONLY, make_private_folder


class Plugin(BasePlugin):
    """Runs when dbt-duckdb opens the file."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Make the folder of the file in the profile; what dbt makes from now on is its owner's alone."""
        if self.creds is not None and self.creds.path != ":memory:":
            make_private_folder(Path(self.creds.path).parent)
        os.umask(OWNER_ONLY)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Set UTC once for the file; under `settings` dbt would set it for each of its many cursors."""
        conn.execute("set global TimeZone = 'UTC'")
