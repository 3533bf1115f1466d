"""Writes the page of results: what was measured, on what, how the bars are met, and every number behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from side_by_side import bars, large_segmentation
from side_by_side.bars import Bar, verdict
from side_by_side.formats import FORMATS, FormatRun
from side_by_side.late_data import DAYS, LateRun
from side_by_side.markdown import table
from side_by_side.parts import Measured
from side_by_side.places import NARROW, PLAIN, RESENT
from side_by_side.rounds import Results, Summary
from side_by_side.settings import MEMORY_LIMIT, SEGMENTS, THREADS, TIME_ZONE

BARE_AGGREGATIONS = ("bare aggregations", "bare aggregations on the bare table")
STAGES = (
    ("Load", "load", "load"),
    ("Raw readings to profiles", "models", "profiles"),
    ("Other marts that need no segments", "models", "marts before segmentation"),
    ("Segmentation", "segmentation", "segmentation"),
    ("Segments, targets, customer 360", "marts", "marts after segmentation"),
    ("Publishing", "publishing", "publishing"),
)
SLOWEST_MODELS = 10
SLOWEST_MODELS_OF_LATE_DATA = 5
# How many times as long adding the last day of a month may take with a year before it as with a month.
LATE_DAY_AT_MOST = 1.3


@dataclass(frozen=True)
class Run:
    """Everything that one run of the benchmarks brought.

    Attributes:
        machine: Hardware and versions, by what they are.
        rows: Rows of each variant of the readings.
        customers, months, repeats: Size of the readings, and rounds.
        results: Phases of all rounds.
        differences: Largest difference in kW between the pipeline's profiles and each other way's.
        formats: Loading by format; None when it was left out.
        late: The cost of late data; None when it was left out.
        large: Segmentation of very many customers; None when it was left out.
        parts: What the parts brought.
    """

    machine: Mapping[str, str]
    rows: Mapping[str, int]
    customers: int
    months: int
    repeats: int
    results: Results
    differences: Mapping[str, float]
    formats: FormatRun | None = None
    late: LateRun | None = None
    large: large_segmentation.LargeRun | None = None
    parts: Sequence[Measured] = ()


def whole_pipeline(results: Results, variant: str) -> Summary:
    """All stages together; memory is that of the stage that takes most."""
    stages = [results.phase(task, phase, variant) for _, task, phase in STAGES]
    return Summary(
        sum(stage.seconds for stage in stages),
        sum(stage.median_seconds for stage in stages),
        sum(stage.processor_seconds for stage in stages),
        max(stage.peak_memory_bytes for stage in stages),
    )


def cells(name: str, summary: Summary, *more: str) -> list[str]:
    """A row of times and memory."""
    return [
        name,
        f"{summary.seconds:.2f}",
        f"{summary.median_seconds:.2f}",
        f"{summary.processor_seconds:.2f}",
        f"{summary.peak_memory_bytes / 1e6:,.0f}",
        *more,
    ]


def ways(results: Results) -> list[tuple[str, Summary]]:
    """Everything that was measured on the readings without duplicates, with its name."""
    phase = results.phase
    return [
        ("Bare DuckDB: scan of all columns", phase("scan", "scan")),
        ("Bare DuckDB: `create table as select *`", phase("bare load", "bare load")),
        ("Bare DuckDB: two aggregations on that table", phase(*BARE_AGGREGATIONS)),
        (
            "Bare DuckDB: two aggregations on `raw.readings`",
            phase("bare aggregations", "bare aggregations on raw.readings"),
        ),
        *((f"Peakwise: {name[0].lower()}{name[1:]}", phase(task, part)) for name, task, part in STAGES),
        ("Peakwise: all stages", whole_pipeline(results, PLAIN)),
        ("Polars: profiles", phase("Polars", "profiles")),
        ("pandas, daily pivot: profiles", phase("pandas, daily pivot", "profiles")),
        ("pandas, daily pivot: profiles and clusters", phase("pandas, daily pivot", "profiles and clusters")),
        ("pandas, `groupby`: profiles", phase("pandas, groupby", "profiles")),
        ("pandas, `groupby`: profiles and clusters", phase("pandas, groupby", "profiles and clusters")),
        ("pandas, `pivot_table`: profiles", phase("pandas, pivot_table", "profiles")),
        ("pandas, `pivot_table`: profiles and clusters", phase("pandas, pivot_table", "profiles and clusters")),
    ]


def times_table(results: Results) -> str:
    """Times, memory and, as a ratio, times over the scan's."""
    scan = results.phase("scan", "scan").seconds
    header = ["", "Seconds", "Median", "CPU seconds", "Peak MB", "x scan"]
    return table(header, [cells(name, summary, f"{summary.seconds / scan:,.0f}") for name, summary in ways(results)])


