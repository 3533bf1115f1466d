"""Places incoming rows in time and at their meter."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from peakwise.errors import UnusableInput
from peakwise.loading.batches import Batches
from peakwise.loading.clock import Clock, create_label_clock
from peakwise.loading.survey import GOOD, Survey
from peakwise.readers import ReadingFile


@dataclass(frozen=True)
class Placement:
    """SQL that places an incoming row in time and at its meter.

    Attributes:
        rows: `from … where …` of all rows that can be readings; aliases `incoming`, `meters` and `batches`.
        start: Expression of the interval's UTC start.
        batch_key: Expression of the row's batch.
        later_start: The other possible start in the repeated hour of a local clock; None for a clock without changes.
        skipped: Condition of rows whose local time does not exist.
        shifting_days: Select statement of the UTC dates on which `later_start` differs; None for a clock without changes.
    """

    rows: str
    start: str
    batch_key: str
    later_start: str | None
    skipped: str
    shifting_days: str | None


def place(
    connection: duckdb.DuckDBPyConnection,
    file: ReadingFile,
    survey: Survey,
    label: str,
    clock: Clock,
    batches: Batches,
) -> Placement:
    """Decide how the labels of a file become UTC starts; creates `temp.label_clock` for a local clock."""
    backwards = " - to_minutes(meters.interval_minutes)" if label == "end" else ""
    if clock.is_local:
        create_label_clock(connection, file.relation, clock, label)
        start, later_start = f"(earlier_at{backwards})", f"(later_at{backwards})"
        from_clock, exists = "inner join label_clock using (label_at)", "and earlier_at is not null"
        skipped = "label_at in (select label_at from label_clock where earlier_at is null)"
        # An end label's start may lie on the day before.
        shifting_days = """
            select distinct unnest([earlier_at - interval 1 day, earlier_at])::date::timestamp as utc_date
            from label_clock where earlier_at != later_at
        """
    else:
        offset = f" - to_minutes({clock.offset_minutes})" if clock.offset_minutes else ""
        start, later_start, shifting_days = f"(label_at{offset}{backwards})", None, None
        from_clock, exists, skipped = "", "", "false"
    # Where every row is good the survey has tested it already.
    good = GOOD if survey.good_rows < survey.rows else "true"
    told = "".join(
        f" and incoming.{column} is not distinct from meters.{known}"
        for column, known in (
            ("channel", "file_channel"),
            ("register_id", "register_id"),
            ("interval_minutes", "told_minutes"),
        )
        if column in file.tells
    )
    rows = f"""
        from (select * from ({file.relation}) where {good}) as incoming
        inner join incoming_meters as meters
            on incoming.service_point_id = meters.service_point_id
            {told}
        {batches.join}
        {from_clock}
        where true {exists}
    """
    return Placement(rows, start, batches.key, later_start, skipped, shifting_days)


# In the repeated hour of a clock change a label stands twice. Its first occurrence in the file is the earlier instant, its
# second the later one; the other way round where the file runs backwards in time. Of the two labels of the moment itself
# (see `create_label_clock`) the one that stands more often tells which of them the file uses.
SAME_LABEL = "partition by meter_key, label_at, version"
MEETING = "partition by meter_key, meeting_at, version"
UPPER_ROWS = f"count(*) filter (where is_upper) over ({MEETING})"
LOWER_ROWS = f"count(*) filter (where not is_upper) over ({MEETING})"


def resolved_rows(placement: Placement, condition: str) -> str:
    """Select statement of good rows under a condition, each with the UTC start that order gives it."""
    columns = f"""
        meters.meter_key, meters.interval_minutes, incoming.kwh, incoming.source_flag, incoming.version,
        {placement.batch_key} as batch_key, incoming.row_number
    """
    if placement.later_start is None:
        return f"select {columns}, {placement.start} as interval_start_at {placement.rows} and {condition}"
    return f"""
        with placed_rows as (
            select
                {columns}, label_at, label_at::date as label_date, meeting_at, is_upper,
                {placement.start} as earlier_start, {placement.later_start} as later_start
            {placement.rows} and {condition}
        ),
        directions as (
            select meter_key, label_date, covar_pop(epoch_us(label_at), row_number) < 0 as runs_backwards
            from placed_rows
            where label_date in (select label_at::date from label_clock where earlier_at != later_at)
            group by all
        ),
        counted as (
            select
                placed_rows.*, coalesce(runs_backwards, false) as runs_backwards,
                row_number() over ({SAME_LABEL} order by row_number) % 2 = 0 as is_second,
                meeting_at is not null and {LOWER_ROWS} > {UPPER_ROWS} as lower_is_used,
                meeting_at is not null and {UPPER_ROWS} > {LOWER_ROWS} as upper_is_used,
                count(*) over ({SAME_LABEL}) as rows_of_label
            from placed_rows
            left join directions using (meter_key, label_date)
        )
        select
            *,
            case
                when lower_is_used and is_upper then later_start
                when upper_is_used and not is_upper then earlier_start
                when rows_of_label > 1 and is_second != runs_backwards then later_start
                else earlier_start
            end as interval_start_at
        from counted
    """


def time_span(
    connection: duckdb.DuckDBPyConnection, survey: Survey, label: str, clock: Clock
) -> tuple[datetime, datetime]:
    """First start and last end of the incoming intervals.

    Raises:
        UnusableInput: No label exists on the local clock.
    """
    longest = connection.execute("select max(interval_minutes) from incoming_meters").fetchone()[0]
    before = "interval_minutes" if label == "end" else "0"
    after = "0" if label == "end" else "interval_minutes"
    if not clock.is_local:
        first, last = connection.execute(f"""
            select min(first_label - to_minutes({before})), max(last_label + to_minutes({after})) from incoming_meters
        """).fetchone()
        offset = timedelta(minutes=clock.offset_minutes)
        return first - offset, last - offset
    first, last = connection.execute("select min(earlier_at), max(later_at) from label_clock").fetchone()
    if first is None:
        raise UnusableInput(f"None of the labels exists on the clock of {clock.name}.")
    # The extreme label of a meter may be one that the clock skips; the file's extremes then bound it.
    exact_first, exact_last, all_exist = connection.execute(f"""
        select
            min(first.earlier_at - to_minutes({before})), max(last.later_at + to_minutes({after})),
            count(first.earlier_at) = count(*) and count(last.later_at) = count(*)
        from incoming_meters
        left join label_clock as first on first.label_at = first_label
        left join label_clock as last on last.label_at = last_label
    """).fetchone()
    if all_exist:
        return exact_first, exact_last
    step = timedelta(minutes=longest)
    return (first - step, last) if label == "end" else (first, last + step)


def count_ambiguous(connection: duckdb.DuckDBPyConnection, placement: Placement) -> int:
    """Rows of the repeated hour whose label has no partner at its meter, so that order cannot tell which hour it is."""
    return connection.execute(f"""
        with labels as (
            select meters.meter_key, label_at, incoming.version, meeting_at, is_upper, count(*) as label_rows
            {placement.rows} and earlier_at != later_at
            group by all
        ),
        compared as (
            select
                *,
                sum(label_rows) filter (where is_upper) over ({MEETING}) as upper_rows,
                sum(label_rows) filter (where not is_upper) over ({MEETING}) as lower_rows
            from labels
        )
        select count(*) from compared
        where label_rows % 2 = 1
            and not (meeting_at is not null and is_upper and coalesce(lower_rows, 0) > coalesce(upper_rows, 0))
            and not (meeting_at is not null and not is_upper and coalesce(upper_rows, 0) > coalesce(lower_rows, 0))
    """).fetchone()[0]


def grid_minutes(connection: duckdb.DuckDBPyConnection, clock: Clock) -> int:
    """Greatest number of minutes on whose marks of the UTC hour every interval of the file starts and ends.

    Hours of a zone that lies half an hour off start at half past in UTC.
    """
    parts = connection.execute("select distinct interval_minutes, minute_mask from incoming_meters").fetchall()
    numbers = [minutes for minutes, _ in parts]
    numbers += [bit * 5 for _, mask in parts for bit in range(12) if mask >> bit & 1]
    if clock.is_local:
        shifts = connection.execute(
            "select distinct date_diff('minute', earlier_at, label_at) from label_clock"
        ).fetchall()
        numbers += [shift for (shift,) in shifts if shift is not None]
    else:
        numbers.append(clock.offset_minutes)
    return math.gcd(60, *numbers)
