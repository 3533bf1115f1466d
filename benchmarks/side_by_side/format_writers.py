"""Writes the readings of the view `written` in each format that the pipeline reads, without keeping a file in memory.

`written` has one row a reading: service_point_id, channel, interval_start_at (UTC), kwh, version; hourly.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path

import duckdb

DAYS_AT_ONCE = 1_000
HOUR_SECONDS = 3_600
WATT_HOUR_TENTHS_PER_KWH = 10_000
UPDATED = "2026-01-02T00:00:00Z"
READING_TYPE = "ReadingType/01"


def write_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """One row a reading, all columns, zstd."""
    connection.execute(f"copy (from written) to '{path}' (format parquet, compression zstd)")


def write_long_csv(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """One line a reading, all columns."""
    connection.execute(f"copy (from written) to '{path}' (format csv, header)")


def write_wide_daily_csv(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """One line for each service point and UTC day, one column for each hour."""
    hours = ", ".join(
        f'max(kwh) filter (where extract(hour from interval_start_at) = {hour}) as "{hour:02d}:00"'
        for hour in range(24)
    )
    connection.execute(f"""
        copy (
            select service_point_id, cast(interval_start_at as date) as date, {hours}
            from written
            group by service_point_id, date
            order by service_point_id, date
        ) to '{path}' (format csv, header)
    """)


def write_customer_columns_csv(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """One line for each hour, one column for each service point."""
    connection.execute(f"""
        copy (
            from (
                pivot (select interval_start_at, service_point_id, kwh from written)
                on service_point_id using max(kwh) group by interval_start_at
            ) order by interval_start_at
        ) to '{path}' (format csv, header)
    """)


def days_of(
    connection: duckdb.DuckDBPyConnection, offset_hours: int, value: str
) -> Iterator[tuple[str, str, int, list]]:
    """Service point, date as `20250131`, epoch second of the first reading, and values, of each day in order.

    Args:
        connection: Has the view `written`.
        offset_hours: How far the clock of the days is ahead of UTC.
        value: SQL of a value.
    """
    found = connection.execute(f"""
        select
            service_point_id,
            strftime(interval_start_at + interval {offset_hours} hour, '%Y%m%d') as day,
            cast(epoch(min(interval_start_at)) as bigint),
            list({value} order by interval_start_at)
        from written
        group by service_point_id, day
        order by service_point_id, day
    """)
    while days := found.fetchmany(DAYS_AT_ONCE):
        yield from days


def write_nem12(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """One record for each register and day of the clock of UTC+10; the days must be whole."""
    with path.open("w", encoding="ascii", newline="\r\n") as file:
        file.write("100,NEM12,202601020000,MDP,RETAILER\n")
        former = None
        for service_point_id, day, _, values in days_of(connection, 10, "kwh"):
            if service_point_id != former:
                file.write(f"200,{service_point_id},E1,1,E1,N1,METER1,kWh,60,\n")
                former = service_point_id
            file.write(f"300,{day},{','.join(map(str, values))},A,,,20260102000000,\n")
        file.write("900\n")


def entry(identity: str, link: str, up: str, related: list[str], content: str) -> str:
    """One entry of a Green Button feed.

    Args:
        identity: What its UUID is made of.
        link: Its own link.
        up: Link of the collection it belongs to.
        related: Links of what it leads to.
        content: The resource.
    """
    links = "".join(f'<link rel="related" href="{href}"/>' for href in related)
    return (
        f"<entry>\n<id>urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, identity)}</id>\n"
        f'<link rel="self" href="{link}"/><link rel="up" href="{up}"/>{links}\n'
        f"<content>{content}</content>\n<updated>{UPDATED}</updated>\n</entry>\n"
    )


def point_entries(number: int, service_point_id: str) -> str:
    """A usage point and its one series of readings."""
    point = f"Customer/{number}/UsagePoint/01"
    series = f"{point}/MeterReading/01"
    service = "<ServiceCategory><kind>0</kind></ServiceCategory>"
    return entry(
        f"point {service_point_id}", point, f"Customer/{number}/UsagePoint", [f"{point}/MeterReading"],
        f'<UsagePoint xmlns="http://naesb.org/espi">{service}</UsagePoint>',
    ) + entry(
        f"series {service_point_id}", series, f"{point}/MeterReading", [f"{series}/IntervalBlock", READING_TYPE],
        '<MeterReading xmlns="http://naesb.org/espi"/>',
    )  # fmt: skip


def block_entry(number: int, service_point_id: str, day: str, start: int, values: list[int]) -> str:
    """The hourly readings of one day, one a line."""
    readings = "\n".join(
        f"<IntervalReading><timePeriod><duration>{HOUR_SECONDS}</duration><start>{start + HOUR_SECONDS * hour}</start>"
        f"</timePeriod><value>{value}</value></IntervalReading>"
        for hour, value in enumerate(values)
    )
    span = f"<interval><duration>{HOUR_SECONDS * len(values)}</duration><start>{start}</start></interval>"
    blocks = f"Customer/{number}/UsagePoint/01/MeterReading/01/IntervalBlock"
    return entry(
        f"block {service_point_id} {day}", f"{blocks}/{day}", blocks, [],
        f'<IntervalBlock xmlns="http://naesb.org/espi">{span}\n{readings}</IntervalBlock>',
    )  # fmt: skip


def write_green_button(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """A feed with a block for each service point and UTC day, values in tenths of a watt-hour; days have no gaps."""
    texts = {
        "accumulationBehaviour": 4, "commodity": 1, "flowDirection": 1, "intervalLength": HOUR_SECONDS, "kind": 12,
        "powerOfTenMultiplier": -1, "uom": 72,
    }  # fmt: skip
    reading_type = "".join(f"<{name}>{text}</{name}>" for name, text in texts.items())
    value = f"cast(round(kwh * {WATT_HOUR_TENTHS_PER_KWH}) as bigint)"
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n')
        content = f'<ReadingType xmlns="http://naesb.org/espi">{reading_type}</ReadingType>'
        file.write(entry("type", READING_TYPE, "ReadingType", [], content))
        number, former = 0, None
        for service_point_id, day, start, values in days_of(connection, 0, value):
            if service_point_id != former:
                number, former = number + 1, service_point_id
                file.write(point_entries(number, service_point_id))
            file.write(block_entry(number, service_point_id, day, start, values))
        file.write("</feed>\n")
