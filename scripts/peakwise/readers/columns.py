"""Finds the columns of a long file of readings by name, or takes the names it is told."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from peakwise.errors import UnusableInput
from peakwise.readers.file_text import shown_text

FIELDS = ("service_point_id", "label", "kwh", "channel", "version", "source_flag")
REQUIRED = ("service_point_id", "label", "kwh")

# Names seen in exports, compared without case, blanks and punctuation. The narrowest comes first: a customer may have
# two meters, and reading them as one would lose the energy of the second.
READING_NAMES = {
    "service_point_id": (
        "service_point_id", "service_point", "sp_id", "usage_point_id", "usage_point", "nmi", "meter_id", "meter",
        "premise_id", "account_id", "customer_id", "customer", "household_id", "lclid", "id",
    ),
    "label": (
        "interval_start_at", "interval_end_at", "interval_start", "interval_end", "reading_ts", "timestamp", "datetime",
        "date_time", "tstp", "start_time", "end_time", "reading_time", "read_at", "ts", "time",
    ),
    "kwh": (
        "kwh", "usage_kwh", "consumption_kwh", "energy_kwh", "energy(kwh/hh)", "kwh/hh (per half hour)",
        "energy(kwh/h)", "consumption", "usage", "energy", "value",
    ),
    "channel": ("channel", "direction", "flow_direction"),
    "version": ("version", "revision"),
    "source_flag": ("source_flag", "quality_flag", "flag", "quality"),
}  # fmt: skip
# A series of the whole system has no service point; its unit stands in the column's name.
SYSTEM_LOAD_NAMES = {
    "label": READING_NAMES["label"],
    "kwh": (
        "system_kwh", "load_kwh", "kwh", "system_mwh", "load_mwh", "mwh", "system_kw", "load_kw", "kw", "system_mw",
        "load_mw", "mw", "demand_kw", "demand_mw",
    ),
}  # fmt: skip
LABEL_MEANINGS = {
    "start": {"intervalstartat", "intervalstart", "starttime"},
    "end": {"intervalendat", "intervalend", "endtime"},
}
MOST_COLUMNS_SHOWN, MOST_CHARACTERS_SHOWN = 20, 40
FIELD_WORDS = {"service_point_id": "service point or customer id", "label": "time label", "kwh": "energy in kWh"}


def plain(name: str) -> str:
    """A column name without case, blanks and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def columns_told(names: Sequence[str]) -> str:
    """A file's column names for a sentence, however many and however long they are."""
    shown = [shown_text(" ".join(name.split())[:MOST_CHARACTERS_SHOWN]) for name in names[:MOST_COLUMNS_SHOWN]]
    more = f" and {len(names) - MOST_COLUMNS_SHOWN} more" if len(names) > MOST_COLUMNS_SHOWN else ""
    return ", ".join(shown) + more


@dataclass(frozen=True)
class ReadingColumns:
    """The file's own column name of each field it has, and what the label's name says of it."""

    names: Mapping[str, str]

    @property
    def label(self) -> str | None:
        """`start` or `end` when the label column's name says so, else None."""
        name = plain(self.names["label"])
        return next((meaning for meaning, names in LABEL_MEANINGS.items() if name in names), None)


def parse_column_mapping(text: str | None, fields: Sequence[str] = FIELDS) -> dict[str, str]:
    """Read `service_point_id=Meter No,label=Read Time,kwh=Usage` into a dictionary.

    Args:
        text: What the user gave; None or nothing maps nothing.
        fields: Fields that may be mapped.

    Raises:
        UnusableInput: A part is not `field=column` or names an unknown field.
    """
    mapping: dict[str, str] = {}
    for part in filter(None, (text or "").split(",")):
        field, separator, column = (piece.strip() for piece in part.partition("="))
        if not separator or field not in fields or not column:
            raise UnusableInput(
                f"Column mapping '{shown_text(part)}' is not of the form field=column, where field is one of "
                f"{', '.join(fields)}."
            )
        mapping[field] = column
    return mapping


def columns_named(present: Sequence[str], known_names: Sequence[str]) -> list[str]:
    """The columns of a file that could hold a field, the likeliest first.

    Args:
        present: The file's column names.
        known_names: Names by which the field is recognised, compared without case, blanks and punctuation.
    """
    by_plain_name: dict[str, list[str]] = {}
    for name in present:
        by_plain_name.setdefault(plain(name), []).append(name)
    return [name for known in dict.fromkeys(map(plain, known_names)) for name in by_plain_name.get(known, [])]


def check_names(where: str, names: Sequence[str]) -> None:
    """See that no column name stands twice in a file.

    Args:
        where: The file and where in it, for the sentence.
        names: The file's column names; those that are blank do not matter.

    Raises:
        UnusableInput: One does.
    """
    repeated = sorted(name for name, count in Counter(names).items() if count > 1 and name.strip())
    if repeated:
        raise UnusableInput(
            f"{where}: column '{shown_text(repeated[0])}' stands twice. Rename or remove the one that does not count."
        )


def check_not_alike(file_name: str, found: Sequence[str], advice: str) -> None:
    """See that the likeliest column of a field has no other one of the same name but for case, blanks and punctuation.

    Args:
        file_name: For the sentence.
        found: Columns that could hold the field, the likeliest first.
        advice: What to do, in a sentence of its own.

    Raises:
        UnusableInput: There is such a one.
    """
    if len(found) > 1 and plain(found[0]) == plain(found[1]):
        first, second = (shown_text(name) for name in found[:2])
        raise UnusableInput(f"{file_name} has two columns of nearly the same name ('{first}' and '{second}'). {advice}")


def find_columns(
    file_name: str, present: Sequence[str], mapping: Mapping[str, str], *, known_names: Mapping[str, Sequence[str]]
) -> ReadingColumns:
    """Decide which column of a file holds which field.

    Args:
        file_name: For the error message.
        present: The file's column names.
        mapping: Field to column name as the user gave it; goes before recognition.
        known_names: Names by which each field is recognised; a field that is not in it is not looked for.

    Raises:
        UnusableInput: A required field has no column, a mapped column does not exist, two columns could be the label, or
            two columns have the same name but for case, blanks and punctuation.
    """
    names: dict[str, str] = {}
    for field in known_names:
        if field in mapping:
            found = [name for name in present if name.strip() == mapping[field]]
            if not found:
                raise UnusableInput(
                    f"{file_name} has no column '{mapping[field]}'; its columns are: {columns_told(present)}."
                )
        else:
            found = columns_named(present, known_names[field])
        if field == "label" and len(found) > 1:
            raise UnusableInput(
                f"{file_name} has several time columns ({', '.join(found)}). Say which one counts: COLUMNS=label={found[0]}"
            )
        if found:
            check_not_alike(file_name, found, f"Say which one counts: COLUMNS={field}={shown_text(found[0])}")
        if found:
            names[field] = found[0]
        elif field in REQUIRED:
            raise UnusableInput(
                f"{file_name} has no column for the {FIELD_WORDS[field]}; its columns are: {columns_told(present)}. "
                f"Say which one it is: COLUMNS={field}=<column>"
            )
    return ReadingColumns(names)
