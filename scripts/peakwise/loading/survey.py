"""A first look at a file: which meters, which step, which rows cannot be readings, where readings repeat.

One grouped scan answers all of it. Repeats show where a meter has more good rows than distinct slots, a slot being one
bit of a mask: exact, and far cheaper than grouping by reading.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers import ReadingFile

CHANNELS = ("delivered", "received")
# Above this, no meter of any customer; below it the sums of a day stay within decimal(18, 9).
GREATEST_KWH = 1_000_000
# Labels on no five-minute mark cannot be placed; see docs/loading.md.
GRID_MICROSECONDS = 300_000_000
EARLIEST, LATEST = datetime(1990, 1, 1), datetime(2100, 1, 1)
SAMPLE_ROWS = 20_000
MASK_BYTES_AT_ONCE = 256 * 1024 * 1024
FEW_ROWS = 48

REASON = f"""
    case
        when service_point_id is null then 'no service point id'
        when label_text is null and label_at is null then 'no time label'
        when label_at is null and try_cast(label_text as timestamp) is not null
            then 'the time label is written in another way than the first ones (offset, AM or PM)'
        when label_at is null then 'the time label is not a time'
        when label_at not between timestamp '{EARLIEST}' and timestamp '{LATEST}' then 'the time label is outside 1990 to 2100'
        when kwh_text is null and kwh is null then 'no energy value'
        when kwh is null or not isfinite(kwh) then 'the energy value is not a number'
        when abs(kwh) >= {GREATEST_KWH} then 'the energy value is beyond any meter'
        when epoch_us(label_at) % {GRID_MICROSECONDS} != 0 then 'off-grid time: the label is on no five-minute mark'
        when channel is not null and lower(channel) not in ('delivered', 'received')
            then 'the channel is neither delivered nor received'
        when unreadable_version is not null then 'the version stamp is neither a whole number nor a time'
    end
