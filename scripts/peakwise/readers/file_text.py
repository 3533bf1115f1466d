"""How files and their texts are written into SQL so that nothing in them is taken for something else."""

import re
from pathlib import Path

from peakwise.errors import UnusableInput
from peakwise.warehouse import literal

# Blank, tab, and the no-break space that spreadsheets leave.
BLANKS = "' ' || chr(9) || chr(160)"


def path_literal(path: Path) -> str:
    """The path as an SQL literal for DuckDB's file readers, which would take `*`, `?` and `[` for a pattern.

    Raises:
        UnusableInput: The name is no text.
    """
    text = str(path.absolute())
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UnusableInput(f"{shown_name(path)}: the file's name is not UTF-8. Rename the file.") from error
    return literal(re.sub(r"([*?\[])", r"[\1]", text))


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
