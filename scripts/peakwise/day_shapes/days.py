"""Customer-days as arrays, read from the warehouse in parts: memory does not grow with their number."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow
from numpy.typing import NDArray

from peakwise.errors import UnusableInput

KW_COLUMNS = [f"hour_{hour:02d}_kw" for hour in range(24)]

DAYS_AT_ONCE = 100_000
"""Customer-days in memory together."""


@dataclass(frozen=True)
class HeldDays:
    """What was read of the warehouse's good days.

    Attributes:
        days: Customer-days with a shape.
        customers: Customers who have one.
        first_local_date: The first of them; None when there is none.
        last_local_date: The last of them; None when there is none.
    """

    days: int
    customers: int
    first_local_date: date | None
    last_local_date: date | None


@dataclass(frozen=True)
class DaysPart:
    """Some customer-days, in order of customer_key and local_date."""

    customer_keys: pyarrow.ChunkedArray
    local_dates: pyarrow.ChunkedArray
    shapes: NDArray[np.float64]
    """Share of the day's energy in each local hour, shape (days, 24)."""


def hold_days(connection: duckdb.DuckDBPyConnection) -> HeldDays:
    """Write the view of good days out once, into a temporary table that may leave memory for the disk.

    Raises:
        UnusableInput: The models are not built.
    """
    try:
        connection.execute("""
            create or replace temp table held_days as
            select * from intermediate.int_customer_day_loads order by customer_key, local_date
        """)
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise UnusableInput(
            "The warehouse has no customer-days with 24 hours: run `dbt build` on the model int_customer_day_loads first."
        ) from error
    return HeldDays(
        *connection.execute(
            "select count(*), count(distinct customer_key), min(local_date), max(local_date) from held_days"
        ).fetchall()[0]
    )


def sampled_shapes(connection: duckdb.DuckDBPyConnection, seed: int, size: int) -> NDArray[np.float64]:
    """Shapes of a random sample of the held days; of all, when there are no more than `size`.

    A hash of seed, customer_id and date decides who is in, so that neither the order of rows nor the numbering of customers
    nor other customers' days change who is preferred to whom.

    Returns:
        In order of customer_id and local_date, shape (sampled days, 24).
    """
    columns = connection.execute(
        f"""
        with sampled as (
            select held_days.rowid as held_row, customers.customer_id, held_days.local_date
            from held_days inner join marts.dim_customer as customers using (customer_key)
            order by
                md5(concat_ws(' ', ?::varchar, held_days.local_date, customers.customer_id)),
                customers.customer_id, held_days.local_date
            limit ?
        )
        select {", ".join(KW_COLUMNS)}
        from sampled inner join held_days on sampled.held_row = held_days.rowid
        order by sampled.customer_id, sampled.local_date
        """,
        [seed, size],
    ).fetchnumpy()
    return shapes_of([columns[name] for name in KW_COLUMNS])


def parts_of_days(connection: duckdb.DuckDBPyConnection, days: int) -> Iterator[DaysPart]:
    """All held days, part by part.

    Args:
        connection: The warehouse, after `hold_days`.
        days: Number of held days.
    """
    for first in range(0, days, DAYS_AT_ONCE):
        # Rows of a temporary table are numbered as they were written: by customer and date.
        table = connection.sql(
            f"""
            select customer_key, local_date, {", ".join(KW_COLUMNS)} from held_days
            where rowid >= ? and rowid < ? order by rowid
            """,
            params=[first, first + DAYS_AT_ONCE],
        ).to_arrow_table()
        yield DaysPart(
            customer_keys=table["customer_key"],
            local_dates=table["local_date"],
            shapes=shapes_of([table[name].to_numpy() for name in KW_COLUMNS]),
        )


def shapes_of(hourly_kw: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Each day divided by its own total (Kwac, Flora and Rajagopal 2014, doi:10.1109/TSG.2013.2278477).

    Args:
        hourly_kw: kW in each of the 24 local hours, none below zero and not all zero; 24 arrays of shape (days,).

    Returns:
        Shares that add up to 1, shape (days, 24).
    """
    kw = np.column_stack(hourly_kw)
    return kw / kw.sum(axis=1, keepdims=True)
