"""The summary at the end of a run, part by part."""

from io import StringIO

import duckdb
import pytest
from rich.console import Console

from peakwise.summary import show_without_agreement


@pytest.mark.parametrize(
    ("months", "told"),
    [
        ([(100, 0), (50, 0)], ""),
        ([], ""),
        (
            [(1500, 1000), (2500, 500)],
            "1,500 kWh (37.50% of what the meters say) lie in no agreement and count for no customer",
        ),
        ([(100, 0.25)], "0.250 kWh (0.25% of what the meters say) lie in no agreement"),
    ],
)
def test_energy_in_no_agreement_is_told_where_there_is_any(
    connection: duckdb.DuckDBPyConnection, months: list[tuple[float, float]], told: str
) -> None:
    connection.execute("create schema marts")
    connection.execute("""
        create table marts.mart_control_totals (metered_kwh decimal(24, 9), without_agreement_kwh decimal(24, 9))
    """)
    for month in months:
        connection.execute("insert into marts.mart_control_totals values (?, ?)", month)
    console = Console(file=StringIO(), width=200)
    show_without_agreement(connection, console)
    printed = console.file.getvalue()
    assert told in printed
    assert bool(told) == bool(printed)
