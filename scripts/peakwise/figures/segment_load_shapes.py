"""Figure: one panel a segment, the days of its customers with their mean."""

from dataclasses import dataclass

import duckdb
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from peakwise.figures.page import WIDTH, new_page, panel_heading, text_height, wrapped
from peakwise.figures.peak_window import PeakWindow, read_peak_window, set_local_hours, shade_peak_window
from peakwise.figures.segments import Segment, Segments, descriptive_sentence, read_segments
from peakwise.figures.style import BLUE, BODY_SIZE, DETAIL_SIZE, GREY, INK, amount, counted

FILE_NAME = "segment_load_shapes.png"

MOST_CUSTOMERS_DRAWN = 150
"""Thin lines of a panel; more are a solid block."""

_HOURS = [f"hour_{hour:02d}_kw" for hour in range(24)]
_HOUR_MIDDLES = np.arange(24) + 0.5


@dataclass(frozen=True)
class LoadShapes:
    """Percent of the day's energy by local hour, for a sample of customers and the mean of all, by segment."""

    segments: Segments
    samples: dict[int, NDArray[np.float64]]
    means: dict[int, NDArray[np.float64]]
    window: PeakWindow | None


def read(connection: duckdb.DuckDBPyConnection) -> LoadShapes | None:
    """The shapes of the newest run's segments; None when customers are not segmented."""
    segments = read_segments(connection)
    if segments is None:
        return None
    # Where several profiles were clustered, the mean of their shares is drawn; exact in any order of the threads, because
    # doubles would move the last digit.
    shares = f"""
        with profiles as (
            select
                assigned.segment_id,
                profiles.*,
                {" + ".join(_HOURS)} as daily_kwh
            from marts.fct_customer_segment as assigned
            inner join marts.fct_segment_centroid as centroids
                on assigned.run_id = centroids.run_id and assigned.segment_id = centroids.segment_id
            inner join marts.fct_customer_load_profile as profiles
                on assigned.customer_key = profiles.customer_key
                and centroids.season = profiles.season
                and centroids.day_type = profiles.day_type
            where assigned.is_outlier is not true
        ),
        shares as (
            select
                segment_id,
                customer_key,
                {", ".join(f"sum((100 * {hour} / daily_kwh)::decimal(38, 12)) / count(*) as {hour}" for hour in _HOURS)}
            from profiles
            where daily_kwh > 0
            group by segment_id, customer_key
        )
    """
    # Multiplying by an odd constant scatters the keys, so the sample is no block of neighbours, and always the same.
    samples = by_segment(
        connection,
        f"""
        {shares}
        select segment_id, {", ".join(_HOURS)}
        from shares
        qualify row_number() over (
            partition by segment_id order by (customer_key::bigint * 2654435761) % 4294967296, customer_key
        ) <= {MOST_CUSTOMERS_DRAWN}
        order by segment_id, customer_key
        """,
    )
    means = by_segment(
        connection,
        f"""
        {shares}
        select segment_id, {", ".join(f"sum({hour}::decimal(38, 12))::double / count(*)" for hour in _HOURS)}
        from shares
        group by segment_id
        """,
    )
    return LoadShapes(
        segments, samples, {number: rows[0] for number, rows in means.items()}, read_peak_window(connection)
    )


def by_segment(connection: duckdb.DuckDBPyConnection, query: str) -> dict[int, NDArray[np.float64]]:
    """The query's rows of 24 hours, by the segment in its first column."""
    columns = list(connection.execute(query).fetchnumpy().values())
    numbers = np.asarray(columns[0])
    hours = np.column_stack([np.ma.filled(column, np.nan).astype(float) for column in columns[1:]])
    return {int(number): hours[numbers == number] for number in np.unique(numbers)}


