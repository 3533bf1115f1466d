"""Figure: what each segment weighs in customers, energy and load at the peak."""

import duckdb
from matplotlib.figure import Figure

from peakwise.figures.page import new_page, short_lines, text_width, wrapped
from peakwise.figures.segments import Segment, Segments, descriptive_sentence, read_segments
from peakwise.figures.style import BLUE, BODY_SIZE, DETAIL_SIZE, GREEN, GREY, INK, ORANGE, counted, percent

FILE_NAME = "segment_sizes.png"

_MEASURES = (
    ("customer_fraction", "customers", BLUE),
    ("energy_fraction", "energy", GREEN),
    ("peak_window_fraction", "peak load", ORANGE),
)
_LABEL_WIDTH = 2.3


def read(connection: duckdb.DuckDBPyConnection) -> Segments | None:
    """The newest run's segments; None when customers are not segmented."""
    return read_segments(connection)


def draw(segments: Segments) -> Figure:
    """Three columns of bars, one a measure, with a tick at the share of customers to compare with."""
    names = [label(segment, segments) for segment in segments.drawn]
    row_height = max(0.5, max(name.count("\n") + 1 for name in names) * 0.185 + 0.16)
    figure = new_page(
        headline(segments),
        "Shares of all current customers with a segment; peak load is their load in the peak window on peak days. "
        "The black tick repeats the share of customers, to compare with.",
        warning=descriptive_sentence(segments),
        note=segments.left_out_note,
        plot_height=row_height * len(names) + 0.55,
    )
    columns = figure.subplots(1, len(_MEASURES), sharey=True)
    places = range(len(names))
    for axes, (measure, title, colour) in zip(columns, _MEASURES, strict=True):
        shares = [getattr(segment, measure) for segment in segments.drawn]
        axes.barh(places, [share or 0.0 for share in shares], height=0.56, color=colour, zorder=2)
        axes.set_title(title, loc="left", size=BODY_SIZE, weight="bold")
        for place, segment, share in zip(places, segments.drawn, shares, strict=True):
            usual = segment.customer_fraction if measure != "customer_fraction" else None
            if usual is not None and share is not None:
                axes.plot([usual, usual], [place - 0.36, place + 0.36], color=INK, linewidth=1.6, zorder=3)
            axes.annotate(
                "not known" if share is None else percent(share),
                (0.0 if share is None else max(share, usual or 0.0), place),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                size=BODY_SIZE if share is not None else DETAIL_SIZE,
                color=INK if share is not None else GREY,
            )
        axes.set_xlim(0, 1.32 * greatest_share(segments))
        axes.set_xticks([])
        axes.grid(False)
        axes.spines["bottom"].set_visible(False)
    columns[0].set_yticks(places, names, size=DETAIL_SIZE)
    columns[0].tick_params(axis="y", labelcolor=INK)
    columns[0].set_ylim(len(names) - 0.5, -0.5)
    return figure


def headline(segments: Segments) -> str:
    """The segment that weighs more at the peak than its customers would, if there is one."""
    known = [segment for segment in segments.drawn if segment.customer_fraction and segment.peak_window_fraction]
    if len(segments.drawn) == 1:
        return "All customers with a segment are in one"
    if not known:
        return f"How large the {len(segments.drawn)} segments are; their load at the peak is not known"
    heaviest = max(known, key=lambda segment: segment.peak_window_fraction - segment.customer_fraction)
    if percent(heaviest.peak_window_fraction) == percent(heaviest.customer_fraction):
        return "Every segment draws its customers' share of the load at the peak"
    of_class = f" ({heaviest.customer_class})" if len(segments.classes) > 1 else ""
    return (
        f"“{heaviest.name}”{of_class}: {percent(heaviest.customer_fraction)} of customers, "
        f"{percent(heaviest.peak_window_fraction)} of peak load"
    )


def label(segment: Segment, segments: Segments) -> str:
    """Name, class and size beside the bars."""
    size = counted(segment.current_customers, "customer")
    lines = [short_lines(segment.name, _LABEL_WIDTH, DETAIL_SIZE, most_lines=2)]
    together = f"{segment.customer_class}, {size}" if segments.names_classes else size
    if text_width(together, DETAIL_SIZE) <= _LABEL_WIDTH:
        lines.append(together)
    else:
        lines += [wrapped(segment.customer_class, _LABEL_WIDTH, DETAIL_SIZE, most_lines=1), size]
    return "\n".join(lines)


def greatest_share(segments: Segments) -> float:
    """The longest bar of all measures, so that the three columns have one scale."""
    return (
        max((getattr(segment, measure) or 0.0 for segment in segments.drawn for measure, _, _ in _MEASURES), default=0)
        or 1.0
    )
