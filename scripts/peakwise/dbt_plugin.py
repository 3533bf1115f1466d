"""A dbt-duckdb plugin that makes the warehouse's folder, since DuckDB does not."""

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """Runs before dbt-duckdb opens the file."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Make the folder of the file in the profile."""
        if self.creds is not None and self.creds.path != ":memory:":
            Path(self.creds.path).parent.mkdir(parents=True, exist_ok=True)
