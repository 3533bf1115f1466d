"""The short summary at the end of a run: where rows went, segments, targets, and where to look next."""

import os
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from peakwise import paths
from peakwise.loading import FileResult, SourceTableResult
from peakwise.pipeline import Outcome
from peakwise.warehouse import connect

MOST_FILES_LISTED = 15


def show_summary(outcome: Outcome, console: Console) -> None:
    """Print the summary of a run."""
    with connect(paths.warehouse(), read_only=True) as connection:
        show_fates(connection, outcome.files, console)
        show_sources(outcome.sources, console)
        show_late_sources(connection, console)
        show_quality(connection, console)
        show_without_agreement(connection, console)
        show_segments(connection, outcome, console)
        show_targets(connection, console)
    published = relative(paths.published())
    console.print(f"\nResults  {escape(str(published))}/", highlight=False, soft_wrap=True)
    figures = " figures/," if (paths.published() / "figures").is_dir() else ""
    console.print(f"         peakwise.duckdb (every mart), parquet/,{figures} manifest.json", highlight=False)
    console.print("Try      " + escape(command_to_try(published)), highlight=False, soft_wrap=True)


def relative(path: Path) -> Path:
    """The path as seen from the working folder, where that is shorter."""
    seen = Path(os.path.relpath(path))
    return seen if not str(seen).startswith("../..") else path


def command_to_try(published: Path) -> str:
    """A command that shows the first targets; it needs nothing but the installed environment."""
    sql = "select customer_id, segment_name, expected_kw, rank from mart_dr_targets where is_target order by rank limit 10"
    read = f"duckdb.connect('{published}/peakwise.duckdb', read_only=True)"
    return f".venv/bin/python -c \"import duckdb; {read}.sql('{sql}').show()\""


def show_fates(connection: duckdb.DuckDBPyConnection, files: list[FileResult], console: Console) -> None:
    """Print where the rows of each file went, as the manifest has it now: later files supersede rows of earlier ones."""
    if not files:
        return
    loaded = sum(file.state == "loaded" for file in files)
    fates = connection.execute(
        """
        select file_name, rows_in, rows_accepted, rows_duplicate, rows_superseded, rows_rejected
        from raw.load_manifest order by load_id desc limit ?
        """,
        [loaded],
    ).fetchall()[::-1]
    table = Table("file", title="Rows in and where they went", title_justify="left")
    for column in ("in", "accepted", "duplicate", "superseded", "rejected"):
        table.add_column(column, justify="right")
    if loaded <= MOST_FILES_LISTED:
        for name, *counts in fates:
            table.add_row(escape(name), *(f"{count:,}" for count in counts))
    for file in files:
        if file.state == "known":
            table.add_row(escape(file.name), "known already")
    if loaded > 1:
        table.add_section()
        table.add_row(f"{loaded} files", *(f"{sum(column):,}" for column in list(zip(*fates, strict=True))[1:]))
    console.print()
    console.print(table)
    for file in files:
        if file.ambiguity:
            console.print(file.ambiguity, markup=False, highlight=False, soft_wrap=True)
    reasons = connection.execute(
        """
        select reason, count(*) from raw.rejected_readings
        where load_id in (select load_id from raw.load_manifest order by load_id desc limit ?)
        group by reason order by 2 desc, 1 limit 5
        """,
        [loaded],
    ).fetchall()
    for reason, rows in reasons:
        console.print(f"{rows:,} rejected: {escape(reason)}", highlight=False, soft_wrap=True)
    if reasons:
        console.print("Each with its line and value: raw.rejected_readings in the warehouse.", highlight=False)


def show_quality(connection: duckdb.DuckDBPyConnection, console: Console) -> None:
    """Print energy, days and the reasons why days may not shape profiles."""
    days, kwh, good = connection.execute(
        "select count(*), sum(kwh), count_if(shapes_profile) from marts.fct_customer_daily_usage"
    ).fetchone()
    if not days:
        return
    reasons = connection.execute("""
        select quality_reason, count(*) from marts.fct_customer_daily_usage
        where quality_reason is not null group by 1 order by 2 desc
    """).fetchall()
    told = ", ".join(f"{count:,} {reason}" for reason, count in reasons) or "none"
    console.print(
        f"{kwh:,.0f} kWh delivered on {days:,} customer-days; {1 - good / days:.2%} of them shape no profile ({told}).",
        highlight=False,
        soft_wrap=True,
    )


def show_without_agreement(connection: duckdb.DuckDBPyConnection, console: Console) -> None:
    """Print how much delivered energy no agreement covers, where there is any: it counts for no customer."""
    kwh, metered_kwh = connection.execute(
        "select sum(without_agreement_kwh), sum(metered_kwh) from marts.mart_control_totals"
    ).fetchone()
    if kwh:
        share = f" ({kwh / metered_kwh:.2%} of what the meters say)" if metered_kwh else ""
        told = f"{kwh:,.0f}" if abs(kwh) >= 1 else f"{kwh:.3f}"
        console.print(
            f"{told} kWh{share} lie in no agreement and count for no customer (by month: mart_control_totals): nobody was "
            "there, or valid_from and valid_to of the customers file are wrong.",
            highlight=False,
            soft_wrap=True,
        )