"""
# The same conditions as REASON, cheap enough for every row.
GOOD = f"""(
    service_point_id is not null and label_at is not null and kwh is not null
    and abs(kwh) < {GREATEST_KWH} and epoch_us(label_at) % {GRID_MICROSECONDS} = 0
    and label_at between timestamp '{EARLIEST}' and timestamp '{LATEST}'
    and (channel is null or lower(channel) in ('delivered', 'received')) and unreadable_version is null
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
    """Interval length in minutes from the five-minute marks of the hour on which labels fall (bit i = minute 5 i).

    It is the widest step that reaches all marks from the first one; half past alone means hours, as where hours of a zone
    with a half-hour offset are labelled in UTC.
    """
    marks = [bit * 5 for bit in range(12) if mask >> bit & 1]
    return math.gcd(60, *(mark - marks[0] for mark in marks))


def take_survey(connection: duckdb.DuckDBPyConnection, file: ReadingFile, interval_minutes: int | None) -> Survey:
    """Look through a file and create `temp.incoming_meters` with one row per service point, channel and what the file tells.

    Args:
        connection: The warehouse.
        file: The opened file.
        interval_minutes: The step if the user fixed it, else None: found per meter.

    Raises:
        UnusableInput: No row can be a reading, or the readings are coarser than an hour.
    """
    rows, first, last = label_bounds(connection, file)
    if first is None:
        raise UnusableInput(why_no_reading(connection, file, rows))
    sampled_mask = connection.execute(f"""
        select coalesce(bit_or(1 << (minute(label_at) // 5)), 1)
        from (select label_at from ({file.relation}) where label_at is not null limit {SAMPLE_ROWS})
    """).fetchone()[0]
    # One bit a step from the first label. Should a later row fall between the sample's steps, two rows share a bit and the
    # meter is looked at reading by reading: slower, never wrong.
    unit = step_of_mask(int(sampled_mask)) * 60_000_000
    last_slot = int((last - first).total_seconds() * 1_000_000 // unit)
    meters = connection.execute(f"select approx_count_distinct(service_point_id) from ({file.relation})").fetchone()[0]
    parts = max(1, -(-(last_slot // 8 + 64) * 2 * meters // MASK_BYTES_AT_ONCE))
    connection.execute("drop table if exists temp.incoming_meters")
    connection.execute("""
        create temp table incoming_meters (
            service_point_id varchar, file_channel varchar, register_id varchar, told_minutes smallint,
            good_rows bigint, slots bigint, has_neighbours boolean, minute_mask integer, hour_mask integer,
            first_label timestamp, last_label timestamp, interval_minutes smallint, channel varchar, meter_key integer,
            is_new boolean, may_repeat boolean, contested_days bit
        )
    """)
    origin = f"epoch_us(timestamp '{first}')"
    told = {
        name: name if name in file.tells else f"null::{data_type}"
        for name, data_type in (("channel", "varchar"), ("register_id", "varchar"), ("interval_minutes", "smallint"))
    }
    slot = f"bitstring_agg(cast((epoch_us(label_at) - {origin}) // {unit} as integer), 0, {last_slot})"
    for part in range(parts):
        only = f"and hash(service_point_id) % {parts} = {part}" if parts > 1 else ""
        connection.execute(f"""
            insert into incoming_meters by name
            select
                service_point_id, {told["channel"]} as file_channel, {told["register_id"]} as register_id,
                {told["interval_minutes"]} as told_minutes,
                count(*) as good_rows,
                bit_count({slot}) as slots,
                -- two readings in a row, where one row is one slot
                {str(last_slot > 0).lower()} and bit_count({slot} & ({slot} << 1)) > 0 as has_neighbours,
                bit_or(1 << (minute(label_at) // 5)) as minute_mask, bit_or(1 << hour(label_at)) as hour_mask,
                min(label_at) as first_label, max(label_at) as last_label
            from ({file.relation})
            where {GOOD} {only}
            group by {", ".join(("service_point_id", *file.tells))}
        """)
    good_rows, first_label, last_label, hour_mask, has_neighbours = connection.execute("""
        select coalesce(sum(good_rows), 0), min(first_label), max(last_label), bit_or(hour_mask), bool_or(has_neighbours)
        from incoming_meters
    """).fetchone()
    if good_rows == 0:
        raise UnusableInput(why_no_reading(connection, file, rows))
    hours_of_day = int(hour_mask).bit_count()
    # A file of a few late corrections touches few hours of the day, too, but not time and again.
    if (
        last_label - first_label >= timedelta(hours=72)
        and hours_of_day <= 12
        and good_rows > 4 * hours_of_day
        and not has_neighbours
    ):
        raise UnusableInput(
            f"{file.path.name}: its labels fall on {hours_of_day} hour(s) of the day only. Peakwise needs hourly or finer "
            "readings."
        )
    assign_steps(connection, interval_minutes)
    return Survey(rows, good_rows, first_label, last_label)


def label_bounds(
    connection: duckdb.DuckDBPyConnection, file: ReadingFile
) -> tuple[int, datetime | None, datetime | None]:
    """Rows of a file, and its first and last plausible label; Parquet answers from its statistics."""
    bounds = f"""
        select
            rows,
            case when first_label >= timestamp '{EARLIEST}' and last_label <= timestamp '{LATEST}' then first_label end,
            case when first_label >= timestamp '{EARLIEST}' and last_label <= timestamp '{LATEST}' then last_label end
        from (
            select count(*) as rows, min(label_at) as first_label, max(label_at) as last_label from ({file.relation})
    """
    rows, first, last = connection.execute(f"{bounds})").fetchone()
    if first is None:
        _, first, last = connection.execute(f"{bounds} where {GOOD})").fetchone()
    return rows, first, last


def why_no_reading(connection: duckdb.DuckDBPyConnection, file: ReadingFile, rows: int) -> str:
    """The sentence on a file without a single reading; it tells what is wrong with the first row."""
    if rows + len(file.unreadable) == 0:
        return f"{file.path.name} has a header but no rows."
    if rows == 0:
        reason = file.unreadable[0][1]
    else:
        reason = connection.execute(f"""
            select {REASON} from ({file.relation}) where not coalesce({GOOD}, false) order by row_number limit 1
        """).fetchone()[0]
    return f"{file.path.name}: none of its {rows + len(file.unreadable):,} rows can be a reading; of the first one, {reason}."


def assign_steps(connection: duckdb.DuckDBPyConnection, interval_minutes: int | None) -> None:
    """Set the interval length of each incoming meter from the marks its labels fall on.

    A handful of readings may fall on the hour by chance; they take the step most meters of the file have.
    """
    connection.execute("update incoming_meters set interval_minutes = told_minutes")
    masks = connection.execute("""
        select minute_mask, sum(good_rows), count(*) filter (where good_rows >= ?) from incoming_meters
        where told_minutes is null group by 1
    """, [FEW_ROWS]).fetchall()  # fmt: skip
    if not masks:
        return
    steps = {mask: interval_minutes or step_of_mask(mask) for mask, _, _ in masks}
    usual = min(masks, key=lambda row: (-row[2], -row[1], steps[row[0]]))
    for mask, step in steps.items():
        connection.execute(
            "update incoming_meters set interval_minutes = case when good_rows >= ? then ? else least(?, ?) end"
            " where minute_mask = ? and told_minutes is null",
            [FEW_ROWS, step, step, steps[usual[0]], mask],
        )
