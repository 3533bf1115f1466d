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
        skipped_lines = file.skipped_lines()
        connection.execute(
            f"""
            insert into raw.rejected_readings
            with rejects as (select * from ({file.relation}) where {not_a_reading}),
            {skipped_above(file.first_line)}
            select
                ?, ?, coalesce(
                    rejects.line_number, rejects.row_number + {file.first_line} + coalesce(skipped_above.skipped, 0)
                ) as line_number,
                coalesce({REASON}, 'the local time does not exist: the clock skips it'),
                service_point_id, coalesce(label_text, label_at::varchar), coalesce(kwh_text, kwh::varchar)
            from rejects
            asof left join skipped_above on rejects.row_number >= skipped_above.rows_above
            order by line_number
            """,
            [skipped_lines, load_id, name],
        )
    return rejected + len(file.unreadable)