def bars_table(run: Run) -> str:
    """Every bar, from the least times and, beside them, from the median times."""
    phase = run.results.phase
    return bars.bars_table(
        [
            Bar.ratio("Loading over `create table as`", 1.3, phase("load", "load"), phase("bare load", "bare load")),
            Bar.ratio(
                "Raw readings to profiles over the two bare aggregations", 3.0,
                phase("models", "profiles"), phase(*BARE_AGGREGATIONS),
            ),
            Bar.ratio(
                "All stages over the pandas recipe's profiles and clusters", 1.0,
                whole_pipeline(run.results, PLAIN), phase("pandas, daily pivot", "profiles and clusters"),
            ),
            *format_bars(run.formats),
            *late_bars(run.late),
            *large_segmentation.bars(run.large),
            *(bar for part in run.parts for bar in part.bars),
        ]
    )  # fmt: skip


def format_bars(formats: FormatRun | None) -> list[Bar]:
    """The bars of loading by format."""
    if formats is None:
        return []
    phase = formats.results.phase
    return [
        Bar.ratio(
            f"Loading {form.name}, {formats.written[key]['readings']:,} rows, over `create table as`", form.at_most,
            phase("load", "load", key), phase("bare load", "bare load", key),
        )
        for key, form in FORMATS.items()
        if form.at_most is not None
    ]  # fmt: skip


def late_bars(late: LateRun | None) -> list[Bar]:
    """The bar of late data: the long history over the short one."""
    if late is None or "last" not in late.days:
        return []
    long, short = late.of_day("last")
    name = f"Adding the last day of a month to {long.history_days} days over adding it to {short.history_days}"
    return [Bar.ratio(name, LATE_DAY_AT_MOST, long, short)]


def formats_table(formats: FormatRun) -> str:
    """One row a format, bare DuckDB beside it where it reads the file."""
    rows = []
    for key, form in FORMATS.items():
        written = formats.written[key]
        ours = formats.results.phase("load", "load", key)
        row = [form.name, f"{written['readings']:,}", f"{written['megabytes']:,.0f}", *cells("", ours)[1:]]
        row.append(f"{written['readings'] / ours.seconds:,.0f}")
        if form.bare_scan is None or form.at_most is None:
            rows.append([*row, "", "", "", ""])
            continue
        bare = formats.results.phase("bare load", "bare load", key)
        ratio = ours.seconds / bare.seconds
        rows.append([*row, f"{bare.seconds:.2f}", f"{ratio:.2f}", f"{form.at_most:.1f}", verdict(ratio, form.at_most)])
    header = [
        "Format", "Readings", "File MB", "Seconds", "Median", "CPU seconds", "Peak MB", "Readings/s", "Bare seconds",
        "x bare", "At most", "Verdict",
    ]  # fmt: skip
    return table(header, rows)


def formats_section(formats: FormatRun | None) -> str:
    """Loading by format with its conditions, or nothing."""
    if formats is None:
        return ""
    fewer = "; ".join(
        f"{form.name} those of {max(1, formats.customers // form.customers_divisor):,}"
        for form in FORMATS.values()
        if form.customers_divisor > 1
    )
    return f"""
## Loading by format

The same hourly readings of {formats.customers:,} customers in every form. The formats that Python reads line by line hold fewer
customers: {fewer}.
NEM12 holds whole days of its clock (UTC+10) only. Parquet and long CSV have id, channel, time, energy and version; the
other forms have id, time and energy. *Bare seconds* are those of DuckDB's `create table as` from the same file, of CSV
with the types of all columns given; the rows of the other forms are no single readings.
Every warehouse was checked to hold the number of readings and the energy of its file.

{formats_table(formats)}
"""


