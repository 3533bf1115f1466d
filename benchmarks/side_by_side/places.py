"""Where the files of one benchmark run lie; all of them are removed at its end."""

from dataclasses import dataclass, replace
from pathlib import Path

PLAIN, RESENT, NARROW, RECOVERY, LATE = "plain", "resent", "narrow", "recovery", "late"
PROFILES, PARTS, CUSTOMER_360, COMPLAINTS = "profiles", "parts", "customer_360", "complaints"


@dataclass(frozen=True)
class Places:
    """Files of one variant of the readings.

    Attributes:
        folder: The run's working folder, common to all variants.
        variant: `plain`, `resent` where blocks of readings stand twice, `narrow` with no columns but id, time and
            energy, `recovery`, `late`, `profiles` generated without readings, `parts`, or the key of a file format.
    """

    folder: Path
    variant: str

    def of_variant(self, variant: str) -> "Places":
        """The same run's files of another variant."""
        return replace(self, variant=variant)

    @property
    def readings(self) -> Path:
        """The Parquet file that everybody reads."""
        return self.folder / f"readings_{self.variant}.parquet"

    @property
    def bare_database(self) -> Path:
        """DuckDB file with the readings as `create table as` left them."""
        return self.folder / f"bare_{self.variant}.duckdb"

    @property
    def home(self) -> Path:
        """Home of the pipeline's outputs; each load begins it anew.

        One place for all variants: with another path to the warehouse dbt would parse the project from scratch.
        """
        return self.folder / "pipeline"

    @property
    def warehouse(self) -> Path:
        """The pipeline's warehouse file."""
        return self.home / "warehouse" / "peakwise.duckdb"

    @property
    def dbt_folder(self) -> Path:
        """dbt's artifacts: outside of the home, so that the project is parsed from scratch only once."""
        return self.folder / "dbt"

    @property
    def shapes(self) -> Path:
        """Generated standardised profiles."""
        return self.folder / f"shapes_{self.variant}.npy"

    def labels(self, maker: str) -> Path:
        """Segments of the generated profiles, as one of the ways made them."""
        return self.folder / f"labels_{maker}_{self.variant}.npy"

    def profiles(self, maker: str) -> Path:
        """Mean kW by customer and local hour, as one of the ways made them."""
        return self.folder / f"profiles_{maker}_{self.variant}.parquet"
