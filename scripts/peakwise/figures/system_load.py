"""Figure: when the system peaks, and what its peak days look like."""

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, date2num, num2date
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from peakwise.figures.page import new_page, text_width
from peakwise.figures.peak_window import PeakWindow, read_peak_window, set_local_hours, shade_peak_window
from peakwise.figures.style import BLUE, BODY_SIZE, DETAIL_SIZE, GREY, HALO, MONTHS, VERMILION, amount, power_unit

FILE_NAME = "system_load.png"

_ROWS_OF_DATES = 3
_MOST_TRIES = 2000
_HISTORY_WIDTH = 4.0
"""Inches of the left panel, about, to find which dates fit side by side."""
_DAY_WIDTH = 2.3
"""Inches of the right panel, about."""


@dataclass(frozen=True)
class SystemLoad:
    """Highest load of each local day, and the mean day on peak days and on the others."""

    daily_peaks: list[tuple[date, float, bool]]
    peak_date: date
    peak_hour: int
    peak_kw: float
    peak_day_means: list[tuple[int, float]]
    other_day_means: list[tuple[int, float]]
    window: PeakWindow | None


def read(connection: duckdb.DuckDBPyConnection) -> SystemLoad | None:
    """The system load by day and by hour; None when there is none."""
    # The first and last day of a history often have a few hours only, and their highest is no day's peak.
    daily_peaks = connection.execute("""
        with days as (
            select
                local_date,
                max(system_kw)::double as peak_kw,
                bool_or(overall_peak_day_rank is not null) as is_peak_day,
                count(*) >= 23 as is_whole
            from marts.fct_system_load_hourly
            where system_kw is not null
            group by local_date
        )
        select local_date, peak_kw, is_peak_day
        from days
        where is_whole or is_peak_day or not (select bool_or(is_whole) from days)
        order by local_date
    """).fetchall()
    if not daily_peaks:
        return None
    peak_date, peak_hour, peak_kw = connection.execute("""
        select local_date, local_hour, system_kw::double
        from marts.fct_system_load_hourly
        where system_kw is not null
        order by system_kw desc, hour_start_at
        limit 1
    """).fetchone()
    means = connection.execute("""
        select
            overall_peak_day_rank is not null as is_peak_day,
            local_hour,
            sum(system_kw::decimal(38, 9))::double / count(*)
        from marts.fct_system_load_hourly
        where system_kw is not null
        group by all
        order by all
    """).fetchall()
    return SystemLoad(
        daily_peaks,
        peak_date,
        peak_hour,
        peak_kw,
        [(hour, kw) for is_peak_day, hour, kw in means if is_peak_day],
        [(hour, kw) for is_peak_day, hour, kw in means if not is_peak_day],
        read_peak_window(connection),
    )


def draw(load: SystemLoad) -> Figure:
    """The history beside the mean days, on one scale."""
    kw_per_unit, unit = power_unit(load.peak_kw)
    peak_days = sum(is_peak_day for _, _, is_peak_day in load.daily_peaks)
    figure = new_page(
        f"The system peaked at {amount(load.peak_kw / kw_per_unit)} {unit} on {spelled(load.peak_date)}, "
        f"{load.peak_hour} to {load.peak_hour + 1} h",
        f"{'The day' if peak_days == 1 else f'The {peak_days} days'} of highest load "
        f"{'is' if peak_days == 1 else 'are'} marked. {comparison(load)}",
        plot_height=4.3,
    )
    history, day = figure.subplots(1, 2, width_ratios=(1.75, 1), sharey=True)
    history.set_ylim(0, 1.38 * load.peak_kw / kw_per_unit if load.peak_kw > 0 else 1)
    history.yaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
    draw_history(history, load, kw_per_unit)
    draw_mean_day(day, load, kw_per_unit)
    history.set_title(f"Highest hour of each day, {unit}", loc="left", size=BODY_SIZE, weight="bold", pad=10)
    day.set_title(f"Mean day by local hour, {unit}", loc="left", size=BODY_SIZE, weight="bold", pad=10)
    return figure


