"""Turns a source's time labels into UTC instants: UTC, fixed offsets and local clocks with their changes."""

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, available_timezones

import duckdb

from peakwise.errors import UnusableInput
from peakwise.warehouse import literal

FIXED_OFFSET = re.compile(r"(?:UTC)?([+-])(\d{1,2})(?::?(\d{2}))?")


def check_time_zone(name: str) -> str:
    """Return the IANA zone's name as it is.

    Raises:
        UnusableInput: No such zone.
    """
    # `localtime` is the machine's own zone, which DuckDB does not know.
    if name not in available_timezones() or name == "localtime":
        raise UnusableInput(
            f"Time zone '{name}' is unknown. Give an IANA name such as Europe/London or America/New_York."
        )
    return name


@dataclass(frozen=True)
class Clock:
    """The clock of a source's labels.

    Attributes:
        name: As the user gave it.
        offset_minutes: Minutes ahead of UTC for UTC and fixed offsets, None for a local clock with changes.
    """

    name: str
    offset_minutes: int | None

    @classmethod
    def parse(cls, name: str) -> "Clock":
        """Read `UTC`, an offset such as `+10:00`, or an IANA zone.

        Raises:
            UnusableInput: The name is none of these.
        """
        if name.upper() in ("UTC", "Z", "GMT", "ETC/UTC"):
            return cls("UTC", 0)
        if match := FIXED_OFFSET.fullmatch(name):
            minutes = int(match[2]) * 60 + int(match[3] or 0)
            if minutes <= 14 * 60 and int(match[3] or 0) < 60:
                return cls(name, minutes if match[1] == "+" else -minutes)
        check_time_zone(name)
        return cls(name, None)

    @property
    def is_local(self) -> bool:
        """Whether the clock changes, so that some labels do not exist and some stand for two instants."""
        return self.offset_minutes is None

    @property
    def utility_time_zone(self) -> str | None:
        """The zone of local days when only the labels' clock is known: a local clock tells it, UTC does not."""
        return ZoneInfo(self.name).key if self.is_local else None


UTC_CLOCK = Clock("UTC", 0)


def create_label_clock(connection: duckdb.DuckDBPyConnection, relation: str, clock: Clock, label: str) -> None:
    """Create `temp.label_clock`: each distinct label of a local clock with the instants it may stand for.

    DuckDB reads a label that does not exist, or exists twice, without a word; here both are found by going back and
    forth. `earlier_at` is null for a label that does not exist.

    An end label may name the moment of a clock change as the clock before it would have shown it: 02:00 for the end of the
    last hour before a change at two. In spring that is the moment, though the local clock never showed it. In autumn the
    moment has two labels then, and files use one or the other: `meeting_at` is that moment, on the rows of both labels, and
    `is_upper` marks the label that the clock before the change would have shown.
    """
    zone = literal(clock.name)
    connection.execute("drop table if exists temp.label_clock")
    connection.execute(f"""
        create temp table label_clock as
        with labels as (
            select distinct label_at from ({relation}) where label_at between timestamp '1990-01-01' and timestamp '2100-01-01'
        ),
        guessed as (
            select label_at, timezone('UTC', timezone({zone}, label_at)) as guess_at from labels
        ),
        shifted as (
            select label_at, guess_at + to_minutes(shift) as instant_at
            from guessed cross join (select unnest([-120, -60, -30, 0, 30, 60, 120]) as shift) as shifts
        ),
        instants as (
            select label_at, instant_at from shifted
            where timezone({zone}, timezone('UTC', instant_at)) = label_at
                or (
                    {str(label == "end").lower()}
                    and timezone({zone}, timezone('UTC', instant_at - interval 1 microsecond))
                    = label_at - interval 1 microsecond
                )
        ),
        placed as (
            select labels.label_at, min(instants.instant_at) as earlier_at, max(instants.instant_at) as later_at
            from labels left join instants using (label_at)
            group by labels.label_at
        ),
        meetings as (
            select lower.label_at as lower_label_at, upper.label_at as upper_label_at, upper.earlier_at as meeting_at
            from placed as lower
            inner join placed as upper on lower.later_at = upper.earlier_at and lower.label_at < upper.label_at
            where lower.earlier_at != lower.later_at and upper.earlier_at != upper.later_at
        )
        select
            placed.*,
            coalesce(as_lower.meeting_at, as_upper.meeting_at) as meeting_at,
            as_upper.meeting_at is not null as is_upper
        from placed
        left join meetings as as_lower on placed.label_at = as_lower.lower_label_at
        left join meetings as as_upper on placed.label_at = as_upper.upper_label_at
    """)


def instants_with_two_labels(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether two labels of the file mean the same instant, as end labels of 02:00 and 03:00 do at the spring change."""
    return connection.execute("""
        select count(earlier_at) > count(distinct earlier_at) from label_clock
    """).fetchone()[0]
