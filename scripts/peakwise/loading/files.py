"""Finds the files that a user means by files, folders and globs."""

from collections.abc import Sequence
from pathlib import Path

from peakwise.errors import UnusableInput
from peakwise.readers.file_text import leads_nowhere, shown_name


def expand(source: Sequence[str | Path]) -> list[Path]:
    """All files that the given files, folders and globs stand for, sorted by name.

    Raises:
        UnusableInput: One of them stands for no file.
    """
    files: dict[Path, None] = {}
    for item in source:
        try:
            found = find_files(Path(item)) if str(item).strip() else []
        except (OSError, ValueError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UnusableInput(f"Files of readings at '{str(item)[:80]}' cannot be looked up: {reason}.") from error
        if not found:
            where = shown_name(Path(item), whole=True) if str(item).strip() else "an empty name"
            raise UnusableInput(f"No file of readings at {where}.")
        files.update(dict.fromkeys(sorted(found)))
    return list(files)


def find_files(path: Path) -> list[Path]:
    """The files that one path stands for: itself, all in the folder but hidden ones, or what the pattern matches.

    A link that leads nowhere is among them, so that whoever opens it says so.
    """
    if path.is_file() or leads_nowhere(path):
        return [path]
    if path.is_dir():
        found = [file for file in path.rglob("*") if file.is_file() or leads_nowhere(file)]
        return [file for file in found if not any(part[0] in "._" for part in file.relative_to(path).parts)]
    anchor = Path(path.anchor) if path.is_absolute() else Path()
    return [file for file in anchor.glob(str(path.relative_to(path.anchor))) if file.is_file() or leads_nowhere(file)]