def comparison(load: SystemLoad) -> str:
    """How much more load the peak window has on peak days; empty where there is nothing to compare."""
    if load.window is None:
        return ""
    hours = range(load.window.start_hour, load.window.end_hour)
    on_peak_days = [kw for hour, kw in load.peak_day_means if hour in hours]
    on_other_days = [kw for hour, kw in load.other_day_means if hour in hours]
    if not on_peak_days or not on_other_days or sum(on_other_days) <= 0:
        return ""
    more = sum(on_peak_days) / len(on_peak_days) / (sum(on_other_days) / len(on_other_days)) - 1
    return (
        f"On peak days, load from {load.window.start_hour} to {load.window.end_hour} h is {abs(more):.0%} "
        f"{'higher' if more >= 0 else 'lower'} than on other days."
    )


def spelled(day: date) -> str:
    """A date as people write it, whatever the language settings of the machine."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def draw_history(axes: Axes, load: SystemLoad, kw_per_unit: float) -> None:
    """Daily peaks as a line that breaks where days are missing, with the peak days as dots."""
    dates: list[date] = []
    values: list[float] = []
    for local_date, kw, _ in load.daily_peaks:
        if dates and local_date - dates[-1] > timedelta(days=1):
            dates.append(dates[-1] + timedelta(days=1))
            values.append(np.nan)
        dates.append(local_date)
        values.append(kw / kw_per_unit)
    axes.plot(dates, values, color=BLUE, linewidth=1.1, marker="o" if len(dates) < 40 else None, markersize=3, zorder=2)
    marked = [(local_date, kw / kw_per_unit) for local_date, kw, is_peak_day in load.daily_peaks if is_peak_day]
    if marked:
        axes.plot(*zip(*marked, strict=True), color=VERMILION, linestyle="none", marker="o", markersize=6, zorder=3)
    first, last = date2num(load.daily_peaks[0][0]), date2num(load.daily_peaks[-1][0])
    margin = 0.03 * (last - first) + 0.5
    axes.set_xlim(first - margin, last + margin)
    axes.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=7))
    axes.xaxis.set_major_formatter(lambda value, position: tick_label(value, position, last - first))
    label_days(axes, marked, last - first)


def tick_label(value: float, position: int | None, days: float) -> str:
    """The date at a tick, as short as the length of the history allows."""
    day = num2date(value)
    if days > 5 * 366:
        return str(day.year)
    month = MONTHS[day.month - 1]
    year = f"\n{day.year}" if position == 0 or (day.month == 1 and days > 90) else ""
    return f"{day.day} {month}{year}" if days <= 90 else f"{month}{year}"


def label_days(axes: Axes, marked: list[tuple[date, float]], days: float) -> None:
    """The dates of the peak days in rows over the line, each with a leader to the highest of its days."""
    left, right = axes.get_xlim()
    load_of = dict(marked)
    widest_gap_days = max(1.0, 0.02 * days)
    while True:
        groups = neighbours(list(load_of), widest_gap_days)
        leaders = [max(group, key=load_of.__getitem__) for group in groups]
        wanted = [
            ((date2num(leader) - left) / (right - left), text_width(group_label(group), DETAIL_SIZE) / _HISTORY_WIDTH)
            for group, leader in zip(groups, leaders, strict=True)
        ]
        places = arranged(wanted)
        if places is not None:
            break
        widest_gap_days *= 1.5
    for group, leader, place in zip(groups, leaders, places, strict=True):
        height = 0.83 + 0.055 * place.row
        axes.plot(
            [date2num(leader)] * 2,
            [load_of[leader], height * axes.get_ylim()[1]],
            color=VERMILION,
            linewidth=0.8,
            zorder=1,
        )
        axes.text(
            (place.start + place.end) / 2,
            height,
            group_label(group),
            transform=axes.transAxes,
            ha="center",
            va="bottom",
            size=DETAIL_SIZE,
            color=VERMILION,
            path_effects=HALO,
            zorder=4,
        )


@dataclass(frozen=True)
class LabelPlace:
    """Where a label lies over the line, in shares of the panel's width, and where its leader comes up."""

    leader: float
    start: float
    end: float
    row: int

    def disturbs(self, other: "LabelPlace") -> bool:
        """Whether the two overlap, or the leader of one runs through the other."""
        if self.row == other.row:
            return self.start < other.end + 0.02 and other.start < self.end + 0.02
        low, high = sorted((self, other), key=lambda place: place.row)
        return low.start - 0.01 < high.leader < low.end + 0.01


