"""Lines of a NEM12 file and their fields, as bytes: how they are cut, and how a header is told."""

import csv
import re
from collections.abc import Iterator
from typing import BinaryIO

LONGEST_LINE_BYTES = 65_536
BLOCK_BYTES = 262_144
BLANKS_BEHIND_QUOTE = re.compile(r'"[ \t]+(?=,)')
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class RecordRefused(Exception):
    """A record that cannot be used; its text is the reason."""


def looks_like(head: bytes) -> bool:
    """Whether a file's first bytes are the header of a NEM12 or NEM13 file; empty lines may stand above it.

    Args:
        head: The first bytes, enough for the header's first two fields.
    """
    text = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    return bool(text) and format_name(text.splitlines()[0]) in (b"NEM12", b"NEM13")


def read_lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Lines with any line end, read in blocks; None for a line that is too long, of which nothing is kept.

    Args:
        file: The file, opened for bytes.
    """
    rest, is_cut = b"", False
    while block := file.read(BLOCK_BYTES):
        lines = (rest + block).splitlines(keepends=True)
        # A CR at the end of a block may be half of a CR LF.
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        for line in lines:
            yield None if is_cut or len(line) > LONGEST_LINE_BYTES else line
            is_cut = False
        if len(rest) > LONGEST_LINE_BYTES:
            rest, is_cut = rest[-1:], True
    if rest:
        yield None if is_cut else rest


def split_fields(line: bytes) -> list[bytes]:
    """Fields of a line.

    Args:
        line: The line, which may end with its line end or without.

    Raises:
        RecordRefused: A quotation mark stands in the wrong place.
    """
    if b'"' not in line:
        return line.split(b",")
    try:
        # Latin-1 gives every byte back as it was.
        text = BLANKS_BEHIND_QUOTE.sub('"', line.decode("latin-1"))
        (fields,) = csv.reader([text], strict=True, skipinitialspace=True)
    except (csv.Error, ValueError) as error:
        raise RecordRefused("a quotation mark stands in the wrong place") from error
    return [field.encode("latin-1") for field in fields]


def format_name(line: bytes) -> bytes:
    """Second field of a header, as in NEM12; empty when the line is no header.

    Args:
        line: The first line.
    """
    try:
        fields = split_fields(line.strip())
    except RecordRefused:
        return b""
    return field_at(fields, 1).upper() if field_at(fields, 0) == b"100" else b""


def field_at(fields: list[bytes], position: int) -> bytes:
    """A field without blanks around it; empty where the record ends before.

    Args:
        fields: The record's fields.
        position: Which of them, from 0.
    """
    return fields[position].strip() if position < len(fields) else b""


def shown_bytes(text: bytes, most: int = 20) -> str:
    """A text of the file fit to be printed.

    Args:
        text: The text.
        most: How many of its bytes are shown.
    """
    shown = text[:most].decode("utf-8", errors="replace")
    return "".join(character if character.isprintable() else "\ufffd" for character in shown)
