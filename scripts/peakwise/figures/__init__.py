"""Figures of a built warehouse for analysts and managers: segments, system load and target lists, as PNG files."""

from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.private_files import files_of_the_owner_alone
from peakwise.warehouse import connect

__all__ = ["draw_all"]


def draw_all(warehouse: Path, folder: Path) -> list[Path]:
    """Draw every figure that the warehouse has data for.

    The same warehouse gives the same bytes. A figure without data is left out, and its file of an earlier drawing is
    removed, so that the folder never shows what no longer holds. The files are their owner's alone.

    Args:
        warehouse: A built DuckDB file; only its schema `marts` is read.
        folder: Where the PNG files go; created if missing.

    Returns:
        The files drawn.

    Raises:
        UnusableInput: The warehouse is missing or holds no marts, or the folder cannot be written.
    """
    # Matplotlib takes most of a second to import, and most users of the package never draw.
    from peakwise.figures import (
        day_shapes,
        load_heatmap,
        segment_churn,
        segment_count,
        segment_load_shapes,
        segment_profiles,
        segment_seasons,
        segment_silhouettes,
        segment_sizes,
        system_load,
        target_curve,
    )
    from peakwise.figures.page import write_png
    from peakwise.figures.style import peakwise_style

    themes = (
        segment_load_shapes,
        segment_profiles,
        segment_sizes,
        segment_count,
        segment_silhouettes,
        segment_seasons,
        segment_churn,
        day_shapes,
        load_heatmap,
        system_load,
        target_curve,
    )
    try:
        with connect(warehouse, read_only=True) as connection:
            contents = [theme.read(connection) for theme in themes]
    except duckdb.CatalogException as error:
        raise UnusableInput(f"{warehouse} holds no marts to draw yet. Run `make run` first.") from error
    drawn = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Some draw a line for each customer, or a segment of few.
        with files_of_the_owner_alone(), peakwise_style():
            for theme, content in zip(themes, contents, strict=True):
                path = folder / theme.FILE_NAME
                if content is None:
                    path.unlink(missing_ok=True)
                else:
                    write_png(theme.draw(content), path)
                    drawn.append(path)
    except OSError as error:
        raise UnusableInput(f"Figures cannot be written to {folder}: {error.strerror or error}.") from error
    return drawn