def arranged(wanted: list[tuple[float, float]]) -> list[LabelPlace] | None:
    """Places for labels of a leader and a width each, from left to right; None when none are found for all."""
    tries = 0

    def placed(places: list[LabelPlace]) -> list[LabelPlace] | None:
        nonlocal tries
        if len(places) == len(wanted):
            return places
        leader, width = wanted[len(places)]
        for row in range(_ROWS_OF_DATES):
            for share in (0.5, 0.05, 0.95):
                start = min(max(leader - share * width, 0.0), max(1 - width, 0.0))
                place = LabelPlace(leader, start, start + width, row)
                tries += 1
                if tries > _MOST_TRIES:
                    return None
                if not any(place.disturbs(other) for other in places):
                    found = placed([*places, place])
                    if found is not None:
                        return found
        return None

    return placed([])


def neighbours(days: list[date], widest_gap_days: float) -> list[list[date]]:
    """Days in groups that one label can name: no gap within a group is wider than this."""
    groups: list[list[date]] = []
    for day in sorted(days):
        if groups and (day - groups[-1][-1]).days <= widest_gap_days:
            groups[-1].append(day)
        else:
            groups.append([day])
    return groups


def group_label(group: list[date]) -> str:
    """The dates of a group: 16 Jan, or 13–21 Jan: 4 days."""
    first, last = group[0], group[-1]
    if len(group) == 1:
        return f"{first.day} {MONTHS[first.month - 1]}"
    start = f"{first.day}" if first.month == last.month else f"{first.day} {MONTHS[first.month - 1]}"
    return f"{start}–{last.day} {MONTHS[last.month - 1]}: {len(group)} days"


def draw_mean_day(axes: Axes, load: SystemLoad, kw_per_unit: float) -> None:
    """The mean peak day over the mean of the other days."""
    shade_peak_window(axes, load.window)
    for means, name, colour, width in (
        (load.other_day_means, "other days", BLUE, 2.0),
        (load.peak_day_means, "peak days", VERMILION, 2.8),
    ):
        if not means:
            continue
        hours = np.array([hour for hour, _ in means]) + 0.5
        kw = np.array([kw for _, kw in means]) / kw_per_unit
        axes.plot(hours, kw, color=colour, linewidth=width, marker="o" if len(means) == 1 else None, zorder=3)
        above = name == "peak days"
        # Over the highest hour, or under noon, clear of the line as far as the name is wide.
        middle = min(max(hours[np.argmax(kw)], 4.0), 20.0) if above else 12.0
        beside = kw[np.abs(hours - middle) <= 12 * text_width(name, BODY_SIZE, "bold") / _DAY_WIDTH + 1]
        axes.annotate(
            name,
            (middle, (beside.max() if above else beside.min()) if len(beside) else kw.mean()),
            xytext=(0, 6 if above else -6),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            color=colour,
            weight="bold",
            size=BODY_SIZE,
            path_effects=HALO,
            zorder=4,
        )
    set_local_hours(axes)
    axes.set_xlabel("local hour", size=DETAIL_SIZE, color=GREY)
