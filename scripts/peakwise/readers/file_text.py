"""How files and their texts are written into SQL so that nothing in them is taken for something else."""

import re
from pathlib import Path

from peakwise.errors import UnusableInput
from peakwise.warehouse import literal

HEAD_BYTES = 8192
PARQUET_MAGIC = b"PAR1"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# Blank, tab, and the no-break space that spreadsheets leave.
BLANKS = "' ' || chr(9) || chr(160)"


def path_literal(path: Path) -> str:
    """The path as an SQL literal for DuckDB's file readers, which would take `*`, `?` and `[` for a pattern.

    Raises:
        UnusableInput: The name is no text, or has a backslash beside one of these, which no pattern can name.
    """
    text = str(path.absolute())
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UnusableInput(f"{shown_name(path)}: the file's name is not UTF-8. Rename the file.") from error
    pattern = re.sub(r"([*?\[])", r"[\1]", text)
    if pattern != text and "\\" in text:
        raise UnusableInput(
            f"{shown_name(path, whole=True)}: a path with a backslash and one of *, ? and [ cannot be opened. Rename the file or "
            "its folder."
        )
    return literal(pattern)


def leads_nowhere(path: Path) -> bool:
    """Whether the path is a link to a file that is not there, or to itself."""
    return path.is_symlink() and not path.exists()


def shown_name(path: Path, *, whole: bool = False) -> str:
    """The file's name, or its whole path, fit to be printed whatever bytes it holds."""
    return (str(path) if whole else path.name).encode("utf-8", errors="replace").decode("utf-8")


def trimmed(expression: str) -> str:
    """A text without blanks around it, null when nothing is left."""
    return f"nullif(trim({expression}, {BLANKS}), '')"


def has_padded_text(column: str, relation: str) -> str:
    """Query that tells whether a text column needs `trimmed` anywhere; it trims distinct texts only.

    The limit keeps DuckDB from trimming before it looks for distinct ones, row by row.
    """
    return f"""
        select count(*) > 0
        from (select distinct {column} as text from {relation} limit 9223372036854775807)
        where {trimmed("text")} is distinct from text
    """


def skipped_above(first_line: int, lines: str = "?") -> str:
    """CTEs over one parameter, the numbers of lines that are no row: `skipped_above` has how many lie above which row.

    Args:
        first_line: Number of the line of the first row.
        lines: How the statement calls the parameter.
    """
    return f"""
        skipped_lines as (
            -- rows that stand above each skipped line, and lines skipped up to there
            select line - {first_line} - row_number() over (order by line) + 1 as rows_above,
                row_number() over (order by line) as skipped
            from (select unnest({lines}::bigint[]) as line)
        ),
        skipped_above as (select rows_above, max(skipped) as skipped from skipped_lines group by rows_above)
    """


def first_bytes(path: Path) -> bytes:
    """The beginning of a file, by which its format is told.

    Raises:
        UnusableInput: The file's name is no text, or the file cannot be read or is empty.
    """
    path_literal(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise UnusableInput(f"{shown_name(path, whole=True)} cannot be read: {error.strerror}.") from error
    if not head:
        raise UnusableInput(f"{shown_name(path)} is empty.")
    return head


def shown_text(text: str) -> str:
    """The beginning of a text from a file, fit for one line of a sentence.

    Args:
        text: Any text.
    """
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text[:40])
