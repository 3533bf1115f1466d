"""Writes down the rows of a file that cannot be readings, each with its line and the reason."""

import duckdb

from peakwise.loading.survey import GOOD, REASON, Survey
from peakwise.readers import ReadingFile
from peakwise.readers.file_text import skipped_above


def reject_rows(
    connection: duckdb.DuckDBPyConnection, file: ReadingFile, name: str, survey: Survey, skipped: str, load_id: int
) -> int:
    """Write the rows that cannot be readings, with line and reason, and return how many there are."""
    if file.unreadable:
        lines, reasons, texts = zip(*file.unreadable, strict=True)
        connection.execute(
            "insert into raw.rejected_readings"
            " select ?, ?, unnest(?::bigint[]), unnest(?::varchar[]), null, left(unnest(?::varchar[]), 200), null",
            [load_id, name, list(lines), list(reasons), list(texts)],
        )
    not_a_reading = f"not coalesce({GOOD}, false) or {skipped}"
    rejected = 0
    if survey.good_rows < survey.rows or skipped != "false":
        rejected = connection.execute(f"select count(*) from ({file.relation}) where {not_a_reading}").fetchone()[0]
    if rejected:
        connection.execute(
            f"""
            insert into raw.rejected_readings
            select
                $load_id, $name, line_number, coalesce({REASON}, 'the local time does not exist: the clock skips it'),
                service_point_id, coalesce(label_text, label_at::varchar), coalesce(kwh_text, kwh::varchar)
            from ({rows_with_lines(file, not_a_reading)})
            order by line_number
            """,
            {"load_id": load_id, "name": name, "skipped_lines": file.skipped_lines()},
        )
    return rejected + len(file.unreadable)


def rows_with_lines(file: ReadingFile, condition: str) -> str:
    """Select statement of some rows of a file with the `line_number` (the row's number from 1 in Parquet) of each.

    Args:
        file: The opened file; the statement's parameter `$skipped_lines` takes its `skipped_lines()`.
        condition: Which rows.
    """
    return f"""
        with chosen as (select * from ({file.relation}) where {condition}),
        {skipped_above(file.first_line, "$skipped_lines")}
        select
            chosen.* replace (
                coalesce(line_number, row_number + {file.first_line} + coalesce(skipped_above.skipped, 0)) as line_number
            )
        from chosen
        asof left join skipped_above on chosen.row_number >= skipped_above.rows_above
    """
