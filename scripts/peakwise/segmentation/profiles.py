"""Standardised profiles as arrays, read from the warehouse."""

from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
from numpy.typing import NDArray

from peakwise.errors import UnusableInput
from peakwise.segmentation.profile_sets import ProfileChoice, ProfileSet

HOUR_COLUMNS = [f"hour_{hour:02d}" for hour in range(24)]


@dataclass(frozen=True)
class StandardisedProfiles:
    """Shapes of one profile set, sorted by customer class and, within it, by customer_id."""

    profile_set: ProfileSet
    standardisation: str
    customer_keys: NDArray[np.integer]
    """Shape (customers,)."""
    shapes: NDArray[np.float64]
    """Standardised load per local hour of each part side by side, finite. Shape (customers, 24 x parts)."""
    rows_of_class: dict[str, slice]
    """Rows of each class, classes in order of their name."""
    first_usage_date: date | None
    last_usage_date: date | None


def read_profiles(connection: duckdb.DuckDBPyConnection, choice: ProfileChoice) -> list[StandardisedProfiles]:
    """Read the profiles to segment; a customer without a shape for every part of a set is left out of that set.

    Args:
        connection: The warehouse.
        choice: The profile sets wanted.

    Returns:
        One for each set for which a customer has shapes; the first of them only, where the choice says so.

    Raises:
        UnusableInput: The models are not built, no customer has such a shape, standardisations are mixed, or a value
            is not a finite number.
    """
    try:
        methods = connection.execute(
            "select distinct standardisation from intermediate.int_profiles_standardized order by standardisation"
        ).fetchall()
        if len(methods) > 1:
            raise UnusableInput(
                f"intermediate.int_profiles_standardized mixes the standardisations "
                f"{', '.join(method for (method,) in methods)}; build it with one of them."
            )
        found = []
        for profile_set in choice.sets:
            profiles = _profiles(connection, profile_set, methods[0][0]) if methods else None
            if profiles is not None:
                found.append(profiles)
                if choice.takes_first:
                    break
        if not found:
            raise UnusableInput(_why_no_shape(connection, choice))
        return found
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise UnusableInput(
            "The warehouse has no standardised profiles with 24 hours and the days behind them: "
            "run `dbt build` on models int_profiles_standardized and int_customer_days_assessed first."
        ) from error


def _profiles(
    connection: duckdb.DuckDBPyConnection, profile_set: ProfileSet, standardisation: str
) -> StandardisedProfiles | None:
    """The shapes of a set; None when no customer has one."""
    joins = [
        f"""inner join intermediate.int_profiles_standardized as part_{number}
            on part_0.customer_key = part_{number}.customer_key
            and part_{number}.season = ? and part_{number}.day_type = ?"""
        for number in range(1, len(profile_set.parts))
    ]
    hours = [
        f"cast(part_{number}.{hour} as double) as part_{number}_{hour}"
        for number in range(len(profile_set.parts))
        for hour in HOUR_COLUMNS
    ]
    (first, *others) = profile_set.parts
    columns = connection.execute(
        f"""
        select
            part_0.customer_key,
            coalesce(part_0.customer_class, 'unclassified') as customer_class,
            {", ".join(hours)}
        from intermediate.int_profiles_standardized as part_0
        {" ".join(joins)}
        where part_0.season = ? and part_0.day_type = ?
        order by customer_class, part_0.customer_id, part_0.customer_key
        """,
        [value for part in (*others, first) for value in part],
    ).fetchnumpy()
    customer_keys = np.asarray(columns.pop("customer_key"))
    if not len(customer_keys):
        return None
    classes, first_rows, sizes = np.unique(
        np.asarray(columns.pop("customer_class"), dtype=str), return_index=True, return_counts=True
    )
    shapes = np.empty((len(customer_keys), len(columns)))
    for index, name in enumerate(list(columns)):
        shapes[:, index] = np.ma.filled(columns.pop(name), np.nan)
    _refuse_not_finite(connection, customer_keys, shapes, profile_set)
    first_usage_date, last_usage_date = connection.execute(
        "select min(local_date), max(local_date) from intermediate.int_customer_days_assessed where quality_reason is null"
    ).fetchall()[0]
    return StandardisedProfiles(
        profile_set=profile_set,
        standardisation=standardisation,
        customer_keys=customer_keys,
        shapes=shapes,
        rows_of_class={
            str(name): slice(int(row), int(row + size))
            for name, row, size in zip(classes, first_rows, sizes, strict=True)
        },
        first_usage_date=first_usage_date,
        last_usage_date=last_usage_date,
    )


def _refuse_not_finite(
    connection: duckdb.DuckDBPyConnection,
    customer_keys: NDArray[np.integer],
    shapes: NDArray[np.float64],
    profile_set: ProfileSet,
) -> None:
    """A row of the model has a shape by definition: a hole in it is an error of the model, not a customer to skip."""
    broken = np.flatnonzero(~np.isfinite(shapes).all(axis=1))
    if len(broken) == 0:
        return
    [(customer_id,)] = connection.execute(
        "select min(customer_id) from intermediate.int_profiles_standardized where customer_key = ?",
        [int(customer_keys[broken[0]])],
    ).fetchall()
    raise UnusableInput(
        f"{len(broken):,} of {len(shapes):,} standardised profiles ({profile_set}), "
        f"the first that of customer {customer_id}, hold an hour that is null, NaN or infinite: "
        "the model int_profiles_standardized must leave such customers without a shape."
    )


def _why_no_shape(connection: duckdb.DuckDBPyConnection, choice: ProfileChoice) -> str:
    available = connection.execute(
        """
        select season, day_type, count(*) as customers from intermediate.int_profiles_standardized
        group by season, day_type order by customers desc, season, day_type
        """
    ).fetchall()
    wanted = " or ".join(str(profile_set) for profile_set in choice.sets)
    if available:
        others = ", ".join(f"{season}/{day_type} ({customers:,})" for season, day_type, customers in available)
        return f"No customer has a load shape for {wanted}; choose profiles that have customers: {others}."
    return (
        f"No customer has a load shape for {wanted}, because none has enough good days of readings: "
        "load a longer history (about three weeks at least), run `dbt build`, and segment again."
    )
