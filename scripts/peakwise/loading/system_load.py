"""The utility's own system load, where it has one: hourly or finer, as energy or as mean power."""

from dataclasses import replace
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.loading.readings import ReadingOptions, label_and_clock, place
from peakwise.loading.survey import take_survey
from peakwise.readers import open_readings
from peakwise.readers.columns import SYSTEM_LOAD_NAMES, plain


def load_system_load(connection: duckdb.DuckDBPyConnection, path: Path, options: ReadingOptions) -> int:
    """Load a series of the whole system in place of a former one, and return its intervals.

    The unit stands in the name of the value's column: kWh, MWh, kW or MW.

    Raises:
        UnusableInput: The file cannot be used, a row cannot be read, or an interval stands twice. Nothing is changed.
    """
    file = open_readings(connection, path, {}, SYSTEM_LOAD_NAMES)
    file = replace(file, relation=f"select * replace ('system' as service_point_id) from ({file.relation})")
    try:
        survey = take_survey(connection, file, options.interval_minutes)
        bad_rows = survey.rows - survey.good_rows + len(file.unreadable)
        if bad_rows:
            raise UnusableInput(
                f"{path.name}: {bad_rows} row(s) are not a time and a number. A system series must be whole."
            )
        label, clock = label_and_clock(file, options)
        placement = place(connection, file, label, clock)
        unit = plain(file.kwh_column)
        scale = 1000 if "mw" in unit else 1
        energy = f"kwh * {scale}" if unit.endswith("h") else f"kwh * {scale} * meters.interval_minutes / 60"
        connection.execute("begin transaction")
        try:
            connection.execute("delete from raw.system_load")
            intervals = connection.execute(f"""
                insert into raw.system_load
                select {placement.start}, meters.interval_minutes, ({energy})::decimal(18, 9) {placement.rows}
            """).fetchone()[0]
            repeated = connection.execute("""
                select interval_start_at from raw.system_load group by 1 having count(*) > 1 order by 1 limit 1
            """).fetchone()
            if repeated:
                raise UnusableInput(f"{path.name}: the interval starting {repeated[0]} UTC stands twice.")
            connection.execute("commit")
        except BaseException:
            connection.execute("rollback")
            raise
    finally:
        file.close(connection)
    return intervals
