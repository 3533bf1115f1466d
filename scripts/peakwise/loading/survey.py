"""A first look at a file: which meters, which step, which rows cannot be readings, where readings repeat.

One grouped scan answers all of it. Repeats show where a meter has more good rows than distinct slots, a slot being one
bit of a mask: exact, and far cheaper than grouping by reading.
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers import ReadingFile

CHANNELS = ("delivered", "received")
STEPS_MINUTES = (60, 30, 20, 15, 10, 5)
# Above this, no meter of any customer: a nuclear unit gives 1.5 GWh an hour.
GREATEST_KWH = 10_000_000
# Labels on no five-minute mark cannot be placed; see docs/loading.md.
GRID_MICROSECONDS = 300_000_000
MASK_BYTES_AT_ONCE = 256 * 1024 * 1024
FEW_ROWS = 48

REASON = f"""
    case
        when service_point_id is null then 'no service point id'
        when label_text is null and label_at is null then 'no time label'
        when label_at is null then 'the time label is not a time'
        when label_at not between timestamp '1990-01-01' and timestamp '2100-01-01' then 'the time label is outside 1990 to 2100'
        when kwh_text is null and kwh is null then 'no energy value'
        when kwh is null or not isfinite(kwh) then 'the energy value is not a number'
        when abs(kwh) >= {GREATEST_KWH} then 'the energy value is beyond any meter'
        when epoch_us(label_at) % {GRID_MICROSECONDS} != 0 then 'off-grid time: the label is on no five-minute mark'
        when channel is not null and lower(channel) not in ('delivered', 'received')
            then 'the channel is neither delivered nor received'
    end
"""
# The same conditions as REASON, cheap enough for every row.
GOOD = f"""(
    service_point_id is not null and label_at is not null and kwh is not null
    and abs(kwh) < {GREATEST_KWH} and epoch_us(label_at) % {GRID_MICROSECONDS} = 0
    and label_at between timestamp '1990-01-01' and timestamp '2100-01-01'
    and (channel is null or lower(channel) in ('delivered', 'received'))
)"""


@dataclass(frozen=True)
class Survey:
    """What one file holds.

    Attributes:
        rows: Rows of the relation.
        good_rows: Rows that can be readings, before the clock is looked at.
        first_label: Earliest label of a good row.
        last_label: Latest label of a good row.
    """

    rows: int
    good_rows: int
    first_label: datetime
    last_label: datetime


def step_of_mask(mask: int) -> int:
    """Interval length in minutes from the five-minute marks of the hour on which labels fall (bit i = minute 5 i)."""
    marks = [bit * 5 for bit in range(12) if mask >> bit & 1]
    return next(step for step in STEPS_MINUTES if all((mark - marks[0]) % step == 0 for mark in marks))


def take_survey(connection: duckdb.DuckDBPyConnection, file: ReadingFile, interval_minutes: int | None) -> Survey:
    """Look through a file and create `temp.incoming_meters` with one row per service point and channel of it.

    Args:
        connection: The warehouse.
        file: The opened file.
        interval_minutes: The step if the user fixed it, else None: found per meter.

    Raises:
        UnusableInput: No row can be a reading, or the readings are coarser than an hour.
    """
    rows, good_rows, first_label, last_label, minute_mask, hour_mask = connection.execute(f"""
        select
            count(*), count_if({GOOD}),
            min(label_at) filter (where {GOOD}), max(label_at) filter (where {GOOD}),
            bit_or(1 << (minute(label_at) // 5)) filter (where {GOOD}),
            bit_or(1 << hour(label_at)) filter (where {GOOD})
        from ({file.relation})
    """).fetchone()
    if good_rows == 0:
        raise UnusableInput(f"{file.path.name}: none of its {rows + len(file.unreadable):,} rows can be a reading.")
    span_hours = (last_label - first_label).total_seconds() / 3600
    if span_hours >= 72 and int(hour_mask).bit_count() <= 12:
        raise UnusableInput(
            f"{file.path.name}: its labels fall on {int(hour_mask).bit_count()} hour(s) of the day only. Peakwise needs "
            "hourly or finer readings."
        )

    unit = step_of_mask(int(minute_mask)) * 60_000_000
    # The greatest common grid of all meters, from the first label: one bit a step.
    last_slot = int((last_label - first_label).total_seconds() * 1_000_000 // unit)
    meters = connection.execute(f"select approx_count_distinct(service_point_id) from ({file.relation})").fetchone()[0]
    parts = max(1, -(-(last_slot // 8 + 64) * 2 * meters // MASK_BYTES_AT_ONCE))
    origin = f"epoch_us(timestamp '{first_label}')"
    connection.execute("drop table if exists temp.incoming_meters")
    connection.execute("""
        create temp table incoming_meters (
            service_point_id varchar, file_channel varchar, good_rows bigint, slots bigint, minute_mask integer,
            meter_key integer, interval_minutes smallint
        )
    """)
    for part in range(parts):
        only = f"and hash(service_point_id) % {parts} = {part}" if parts > 1 else ""
        connection.execute(f"""
            insert into incoming_meters
            select
                service_point_id, channel, count(*),
                bit_count(bitstring_agg(cast((epoch_us(label_at) - {origin}) // {unit} as integer), 0, {last_slot})),
                bit_or(1 << (minute(label_at) // 5)), null, null
            from ({file.relation})
            where {GOOD} {only}
            group by service_point_id, channel
        """)
    assign_steps(connection, interval_minutes)
    return Survey(rows, good_rows, first_label, last_label)


def assign_steps(connection: duckdb.DuckDBPyConnection, interval_minutes: int | None) -> None:
    """Set the interval length of each incoming meter from the marks its labels fall on.

    A handful of readings may fall on the hour by chance; they take the step most meters of the file have.
    """
    masks = connection.execute("""
        select minute_mask, sum(good_rows), count(*) filter (where good_rows >= ?) from incoming_meters group by 1
    """, [FEW_ROWS]).fetchall()  # fmt: skip
    steps = {mask: interval_minutes or step_of_mask(mask) for mask, _, _ in masks}
    usual = min(masks, key=lambda row: (-row[2], -row[1], steps[row[0]]))
    for mask, step in steps.items():
        connection.execute(
            "update incoming_meters set interval_minutes = case when good_rows >= ? then ? else least(?, ?) end"
            " where minute_mask = ?",
            [FEW_ROWS, step, step, steps[usual[0]], mask],
        )
