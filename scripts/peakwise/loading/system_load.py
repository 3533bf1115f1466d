"""The utility's own system load, where it has one: hourly or finer, as energy or as mean power."""

from dataclasses import replace
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.loading.batches import Batches
from peakwise.loading.options import ReadingOptions, understand
from peakwise.loading.placing import place, resolved_rows
from peakwise.loading.readings import ENERGY_TYPE
from peakwise.loading.survey import take_survey
from peakwise.readers import drop_incoming, open_readings
from peakwise.readers.columns import SYSTEM_LOAD_NAMES, plain
from peakwise.warehouse import one_transaction


def load_system_load(connection: duckdb.DuckDBPyConnection, path: Path, options: ReadingOptions) -> int:
    """Load a series of the whole system in place of a former one, and return its intervals.

    The unit stands in the name of the value's column: kWh, MWh, kW or MW.

    Raises:
        UnusableInput: The file cannot be used, a row cannot be read, or an interval stands twice. Nothing is changed.
    """
    try:
        return replace_system_load(connection, path, options)
    except (duckdb.DataError, duckdb.OperationalError, duckdb.InvalidInputException) as error:
        raise UnusableInput(f"{path.name} cannot be loaded: {str(error).splitlines()[0]}") from error


def replace_system_load(connection: duckdb.DuckDBPyConnection, path: Path, options: ReadingOptions) -> int:
    """Do what `load_system_load` promises, with DuckDB's errors as they come."""
    try:
        file = open_readings(connection, path, {}, SYSTEM_LOAD_NAMES)
        unit = plain(file.kwh_column)
        in_mega = "mw" in unit
        # As thousands, because what is beyond any meter is no more than a region's load.
        thousands = "kwh" if in_mega else "kwh / 1000"
        file = replace(
            file, relation=f"select * replace ('system' as service_point_id, {thousands} as kwh) from ({file.relation})"
        )
        survey = take_survey(connection, file, options.interval_minutes)
        connection.execute("update incoming_meters set meter_key = 0")
        understood = understand(connection, file, options, as_loaded=False)
        label, clock = understood.label, understood.clock
        placement = place(connection, file, survey, label, clock, Batches("0", ""))
        skipped_rows = connection.execute(
            f"select count(*) from ({file.relation}) where {placement.skipped}"
        ).fetchone()[0]
        bad_rows = survey.rows - survey.good_rows + len(file.unreadable)
        if bad_rows or skipped_rows:
            what = "are not a time and a number" if bad_rows else f"lie in an hour that the clock of {clock.name} skips"
            raise UnusableInput(
                f"{path.name}: {bad_rows or skipped_rows} row(s) {what}. A system series must be whole."
            )
        energy = "kwh * 1000" if unit.endswith("h") else "kwh * 1000 * interval_minutes / 60"
        with one_transaction(connection):
            connection.execute("delete from raw.system_load")
            intervals = connection.execute(f"""
                insert into raw.system_load
                select interval_start_at, interval_minutes, ({energy})::{ENERGY_TYPE}
                from ({resolved_rows(placement, "true")})
            """).fetchone()[0]
            repeated = connection.execute("""
                select interval_start_at from raw.system_load group by 1 having count(*) > 1 order by 1 limit 1
            """).fetchone()
            if repeated:
                raise UnusableInput(f"{path.name}: the interval starting {repeated[0]} UTC stands twice.")
    finally:
        drop_incoming(connection)
    return intervals
