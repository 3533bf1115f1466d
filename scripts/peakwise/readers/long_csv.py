"""Readings in a CSV file in long form: one line a reading, a header on top."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from peakwise.readers.columns import find_columns
from peakwise.readers.csv_text import (
    fill_table,
    label_of,
    labels_have_offset,
    read_head,
    scan_all_texts,
    skipped_lines,
)
from peakwise.readers.file_text import trimmed
from peakwise.readers.parquet import text_version_stamp
from peakwise.readers.reading_file import ReadingFile


def read(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    mapping: Mapping[str, str],
    known_names: Mapping[str, Sequence[str]],
) -> ReadingFile:
    """Read a CSV file into a temporary table, all of it, with nothing dropped.

    Lines that do not have the header's columns are kept aside with their number and text.

    Raises:
        UnusableInput: The file is damaged, not CSV, or lacks a column.
    """
    names, delimiter, first_lines = read_head(path)
    columns = find_columns(path.name, names, mapping, known_names=known_names)
    label = columns.names["label"]
    has_offset = labels_have_offset(path, names, delimiter, first_lines, label)

    scan = scan_all_texts(path, len(names), delimiter)

    def text(field: str) -> str:
        return trimmed(f"column_{names.index(columns.names[field])}") if field in columns.names else "null::varchar"

    version, unreadable_version = (
        text_version_stamp("version_text") if "version" in columns.names else ("null::bigint", "null::varchar")
    )
    unreadable = fill_table(
        connection,
        path,
        "incoming_csv",
        scan,
        lambda scanned: (
            f"""
        with texts as (
            select
                {text("service_point_id")} as service_point_id, {text("channel")} as channel,
                {text("label")} as label_text, {text("kwh")} as kwh_text,
                {text("version")} as version_text, {text("source_flag")} as source_flag
            from {scanned}
        ),
        typed as (
            select
                *,
                {label_of("label_text", has_offset)} as label_at,
                try_cast(kwh_text as double) as kwh,
                {version} as version,
                {unreadable_version} as unreadable_version
            from texts
        )
        select
            service_point_id, channel, label_at, kwh, version, source_flag, unreadable_version,
            case when label_at is null or kwh is null or not isfinite(kwh) then label_text end as label_text,
            case when label_at is null or kwh is null or not isfinite(kwh) then kwh_text end as kwh_text
        from typed
        """
        ),
    )
    return ReadingFile(
        path=path,
        file_format="long_csv",
        relation="""
            select *, null::smallint as interval_minutes, rowid as row_number, null::bigint as line_number
            from temp.incoming_csv
        """,
        label=columns.label,
        label_time_zone="UTC" if has_offset else None,
        kwh_column=columns.names["kwh"],
        unreadable=unreadable,
        first_line=2,
        skipped_lines=lambda: sorted({line for line, _, _ in unreadable} | set(skipped_lines(path))),
        is_stamped="version" in columns.names or "source_flag" in columns.names,
    )