def late_table(late: LateRun) -> str:
    """One row a history; the ratio stands with the long one."""
    rows = []
    for day in late.days:
        long, short = late.of_day(day)
        for addition in (long, short):
            parts = (addition.copy_seconds, addition.load_seconds, addition.build_seconds)
            ratio = f"{long.seconds / short.seconds:.2f}" if addition is long else ""
            least = [f"{min(seconds):.2f}" for seconds in parts]
            row = [f"{day} of a month, {DAYS[day]:%d %B}", f"{addition.history_days}", *least]
            rows.append([*row, f"{addition.seconds:.2f}", f"{addition.median_seconds:.2f}", ratio])
    header = [
        "Day added", "Days before", "Copy s", "Load s", "Build s", "Load and build s", "Of medians", "x short history",
    ]  # fmt: skip
    return table(header, rows)


def late_models_table(late: LateRun, day: str) -> str:
    """The slowest nodes of the long history's build, with both histories beside each other."""
    long, short = late.of_day(day)
    slowest = sorted(long.nodes, key=lambda name: -long.nodes[name])[:SLOWEST_MODELS_OF_LATE_DATA]
    rows = [[f"`{name}`", f"{long.nodes[name]:.2f}", f"{short.nodes[name]:.2f}"] for name in slowest]
    others = [sum(seconds for name, seconds in one.nodes.items() if name not in slowest) for one in (long, short)]
    rows.append([f"{len(long.nodes) - len(slowest)} other seeds and models", *(f"{seconds:.2f}" for seconds in others)])
    return table([f"Adding the {day} day", f"{long.history_days} days", f"{short.history_days} days"], rows)


def late_section(late: LateRun | None) -> str:
    """The cost of late data with its conditions, or nothing."""
    if late is None:
        return ""
    repeats = len(late.additions[0].load_seconds)
    models = "\n\n".join(late_models_table(late, day) for day in late.days)
    return f"""
## The cost of late data

One local day of {late.customers:,} customers ({24 * late.customers:,} readings) is added to a warehouse that holds a part of
the year before it, and everything that needs no segments is built incrementally, seeds and views included, as `make update`
does it. Seconds are the least of {repeats}, and *of medians* adds up the medians; histories take turns. `make update` first
copies the warehouse, which takes the longer the more it holds: the copy, down to the disk, stands apart, and ratios are
of load and build. Dbt's start, {late.start_seconds:.2f} s, is taken off.
After every addition the sums behind the profiles were checked to hold every reading once.

{late_table(late)}

Seconds of the slowest nodes, which run two at a time, in the fastest build:

{models}
"""


def resent_table(results: Results) -> str:
    """Stages with and without re-sent blocks."""
    rows = []
    for name, task, phase in (("Bare DuckDB: `create table as`", "bare load", "bare load"), *STAGES):
        plain, resent = results.phase(task, phase, PLAIN), results.phase(task, phase, RESENT)
        rows.append(cells(name, resent, f"{resent.seconds / plain.seconds:.2f}"))
    plain, resent = whole_pipeline(results, PLAIN), whole_pipeline(results, RESENT)
    rows.append(cells("All stages", resent, f"{resent.seconds / plain.seconds:.2f}"))
    return table(["With re-sent blocks", "Seconds", "Median", "CPU seconds", "Peak MB", "x without"], rows)


def models_table(results: Results) -> str:
    """The slowest models on the way to profiles in the last round."""
    nodes = results.found[PLAIN, "models"]["profiles"]["nodes"]
    slowest = sorted(nodes.items(), key=lambda node: -node[1])[:SLOWEST_MODELS]
    rows = [[f"`{name}`", f"{seconds:.2f}"] for name, seconds in slowest]
    others = [seconds for name, seconds in nodes.items() if name not in dict(slowest)]
    if others:
        rows.append([f"{len(others)} other seeds and models", f"{sum(others):.2f}"])
    return table(["On the way to profiles", "Seconds"], rows)