def show_sources(sources: list[SourceTableResult], console: Console) -> None:
    """Print what became of the optional sources, where they were given: rows loaded, and what a reader must know."""
    loaded = [file for file in sources if file.state == "loaded"]
    if loaded:
        told = ", ".join(f"{file.table_name} {file.rows_accepted:,}" for file in loaded)
        console.print(f"Other sources: {told}.", highlight=False, soft_wrap=True)
    for file in loaded:
        if file.rows_rejected:
            console.print(
                f"{escape(file.file_name)}: {file.rows_rejected:,} of {file.rows_in:,} rows rejected; the reasons are in "
                "raw.rejected_source_rows.",
                highlight=False,
                soft_wrap=True,
            )


def show_late_sources(connection: duckdb.DuckDBPyConnection, console: Console) -> None:
    """Print which sources end long before the others."""
    late = connection.execute(
        "select source_name, newest_date, reason from marts.mart_source_freshness where is_late order by source_name"
    ).fetchall()
    for name, newest_date, reason in late:
        console.print(f"Late: {name} to {newest_date}; it {reason}.", highlight=False, soft_wrap=True)


def show_segments(connection: duckdb.DuckDBPyConnection, outcome: Outcome, console: Console) -> None:
    """Print the segments with their sizes and names, and how far to trust them."""
    console.print()
    runs = connection.execute("""
        select customer_class, standardisation, profile_set, verdict from intermediate.int_segment_runs_current
        order by customer_class
    """).fetchall()
    if outcome.segmentation_note:
        console.print(f"{escape(outcome.segmentation_note)}.", highlight=False, soft_wrap=True)
    if not runs:
        return
    segments = connection.execute("""
        select
            customer_class, segment_id, segment_name, customers, customer_fraction, peak_window_kw, mean_peak_window_kw,
            former_customers
        from marts.mart_segment_summary order by segment_id
    """).fetchall()
    _, standardisation, profile_set, _ = runs[0]
    title = f"Segments by shape of day ({standardisation}, profiles {profile_set})"
    table = Table("class", "segment", "name", title=title, title_justify="left")
    for column in ("customers", "share", "kW at peak", "kW each"):
        table.add_column(column, justify="right")
    for customer_class, segment_id, name, customers, share, total_kw, mean_kw, _ in segments:
        table.add_row(
            escape(customer_class), str(segment_id), escape(name), f"{customers:,}", f"{share or 0:.0%}",
            f"{total_kw or 0:,.0f}", f"{mean_kw or 0:.2f}",
        )  # fmt: skip
    console.print(table)
    former = sum(former_customers for *_, former_customers in segments)
    if former:
        console.print(
            f"Customers are those of today. {former:,} who have left helped to shape the segments and are in none of these "
            "figures.",
            highlight=False,
            soft_wrap=True,
        )
    for customer_class, *_, verdict in runs:
        console.print(f"{escape(customer_class)}: {escape(verdict)}", highlight=False, soft_wrap=True)


def show_targets(connection: duckdb.DuckDBPyConnection, console: Console) -> None:
    """Print the target lists: who can be asked, who is chosen, and the kW to expect of them."""
    peak = connection.execute("""
        select season, peak_window_start_hour, peak_window_end_hour, system_peak_kw, system_peak_date, system_peak_hour
        from marts.mart_system_peak where is_peak_season
    """).fetchone()
    console.print()
    if peak is None:
        console.print("No target lists: no system load yet.")
        return
    season, start_hour, end_hour, system_kw, date, hour = peak
    window = f"{start_hour:02d}:00 to {end_hour:02d}:00" if start_hour is not None else "unknown hours"
    console.print(
        f"The system peaked at {system_kw:,.0f} kW on {date} at {hour:02d}:00 local time; the peak window is {window} on "
        f"{season}'s peak days.",
        highlight=False,
        soft_wrap=True,
    )
    lists = connection.execute("""
        select
            customer_class, count_if(reason != 'no longer a customer'), count_if(is_eligible), count_if(is_target),
            coalesce(sum(expected_kw) filter (where is_target), 0), coalesce(sum(expected_kw) filter (where is_eligible), 0)
        from marts.mart_dr_targets group by 1 order by 1
    """).fetchall()
    table = Table("class", title="Targets: reduce at the peak", title_justify="left")
    for column in ("customers", "eligible", "targets", "expected kW", "of all eligible"):
        table.add_column(column, justify="right")
    for customer_class, customers, eligible, targets, target_kw, eligible_kw in lists:
        share = f"{target_kw / eligible_kw:.0%}" if eligible_kw else "-"
        table.add_row(
            escape(customer_class), f"{customers:,}", f"{eligible:,}", f"{targets:,}", f"{target_kw:,.1f}", share
        )
    console.print(table)
    flexible = connection.execute("select flexible_fraction from marts.dim_utility").fetchone()[0]
    console.print(
        f"Expected kW rest on an assumption: {flexible:.0%} of load in the peak window is flexible "
        "(seeds/targeting_assumptions.csv).",
        highlight=False,
        soft_wrap=True,
    )
