"""The peak window: the local hours in which demand response is wanted."""

from dataclasses import dataclass

import duckdb
from matplotlib.axes import Axes

from peakwise.figures.style import DETAIL_SIZE, GREY, HALO, ORANGE


@dataclass(frozen=True)
class PeakWindow:
    """Local hours from `start_hour` up to `end_hour`, on peak days of `season`."""

    season: str
    start_hour: int
    end_hour: int

    @property
    def hours(self) -> str:
        """The window on a clock: 17:00 to 21:00."""
        return f"{self.start_hour:02d}:00 to {self.end_hour:02d}:00"


def read_peak_window(connection: duckdb.DuckDBPyConnection) -> PeakWindow | None:
    """The peak window of the peak season; None when there is none yet."""
    row = connection.execute("""
        select season, peak_window_start_hour, least(peak_window_end_hour, 24)
        from marts.mart_system_peak
        where is_peak_season and peak_window_start_hour is not null
    """).fetchone()
    return PeakWindow(*row) if row else None


def shade_peak_window(axes: Axes, window: PeakWindow | None, *, label: bool = True) -> None:
    """Shade the window on an axis of 24 local hours, with its name at the top inside the axes."""
    if window is None:
        return
    axes.axvspan(window.start_hour, window.end_hour, color=ORANGE, alpha=0.16, linewidth=0, zorder=0)
    if label:
        on_left = window.start_hour + window.end_hour > 24
        axes.annotate(
            f"peak window\n{window.start_hour} to {window.end_hour} h",
            (window.start_hour if on_left else window.end_hour, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if on_left else 4, -3),
            textcoords="offset points",
            ha="right" if on_left else "left",
            va="top",
            size=DETAIL_SIZE - 0.5,
            color=GREY,
            path_effects=HALO,
            zorder=5,
        )


def set_local_hours(axes: Axes) -> None:
    """An x axis of the 24 local hours of a day."""
    axes.set_xlim(0, 24)
    axes.set_xticks(range(0, 25, 6))
