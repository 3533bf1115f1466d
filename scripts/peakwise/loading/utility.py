"""The utility's own settings: one row that every later `dbt run` reads, and its holidays."""

from dataclasses import asdict, dataclass

import duckdb
import holidays

from peakwise.errors import UnusableInput
from peakwise.loading.clock import check_time_zone
from peakwise.warehouse import one_transaction

STANDARDISATIONS = ("daily_share", "hellinger", "unit_norm", "peak_share", "min_max", "z_score", "hourly_z_score")


@dataclass(frozen=True)
class UtilitySettings:
    """One row of `raw.utility`; the fields are its columns, described in the sources' YAML."""

    time_zone: str
    holiday_calendar: str | None = None
    currency: str | None = None
    peak_season: str | None = None
    peak_window_start_hour: int | None = None
    standardisation: str = "daily_share"
    target_count: int | None = None
    target_kw: float | None = None
    estimates_gaps: bool = False

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            UnusableInput: A setting has a value that means nothing.
        """
        check_time_zone(self.time_zone)
        if self.holiday_calendar is not None:
            holiday_dates(self.holiday_calendar, [2025])
        if self.standardisation not in STANDARDISATIONS:
            raise UnusableInput(f"METHOD is '{self.standardisation}' but must be one of {', '.join(STANDARDISATIONS)}.")
        if self.peak_window_start_hour is not None and not 0 <= self.peak_window_start_hour <= 20:
            raise UnusableInput("The peak window's start hour must be 0 to 20; the window is four hours long.")
        if self.target_count is not None and self.target_kw is not None:
            raise UnusableInput("Give TARGET_COUNT or TARGET_KW, not both.")
        if self.target_count is not None and self.target_count < 1:
            raise UnusableInput("TARGET_COUNT must be at least 1.")
        if self.target_kw is not None and not self.target_kw > 0:
            raise UnusableInput("TARGET_KW must be above 0.")


def holiday_dates(calendar: str, years: list[int]) -> holidays.HolidayBase:
    """Public holidays of a calendar such as `GB`, `US` or `US-NY`.

    Raises:
        UnusableInput: The `holidays` library does not know the calendar.
    """
    country, _, region = calendar.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=region or None, years=years)
    except NotImplementedError as error:
        raise UnusableInput(
            f"HOLIDAYS is '{calendar}', which is no known calendar. Give a country code such as GB, or one with a region "
            "such as US-NY."
        ) from error


def set_utility(connection: duckdb.DuckDBPyConnection, settings: UtilitySettings) -> None:
    """Write the utility's row in place of the former one."""
    values = asdict(settings)
    with one_transaction(connection):
        connection.execute("delete from raw.utility")
        connection.execute(
            f"insert into raw.utility ({', '.join(values)}) values ({', '.join('?' for _ in values)})",
            list(values.values()),
        )


def set_holidays(connection: duckdb.DuckDBPyConnection) -> int:
    """Write the holidays of the years that have readings, and return how many there are."""
    utility = connection.execute("select holiday_calendar from raw.utility").fetchone()
    calendar = utility[0] if utility else None
    first, last = connection.execute(
        "select year(min(first_interval_start_at)), year(max(last_interval_end_at)) from raw.load_manifest"
    ).fetchone()
    dates = holiday_dates(calendar, list(range(first - 1, last + 2))) if calendar and first else {}
    with one_transaction(connection):
        connection.execute("delete from raw.holidays")
        if dates:
            connection.executemany("insert into raw.holidays values (?, ?)", sorted(dates.items()))
    return len(dates)
