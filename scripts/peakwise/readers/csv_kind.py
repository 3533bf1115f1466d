"""Says which of the CSV forms a file has, by its header and first rows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from peakwise.readers import customer_columns_csv, wide_daily_csv
from peakwise.readers.columns import READING_NAMES, REQUIRED, plain
from peakwise.readers.csv_text import LONGEST_WIDE_LINE_BYTES, MOST_WIDE_COLUMNS, read_head

LONG, WIDE_DAILY, CUSTOMER_COLUMNS = "long_csv", "wide_daily_csv", "customer_columns_csv"


def is_long(header: Sequence[str], mapping: Mapping[str, str], known_names: Mapping[str, Sequence[str]]) -> bool:
    """Whether a header has a column for each field that the long form needs.

    Args:
        header: The file's column names.
        mapping: Field to column name as the user gave it.
        known_names: Names by which each field is recognised.
    """
    present = {name.strip() for name in header}
    plain_names = {plain(name) for name in header}
    return all(
        mapping[field] in present if field in mapping else plain_names & {plain(name) for name in known_names[field]}
        for field in REQUIRED
        if field in known_names
    )


def kind_of_csv(
    path: Path, mapping: Mapping[str, str], known_names: Mapping[str, Sequence[str]] = READING_NAMES
) -> str:
    """Which of the three CSV forms a file has.

    Args:
        path: The file, unpacked.
        mapping: Field to column name, where the user gave it.
        known_names: Fields wanted, and the names they are recognised by; without a service point only the long form fits.

    Returns:
        `long_csv`, `wide_daily_csv` or `customer_columns_csv`; a file that has none of these forms is called long, for that
        reader to say what is missing.

    Raises:
        UnusableInput: The first line is no header, or far too wide.
    """
    if "service_point_id" not in known_names:
        return LONG
    header, delimiter, lines = read_head(
        path, least_columns=0, longest_line=LONGEST_WIDE_LINE_BYTES, most_columns=MOST_WIDE_COLUMNS, has_names=False
    )
    first_rows = customer_columns_csv.rows_of(lines, delimiter)
    if is_long(header, mapping, known_names):
        return LONG
    if wide_daily_csv.looks_like(header, first_rows):
        return WIDE_DAILY
    stripped = [name.strip() for name in header]
    if "service_point_id" in mapping and mapping["service_point_id"] in stripped:
        return LONG
    if "label" in mapping and mapping["label"] in stripped:
        position = stripped.index(mapping["label"])
        header = ["", *header[:position], *header[position + 1 :]]
        first_rows = [[*row[position : position + 1], *row[:position], *row[position + 1 :]] for row in first_rows]
    return CUSTOMER_COLUMNS if header and customer_columns_csv.looks_like(header, first_rows) else LONG