def render(run: Run, day: date) -> str:
    """The whole page."""
    results = run.results
    models = results.found[PLAIN, "models"]["profiles"]
    machine = table(["", ""], [[name, value] for name, value in run.machine.items()], left=2)
    narrow = [results.phase(task, task, NARROW) for task in ("bare load", "load")]
    differences = "; ".join(f"{name}: {difference:.0e}" for name, difference in run.differences.items())
    return f"""# Benchmarks

Written by `make bench` on {day:%Y-%m-%d}; do not edit by hand. Compare the
ratios, not the seconds: the seconds belong to this machine.

{machine}

## The bars

{run.rows[PLAIN]:,} hourly rows ({run.customers:,} customers, {run.months} months) in one Parquet file, no duplicates.
{own_readings(run)}Ratios of the least times of {run.repeats} rounds, and of the medians beside them; seconds where a bar says so.

{bars_table(run)}

## Everything side by side

{times_table(results)}

- *Seconds* is the least of all rounds ({run.repeats}), with the median beside it. In a round everything runs once, one after
  the other, each in a process of its own. *CPU seconds* add up all cores. *Peak MB* is the greatest resident memory of
  the process up to the end of the phase, libraries included.
- Everybody has {THREADS} threads; DuckDB has {MEMORY_LIMIT} and, bare or not, the optimizer setting that helps it most
  here. Imports are before the clock starts, for everybody. The dataframes
  change their order from round to round: on a virtual machine the first process that needs much memory waits for it.
- Bare load and Peakwise's load both write a DuckDB file and close it. Peakwise also hashes the file, looks for rows that
  cannot be readings and for readings that stand twice, gives meters their keys, and notes which load and version a
  row came from. On a file of id, time and energy alone `create table as` takes {narrow[0].seconds:.2f} s and Peakwise's load
  {narrow[1].seconds:.2f} s, {narrow[1].seconds / narrow[0].seconds:.2f} times as long: Peakwise writes the same four columns
  (meter, start, energy, batch) whatever the file has.
- The two aggregations are partial sums (customer x month x weekend x hour) and daily totals, with the zone
  ({TIME_ZONE}) converted once an instant. They are made on the table that `create table as` left (ids as text) and on
  the pipeline's own `raw.readings` (ids as integers); the bar takes the former.
- Times of dbt stages are wall times of a command in a process that has parsed the project, minus dbt's start:
  {models["start_seconds"]:.2f} s in the last round, measured in the same process by a command that builds one view,
  less that view's own time. What dbt spends around each model stays in. The execution times of the nodes up to the
  profiles, which run two at a time, add up to {models["summed_seconds"]:.2f} s. Tests and figures are left out.
- The pandas recipe of the textbook reads Parquet, takes local date and hour, pivots to a table of customer-days by hours,
  averages the days, scales every hour across customers (StandardScaler) and makes {SEGMENTS} clusters (KMeans, `n_init=10`).
  It neither checks nor stores anything, and has one profile a customer where Peakwise has one for each season and day
  type. The bar takes this form. Two shorter forms, which average by customer and hour in one step and
  never see a day, stand beside it.
- The profiles agree (the daily pivot differs in the hour that the autumn clock change repeats, for it averages means).
  Largest differences to Peakwise's in kW:
  {differences}.

{models_table(results)}

## With 2% of the readings sent twice

{run.rows[RESENT]:,} rows: one in fifty blocks, a customer's 24 hours of a UTC day, stands again at the end of the file
with the same values.

{resent_table(results)}
{formats_section(run.formats)}{late_section(run.late)}{other_sections(run)}"""


def other_sections(run: Run) -> str:
    """The sections that modules of their own write."""
    sections = [
        *([] if run.large is None else [large_segmentation.render(run.large)]),
        *(part.section for part in run.parts),
    ]
    return "".join(f"\n{section.strip()}\n" for section in sections)


def own_readings(run: Run) -> str:
    """A line on the bars that are measured on other readings, or nothing."""
    if run.formats is None and run.late is None and run.large is None and not any(part.bars for part in run.parts):
        return ""
    return "Where a bar tells its customers, rows or days, it has data of its own, which its section describes.\n"
