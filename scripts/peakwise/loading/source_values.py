"""SQL that makes typed values of a file's texts, and says why one cannot be made; one column of the contract at a time.

Texts are called `<column>_text`, the value that was made of them `<column>`. No text is guessed at: a number is whole where
the column is, a time exists on its clock, a date is written year first unless the user told how.
"""

from peakwise.loading.clock import Clock
from peakwise.loading.contract import LOAD_DATE, SourceColumn
from peakwise.loading.survey import EARLIEST, LATEST
from peakwise.readers.csv_text import DATE, LOCAL_LABEL, OFFSET_LABEL, TIME, number
from peakwise.warehouse import literal

# How exports write that there is no value; in a column of text each of them may be a word.
BLANKS = ("nan", "nat", "na", "n/a", "null", "none")
TRUE_WORDS, FALSE_WORDS = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0")
FIRST_DATE, FIRST_OPEN_DATE = "1900-01-01", "2100-01-01"
NUMBERS = ("double", "integer", "smallint")
MOMENTS = ("date", "timestamp")
WANTED = {
    "double": "a number",
    "integer": "a whole number",
    "smallint": "a whole number",
    "boolean": "true or false",
    "date": "a date as in 2024-01-31",
    "timestamp": "a time as in 2024-01-31 17:00:00",
}


def among(words: tuple[str, ...]) -> str:
    """The words as an SQL list in brackets."""
    return f"({', '.join(map(literal, words))})"


def usable_text(column: SourceColumn, text: str, date_format: str | None) -> str:
    """Expression of a column's text: null where it says that there is no value, dates written year first.

    Args:
        column: The column.
        text: Expression of the text in the file, without blanks around it.
        date_format: How dates are written, as `strptime` reads it; None for year first.
    """
    if column.data_type == "varchar":
        return text
    filled = f"case when lower({text}) not in {among(BLANKS)} then {text} end"
    if date_format is None or column.data_type not in MOMENTS:
        return filled
    # A file that was once saved by a spreadsheet may hold both ways of writing.
    day = f"split_part({filled}, ' ', 1)"
    turned = f"strftime(try_strptime({day}, {literal(date_format)}), '%Y-%m-%d') || substr({filled}, length({day}) + 1)"
    return f"coalesce({turned}, {filled})"


def label_value(text: str) -> str:
    """Expression of a time as the file's clock shows it; null where the text has an offset or is no time."""
    return f"case when regexp_full_match({text}, {literal(LOCAL_LABEL)}) then try_cast({text} as timestamp) end"


def value_of(column: SourceColumn, has_decimal_comma: bool, clock: Clock) -> str:
    """Expression of a column's value, null where its text is none.

    Args:
        column: The column; a time on a local clock is looked up in `<column>_clock`, a row of `temp.label_clock`.
        has_decimal_comma: Whether numbers are written as 0,5.
        clock: Clock of times without an offset.
    """
    text, name = f"{column.name}_text", column.name
    if column.values:
        return f"lower(regexp_replace({text}, '[ -]+', '_', 'g'))"
    match column.data_type:
        case "double":
            return number(text, has_decimal_comma)
        case "integer" | "smallint":
            figure = number(text, has_decimal_comma)
            return f"case when {figure} = floor({figure}) then try_cast({figure} as {column.data_type}) end"
        case "boolean":
            said = f"when lower({text}) in {among(TRUE_WORDS)} then true when lower({text}) in {among(FALSE_WORDS)} then false"
            return f"case {said} end"
        case "date":
            style = literal(f"{DATE}([T ] *{TIME})?")
            day = f"try_cast(regexp_extract({text}, {literal(DATE)}) as date)"
            return f"case when regexp_full_match({text}, {style}) then {day} end"
        case "timestamp":
            aware = f"timezone('UTC', try_cast(replace({text}, ' +', '+') as timestamptz))"
            local = (
                f"{name}_clock.earlier_at" if clock.is_local else f"{name}_label - to_minutes({clock.offset_minutes})"
            )
            return f"case when regexp_full_match({text}, {literal(OFFSET_LABEL)}) then {aware} else {local} end"
    return text


def missing_value(column: SourceColumn) -> str:
    """Expression of what a row without a value says in this column; `$load_date` is the date of the load."""
    if column.when_missing == LOAD_DATE:
        return "$load_date::date"
    return "null" if column.when_missing is None else f"{literal(column.when_missing)}::{column.data_type}"


def final_value(column: SourceColumn) -> str:
    """Expression of what goes into the warehouse, over a value that has no fault."""
    value = column.name
    if column.open_ended:
        value = f"case when {value} < date '{FIRST_OPEN_DATE}' then {value} end"
    return value if column.when_missing is None else f"coalesce({value}, {missing_value(column)})"


def why_not(column: SourceColumn, is_required: bool, clock: Clock) -> str:
    """Branches of an SQL `case` that say why a row cannot be used for the sake of one column.

    Args:
        column: The column.
        is_required: Whether every row must fill it.
        clock: Clock of times without an offset.
    """
    name, text = column.name, f"{column.name}_text"
    branches = [f"when {text} is null then 'no {name}'"] if is_required else []
    if column.values:
        told = literal(f"{name} is none of {', '.join(column.values)}")
        branches.append(f"when {name} not in {among(column.values)} then {told}")
    elif column.data_type == "timestamp":
        span = f"between timestamp '{EARLIEST}' and timestamp '{LATEST}'"
        branches.append(f"when coalesce({name}, {name}_label) not {span} then '{name} is outside 1990 to 2100'")
        skipped = literal(f"{name} is a time that the clock of {clock.name} skips")
        branches.append(f"when {name} is null and {name}_label is not null then {skipped}")
    if column.data_type != "varchar":
        wanted = WANTED[column.data_type]
        branches.append(f"when {text} is not null and {name} is null then '{name} is not {wanted}'")
    if column.data_type == "double":
        branches.append(f"when not isfinite({name}) then '{name} is not a number'")
    if column.data_type == "date":
        late = "" if column.open_ended else f" or {name} >= date '{FIRST_OPEN_DATE}'"
        branches.append(f"when {name} < date '{FIRST_DATE}'{late} then '{name} is outside 1900 to 2100'")
    return "\n".join(branches)
