"""The utility's own system load, where it has one: hourly or finer, as energy or as mean power."""

from dataclasses import replace
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.loading.batches import Batches
from peakwise.loading.options import ReadingOptions, understand
from peakwise.loading.placing import place, resolved_rows
from peakwise.loading.readings import ENERGY_TYPE
from peakwise.loading.rejects import rows_with_lines
from peakwise.loading.survey import GOOD, REASON, take_survey
from peakwise.readers import ReadingFile, drop_incoming, open_readings
from peakwise.readers.columns import SYSTEM_LOAD_NAMES, plain
from peakwise.readers.file_text import shown_text
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
            first = first_fault(connection, file, f"not coalesce({GOOD}, false)" if bad_rows else placement.skipped)
            raise UnusableInput(
                f"{path.name}: {bad_rows or skipped_rows} row(s) {what}, the first in {first}. A system series must be whole: "
                "repair them."
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
                at_once = f"interval_start_at = timestamp '{repeated[0]}'"
                rows = f"select row_number from ({resolved_rows(placement, 'true')}) where {at_once}"
                places = places_of(connection, file, f"row_number in ({rows})")
                raise UnusableInput(
                    f"{path.name}: the interval starting {repeated[0]} UTC stands twice, in {places[0][0]} and in "
                    f"{places[1][0]}. Keep one of them."
                )
    finally:
        drop_incoming(connection)
    return intervals


def first_fault(connection: duckdb.DuckDBPyConnection, file: ReadingFile, condition: str) -> str:
    """Where the first row stands that is no part of a series, and what is wrong, as in `line 7 (no energy value)`.

    Args:
        connection: The warehouse.
        file: The opened file, which has such a row or a line that cannot be taken apart.
        condition: Which rows are none.
    """
    faults = [(line, f"line {line}", reason, None) for line, reason, _ in file.unreadable[:1]]
    faults += [(line, place, reason, text) for place, line, reason, text in places_of(connection, file, condition)[:1]]
    _, place, reason, text = min(faults, key=lambda fault: fault[0])
    return f"{place} ({', '.join(filter(None, (reason, text and repr(shown_text(text)))))})"


def places_of(
    connection: duckdb.DuckDBPyConnection, file: ReadingFile, condition: str
) -> list[tuple[str, int, str | None, str | None]]:
    """The first two of some rows: place as in `line 7`, its number, what is wrong if anything is, and the text that is.

    Args:
        connection: The warehouse.
        file: The opened file.
        condition: Which rows.
    """
    word = "row" if file.file_format == "parquet" else "line"
    return connection.execute(
        f"""
        select
            '{word} ' || line_number, line_number, {REASON} as reason,
            case when contains(reason, 'label') then label_text when contains(reason, 'energy') then kwh_text end
        from ({rows_with_lines(file, condition)}) order by line_number, row_number limit 2
        """,
        {"skipped_lines": file.skipped_lines()},
    ).fetchall()
