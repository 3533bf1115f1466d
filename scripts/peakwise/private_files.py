"""Keeps files with data of single customers from other users of the machine, from the moment they are made."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWNER_ONLY = 0o077


def make_private_folder(folder: Path) -> None:
    """Make a folder that its owner alone can enter.

    A folder that exists keeps the rights it has, and those above it get the usual ones.

    Args:
        folder: Made with every folder above it that is missing.

    Raises:
        OSError: It cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def files_of_the_owner_alone() -> Iterator[None]:
    """Whatever the process makes while the block runs, other users can neither read nor enter.

    Setting rights afterwards would leave a moment, and DuckDB makes its log and its temporary files when it likes.
    """
    former = os.umask(OWNER_ONLY)
    try:
        yield
    finally:
        os.umask(former)


def others_can_read(file: Path) -> bool:
    """Whether other users of the machine can read a file: it lets them, and so does its folder.

    Args:
        file: A file that exists.
    """
    readable = file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    enterable = file.parent.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH)
    return bool(readable and enterable)
