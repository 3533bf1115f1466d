"""Gives every register that a file reads its meter key: one service point, one channel, one step of time."""

import duckdb

from peakwise.loading.customers import register_customers
from peakwise.loading.survey import FEW_ROWS, step_of_mask


def same_register(one: str, other: str) -> str:
    """Condition that two rows are of the same register, whatever its step."""
    return (
        f"{one}.service_point_id = {other}.service_point_id and {one}.channel = {other}.channel"
        f" and {one}.register_id is not distinct from {other}.register_id"
    )


def register_meters(connection: duckdb.DuckDBPyConnection, default_channel: str, *, step_is_fixed: bool) -> None:
    """Set the meter key of every row of `temp.incoming_meters`; new keys follow the order of ids.

    A service point that no agreement names is its own customer, so it gets a customer row too.

    Args:
        connection: The warehouse, inside the load's transaction.
        default_channel: Channel of rows that name none.
        step_is_fixed: Whether the user gave the step, so that nothing known before changes it.
    """
    connection.execute("update incoming_meters set channel = coalesce(lower(file_channel), ?)", [default_channel])
    if not step_is_fixed:
        adopt_known_steps(connection)
    known_meters = connection.execute("select coalesce(max(meter_key), 0) from raw.meters").fetchone()[0]
    connection.execute(
        f"""
        insert into raw.meters
        select
            ? + row_number() over (order by service_point_id, register_id, channel, interval_minutes),
            service_point_id, register_id, channel, interval_minutes
        from (
            select distinct service_point_id, register_id, channel, interval_minutes
            from incoming_meters
            where not exists (
                from raw.meters
                where {same_register("meters", "incoming_meters")}
                    and meters.interval_minutes = incoming_meters.interval_minutes
            )
        )
        """,
        [known_meters],
    )
    connection.execute(
        f"""
        update incoming_meters set meter_key = meters.meter_key, is_new = meters.meter_key > ?
        from raw.meters as meters
        where {same_register("meters", "incoming_meters")} and meters.interval_minutes = incoming_meters.interval_minutes
        """,
        [known_meters],
    )
    connection.execute(
        "create or replace temp view new_customers as select service_point_id as customer_id from raw.meters"
    )
    register_customers(connection, is_listed=False)


def adopt_known_steps(connection: duckdb.DuckDBPyConnection) -> None:
    """Let meters with a handful of incoming readings keep the step they are known for, if their labels fit it.

    Three corrections of a half-hourly meter may all lie on the hour.
    """
    few = f"good_rows < {FEW_ROWS} and told_minutes is null"
    for (mask,) in connection.execute(f"select distinct minute_mask from incoming_meters where {few}").fetchall():
        connection.execute(
            f"""
            update incoming_meters set interval_minutes = known.interval_minutes
            from (
                -- Of several steps the finest: the coarser ones have been left behind.
                select service_point_id, register_id, channel, min(interval_minutes) as interval_minutes
                from raw.meters where ? % interval_minutes = 0 group by all
            ) as known
            where {few} and minute_mask = ? and {same_register("known", "incoming_meters")}
            """,
            [step_of_mask(mask), mask],
        )
