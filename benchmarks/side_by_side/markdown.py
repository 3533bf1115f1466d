"""Tables in Markdown."""

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """A table with padded columns, so that it reads well as plain text too.

    Args:
        header: Names of the columns.
        rows: Cells, as many a row as the header has.
        left: How many columns stand left-aligned; the others hold numbers.

    Raises:
        ValueError: A row has another number of cells.
    """
    if any(len(row) != len(header) for row in rows):
        raise ValueError("Every row needs as many cells as the header.")
    widths = [max(3, *(len(row[column]) for row in [header, *rows])) for column in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * width if column < left else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    return "\n".join([line(header), line(rule), *(line(row) for row in rows)])