def draw(shapes: LoadShapes) -> Figure:
    """Small multiples on shared axes."""
    segments = shapes.segments
    columns = number_of_columns(segments)
    rows = -(-len(segments.drawn) // columns)
    panel_width = (WIDTH - 0.9) / columns - 0.2
    heading_height = max(
        text_height(wrapped(segment.name, panel_width, BODY_SIZE, "bold", most_lines=2), BODY_SIZE)
        + sum(text_height(wrapped(line, panel_width, DETAIL_SIZE), DETAIL_SIZE) for line in details(segment, segments))
        for segment in segments.drawn
    )
    plot_height = rows * ((3.2 if columns == 1 else 1.9) + heading_height) + 0.5
    figure = new_page(
        headline(segments),
        f"Share of the day's energy in each hour, mean of {segments.profile_days}. Thin lines are customers, "
        f"at most {MOST_CUSTOMERS_DRAWN} of a segment; bold is the mean of all its customers, dotted an even day.",
        warning=descriptive_sentence(segments),
        note=" ".join(
            filter(None, [segments.left_out_note, segments.former_note, segments.outlier_note, advice_note(segments)])
        ),
        plot_height=plot_height,
    )
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat
    highest = highest_share(shapes)
    for position, (axes, segment) in enumerate(zip(panels, segments.drawn, strict=False)):
        panel_heading(axes, segment.name, details(segment, segments), panel_width)
        shade_peak_window(axes, shapes.window, label=position < columns)
        axes.axhline(100 / 24, color=GREY, linewidth=0.9, linestyle=(0, (2, 3)), zorder=1)
        sample = shapes.samples.get(segment.segment_id)
        if sample is not None:
            lines = [np.column_stack([_HOUR_MIDDLES, customer]) for customer in sample]
            faint = 0.5 if len(lines) < 10 else 0.22 if len(lines) < 60 else 0.13
            axes.add_collection(LineCollection(lines, colors=BLUE, linewidths=0.7, alpha=faint, zorder=2))
            axes.plot(_HOUR_MIDDLES, shapes.means[segment.segment_id], color=INK, linewidth=2.6, zorder=3)
        axes.set_ylim(0, highest)
        set_local_hours(axes)
        if position + columns >= len(segments.drawn):
            axes.set_xlabel("local hour", size=DETAIL_SIZE, color=GREY)
            axes.tick_params(labelbottom=True)
    for axes in list(figure.axes)[len(segments.drawn) :]:
        axes.set_visible(False)
    figure.axes[0].yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    figure.axes[0].yaxis.set_major_formatter(lambda share, _: f"{share:g}%")
    return figure


def headline(segments: Segments) -> str:
    """What the figure shows, with the number of segments."""
    if segments.left_out:
        drawn, all_segments = len(segments.drawn), len(segments.drawn) + segments.left_out
        return f"How the {drawn} largest of {all_segments} segments spread the energy of a day"
    if len(segments.drawn) == 1:
        return "How customers spread the energy of a day: one segment"
    return f"How {len(segments.drawn)} customer segments spread the energy of a day"


def number_of_columns(segments: Segments) -> int:
    """Panels in a row: a class fills whole rows where that is possible."""
    largest_class = max(
        sum(segment.customer_class == customer_class for segment in segments.drawn)
        for customer_class in segments.classes
    )
    return min(len(segments.drawn), 2 if largest_class in (2, 4) else 3)


def details(segment: Segment, segments: Segments) -> list[str]:
    """Class, size and load at the peak, for the lines under the name."""
    size = counted(segment.current_customers, "customer")
    lines = [f"{segment.customer_class}, {size}" if segments.names_classes else size]
    if segment.mean_peak_window_kw is not None:
        lines.append(f"{amount(segment.mean_peak_window_kw)} kW each at the peak")
    if segment.program is not None:
        lines.append(f"Offer: {segment.program}")
    return lines


def advice_note(segments: Segments) -> str:
    """Why segments have no offer; empty when all have one, or none was looked for."""
    reasons: dict[str, list[str]] = {}
    for segment in segments.drawn:
        if segment.advice_reason:
            reasons.setdefault(segment.advice_reason, []).append(segment.customer_class)
    sentences = []
    for reason, classes in reasons.items():
        scope = "" if set(classes) == set(segments.classes) else f"{', '.join(dict.fromkeys(classes))}: "
        sentence = f"{scope}{reason.rstrip('.')}."
        sentences.append(sentence if scope else sentence[0].upper() + sentence[1:])
    return " ".join(sentences)


def highest_share(shapes: LoadShapes) -> float:
    """Top of the shared axis: means stay clear of the label, nearly all customers fit, a few spikes leave the panel."""
    highest = [100 / 24]
    highest += [1.35 * float(np.max(mean)) for mean in shapes.means.values()]
    highest += [1.15 * float(np.percentile(sample, 99.5)) for sample in shapes.samples.values()]
    return max(highest)
