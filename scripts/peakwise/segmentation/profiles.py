"""Standardised profiles as arrays, read from the warehouse."""

from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
from numpy.typing import NDArray

from peakwise.errors import UnusableInput

HOUR_COLUMNS = [f"hour_{hour:02d}" for hour in range(24)]

DEFAULT_PROFILES = [("all", "all"), ("all", "weekday")]
"""Season and day type to segment, in order of preference. `all` needs more good days than `weekday` does."""


@dataclass(frozen=True)
class StandardisedProfiles:
    """Shapes of one season and day type, sorted by customer class and, within it, by customer_id."""

    season: str
    day_type: str
    standardisation: str
    customer_keys: NDArray[np.integer]
    """Shape (customers,)."""
    shapes: NDArray[np.float64]
    """Standardised load per local hour, finite. Shape (customers, 24)."""
    rows_of_class: dict[str, slice]
    """Rows of each class, classes in order of their name."""
    first_usage_date: date | None
    last_usage_date: date | None


def read_profiles(
    connection: duckdb.DuckDBPyConnection, season: str | None = None, day_type: str | None = None
) -> StandardisedProfiles:
    """Read the profiles to segment.

    Args:
        connection: The warehouse.
        season: Season of the profiles; `all` when only the day type is given.
        day_type: Day type of the profiles; `all` when only the season is given. When neither is given, the first of
            `DEFAULT_PROFILES` for which a customer has a shape.

    Raises:
        UnusableInput: The models are not built, no customer has such a shape, standardisations are mixed, or a value
            is not a finite number.
    """
    candidates = DEFAULT_PROFILES if season is None and day_type is None else [(season or "all", day_type or "all")]
    try:
        for candidate in candidates:
            methods = connection.execute(
                """
                select distinct standardisation from intermediate.int_profiles_standardized
                where season = ? and day_type = ? order by standardisation
                """,
                candidate,
            ).fetchall()
            if methods:
                break
        else:
            raise UnusableInput(_why_no_shape(connection, candidates))
        if len(methods) > 1:
            raise UnusableInput(
                f"intermediate.int_profiles_standardized mixes the standardisations "
                f"{', '.join(method for (method,) in methods)}; build it with one of them."
            )
        return _profiles(connection, *candidate, methods[0][0])
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise UnusableInput(
            "The warehouse has no standardised profiles with 24 hours and their daily usage: "
            "run `dbt build` on models int_profiles_standardized and fct_customer_daily_usage first."
        ) from error


def _profiles(
    connection: duckdb.DuckDBPyConnection, season: str, day_type: str, standardisation: str
) -> StandardisedProfiles:
    columns = connection.execute(
        f"""
        select customer_key, {", ".join(f"cast({hour} as double) as {hour}" for hour in HOUR_COLUMNS)}
        from intermediate.int_profiles_standardized
        where season = ? and day_type = ?
        order by coalesce(customer_class, 'unclassified'), customer_id, customer_key
        """,
        [season, day_type],
    ).fetchnumpy()
    customer_keys = np.asarray(columns["customer_key"])
    shapes = np.empty((len(customer_keys), len(HOUR_COLUMNS)))
    for index, hour in enumerate(HOUR_COLUMNS):
        shapes[:, index] = np.ma.filled(columns.pop(hour), np.nan)
    _refuse_not_finite(connection, customer_keys, shapes, season, day_type)

    counts = connection.execute(
        """
        select coalesce(customer_class, 'unclassified') as class_name, count(*)
        from intermediate.int_profiles_standardized
        where season = ? and day_type = ? group by class_name order by class_name
        """,
        [season, day_type],
    ).fetchall()
    rows_of_class = {}
    first_row = 0
    for customer_class, customers in counts:
        rows_of_class[customer_class] = slice(first_row, first_row + customers)
        first_row += customers

    first_usage_date, last_usage_date = connection.execute(
        "select min(usage_date), max(usage_date) from marts.fct_customer_daily_usage where shapes_profile"
    ).fetchall()[0]
    return StandardisedProfiles(
        season=season,
        day_type=day_type,
        standardisation=standardisation,
        customer_keys=customer_keys,
        shapes=shapes,
        rows_of_class=rows_of_class,
        first_usage_date=first_usage_date,
        last_usage_date=last_usage_date,
    )


def _refuse_not_finite(
    connection: duckdb.DuckDBPyConnection,
    customer_keys: NDArray[np.integer],
    shapes: NDArray[np.float64],
    season: str,
    day_type: str,
) -> None:
    """A row of the model has a shape by definition: a hole in it is an error of the model, not a customer to skip."""
    broken = np.flatnonzero(~np.isfinite(shapes).all(axis=1))
    if len(broken) == 0:
        return
    [(customer_id,)] = connection.execute(
        """
        select min(customer_id) from intermediate.int_profiles_standardized
        where customer_key = ? and season = ? and day_type = ?
        """,
        [int(customer_keys[broken[0]]), season, day_type],
    ).fetchall()
    raise UnusableInput(
        f"{len(broken):,} of {len(shapes):,} standardised profiles (season {season}, day type {day_type}), "
        f"the first that of customer {customer_id}, hold an hour that is null, NaN or infinite: "
        "the model int_profiles_standardized must leave such customers without a shape."
    )


def _why_no_shape(connection: duckdb.DuckDBPyConnection, candidates: list[tuple[str, str]]) -> str:
    available = connection.execute(
        """
        select season, day_type, count(*) as customers from intermediate.int_profiles_standardized
        group by season, day_type order by customers desc, season, day_type
        """
    ).fetchall()
    wanted = " or ".join(f"season {season}, day type {day_type}" for season, day_type in candidates)
    if available:
        others = ", ".join(f"{season}/{day_type} ({customers:,})" for season, day_type, customers in available)
        return f"No customer has a load shape for {wanted}; choose a season/day type that has customers: {others}."
    return (
        f"No customer has a load shape for {wanted}, because none has enough good days of readings: "
        "load a longer history (about three weeks at least), run `dbt build`, and segment again."
    )
