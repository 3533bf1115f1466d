"""Unpacks what comes packed (zip, gzip) into temporary files, one at a time, so that no reader knows about packing.

An archive comes from outside and may be damaged or made to do harm. So the names of its members are shown and never used
as paths, every size is bounded, and whatever is wrong becomes one sentence on the archive or on the one member.
"""

import io
import re
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from gzip import GzipFile
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from peakwise.errors import UnusableInput
from peakwise.readers.file_text import leads_nowhere, shown_name

GZIP_MAGIC = b"\x1f\x8b"
# A member, an empty archive, and the two marks that a split one starts with.
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00PK")
TAR_MAGIC = b"ustar"
TAR_MAGIC_POSITION = 257
# Files that tell a spreadsheet or another document, which are zip archives inside.
DOCUMENT_MARKS = ("[Content_Types].xml", "mimetype")
BLOCK_BYTES = 1024 * 1024
MOST_MEMBERS = 10_000
# Held in memory as a whole; ten thousand members with names of two hundred letters need less.
MOST_LIST_BYTES = 4 * 1024 * 1024
MOST_NAME_CHARACTERS = 500
GREATEST_RATIO = 200
# Up to this size, no ratio is a danger: a day of zeros packs well.
HARMLESS_BYTES = 64 * 1024 * 1024
LEAST_FREE_BYTES = 1024 * 1024 * 1024
LOCAL_HEADER_BYTES = 30
# Encrypted, strongly encrypted, and with the list of members encrypted.
ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000
# Python unpacks bzip2 and LZMA members without a bound on memory.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
BOMB = (
    f"would unpack to more than {GREATEST_RATIO} times its size, as no file of readings does. If you trust it, unpack it and "
    "give the plain file"
)
# What zipfile and gzip raise on damaged bytes, beside OSError from the system.
UNPACKING_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, RuntimeError, ValueError, OverflowError, LookupError,
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One file to be read.

    Attributes:
        name: What people see and the manifest stores: `archive.zip/inner.csv`, or the file's own name.
        path: The plain file; where it was packed, a temporary one that is gone when the next member is asked for.
    """

    name: str
    path: Path


@dataclass(frozen=True)
class UnusableMember:
    """One packed file that cannot be unpacked; it does not keep the others from loading.

    Attributes:
        name: What people see, as in `archive.zip/inner.csv`.
        fault: One sentence that says what is wrong and what to do.
    """

    name: str
    fault: str


class _BoundedReader(io.BufferedReader):
    """A file that nobody can read into memory as a whole; zipfile would, if the archive says its list is that long."""

    def read(self, size: int | None = -1) -> bytes:
        """Read like any file, but only so much at once."""
        if size is None or size < 0:
            size = Path(self.name).stat().st_size - self.tell()
        if size > MOST_LIST_BYTES:
            raise UnusableInput(
                f"{_printable(Path(self.name).name)}: its list of members is too long, or damaged; more than "
                f"{MOST_MEMBERS:,} members are not read. Split the archive."
            )
        return super().read(size)


@contextmanager
def members(path: Path) -> Iterator[Iterator[Member | UnusableMember]]:
    """Give the files that a file stands for: itself when it is plain, else what is packed in it, unpacked.

    Members of a zip archive come in the order of their names. Folders, and files that are hidden or start with `_`, are left
    out as they are in a folder. Only one member at a time lies unpacked on disk, below the folder that TMPDIR names, and
    nothing is left there at the end.

    Args:
        path: Any file.

    Yields:
        The members, one after the other. Going through them raises no error of its own.

    Raises:
        UnusableInput: On entering, when the file or the archive as a whole cannot be used.
    """
    head, packed_bytes = _look_at(path)
    with ExitStack() as held:
        if head.startswith(GZIP_MAGIC):
            folder = held.enter_context(_temporary_folder())
            found = _unpack_gzip(path, packed_bytes, Path(folder))
        elif head.startswith(ZIP_MAGICS):
            archive = held.enter_context(_open_zip(path, packed_bytes))
            files = _files_by_name(archive, path)
            folder = held.enter_context(_temporary_folder())
            found = _unpack_zip(archive, files, Path(folder))
        else:
            found = (member for member in (Member(shown_name(path), path),))
        yield held.enter_context(closing(found))


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The one file that a path stands for, unpacked while the block runs; sentences on it name it as people know it.

    Raises:
        UnusableInput: The file cannot be unpacked, or an archive does not hold exactly one file.
    """
    with members(path) as found:
        if sum(1 for _ in found) != 1:
            raise UnusableInput(f"{shown_name(path)} holds several files where one is wanted. Unpack it and say which.")
    with members(path) as found:
        member = next(found)
        if isinstance(member, UnusableMember):
            raise UnusableInput(member.fault)
        try:
            yield member.path
        except UnusableInput as error:
            raise UnusableInput(str(error).replace(member.path.name, member.name)) from error


def _look_at(path: Path) -> tuple[bytes, int]:
    """The first bytes of a file, and its size.

    Raises:
        UnusableInput: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(max(map(len, ZIP_MAGICS))), file.seek(0, io.SEEK_END)
    except (OSError, ValueError) as error:
        if leads_nowhere(path):
            what = "is a link to a file that is not there. Put the file in its place, or remove the link"
            raise UnusableInput(f"{_printable(str(path))} {what}.") from error
        raise UnusableInput(f"{_printable(str(path))} cannot be read: {_reason(error)}.") from error


def _temporary_folder() -> tempfile.TemporaryDirectory:
    """A folder to unpack into.

    Raises:
        UnusableInput: There is none.
    """
    try:
        return tempfile.TemporaryDirectory(prefix="peakwise-")
    except OSError as error:
        raise UnusableInput(
            f"Packed files need a temporary folder, and none can be made: {_reason(error)}. Name one in TMPDIR."
        ) from error


def _printable(text: str) -> str:
    """A name fit for one line of a terminal, whatever it holds."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def _reason(error: Exception) -> str:
    """Why reading or unpacking failed, in a few words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, NotImplementedError):
        return "it is packed in a way that is not known; pack it again as plain zip"
    return "it is damaged or cut short"


def _most_unpacked(packed_bytes: int) -> int:
    """Bytes that packed bytes may unpack to."""
    return max(HARMLESS_BYTES, GREATEST_RATIO * packed_bytes)


def _unpack_gzip(path: Path, packed_bytes: int, folder: Path) -> Iterator[Member | UnusableMember]:
    """The one file in a gzip file; several gzip parts in a row are one file."""
    target = folder / "unpacked-1"
    yield _unpack(_printable(path.name), target, lambda: GzipFile(path, "rb"), _most_unpacked(packed_bytes))


@contextmanager
def _open_zip(path: Path, packed_bytes: int) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive and check what can be told from its list of members.

    Raises:
        UnusableInput: It cannot be used as a whole.
    """
    name = _printable(path.name)
    with ExitStack() as opened:
        try:
            file = opened.enter_context(_BoundedReader(io.FileIO(path)))
            archive = opened.enter_context(zipfile.ZipFile(file))
        except UNPACKING_ERRORS as error:
            raise UnusableInput(f"{name} cannot be unpacked: {_reason(error)}.") from error
        _check_list(name, archive, packed_bytes)
        yield archive


def _check_list(name: str, archive: zipfile.ZipFile, packed_bytes: int) -> None:
    """Refuse an archive by its list of members.

    Raises:
        UnusableInput: There are too many, they lie on or in one another, unpack to too much, or are no files of readings.
    """
    listed = archive.infolist()
    if len(listed) > MOST_MEMBERS:
        raise UnusableInput(
            f"{name} holds {len(listed):,} members; more than {MOST_MEMBERS:,} are not read. Split the archive."
        )
    if any(info.volume for info in listed):
        raise UnusableInput(
            f"{name} is one part of a split archive. Join the parts, or unpack them and give the files."
        )
    if any(info.orig_filename in DOCUMENT_MARKS for info in listed):
        raise UnusableInput(f"{name} is a spreadsheet or another document. Save its table as CSV.")
    if _overlap(listed, archive.start_dir):
        raise UnusableInput(f"{name} is damaged or made to do harm: its members lie on one another.")
    if sum(info.file_size for info in listed) > _most_unpacked(packed_bytes):
        raise UnusableInput(f"{name} {BOMB}.")


def _overlap(listed: list[zipfile.ZipInfo], end: int) -> bool:
    """Whether the members share bytes of the archive, which lets a small archive unpack to anything."""
    spans = sorted(
        (info.header_offset, info.header_offset + LOCAL_HEADER_BYTES + info.compress_size) for info in listed
    )
    return any(stop > start for (_, stop), (start, _) in pairwise([(0, 0), *spans, (end, end)]))


def _files_by_name(archive: zipfile.ZipFile, path: Path) -> dict[str, list[zipfile.ZipInfo]]:
    """What could be readings, by the name that people see, in its order.

    Raises:
        UnusableInput: There is nothing.
    """
    files = defaultdict(list)
    for info in archive.infolist():
        if not _is_left_out(info):
            files[f"{_printable(path.name)}/{_printable(info.orig_filename)}"].append(info)
    if not files:
        raise UnusableInput(f"{_printable(path.name)} holds no file, or only hidden ones.")
    return dict(sorted(files.items()))


def _parts(name: str) -> list[str]:
    """The folders and the file in a member's name; archives made on Windows may part them with a backslash."""
    return re.split(r"[/\\]", name)


def _is_left_out(info: zipfile.ZipInfo) -> bool:
    """Whether a member is a folder, or hidden as in `.DS_Store` and `__MACOSX/`."""
    parts = _parts(info.orig_filename)
    if _leads_out(info.orig_filename):
        return False
    is_folder = parts[-1] == "" and info.file_size == 0
    return is_folder or any(part[:1] in ("_", ".") and part != "." for part in parts)


def _leads_out(name: str) -> bool:
    """Whether a member's name would lead out of the folder that an archive is unpacked into; honest tools write none."""
    return ".." in _parts(name) or re.match(r"[/\\]|[A-Za-z]:", name) is not None


def _unpack_zip(
    archive: zipfile.ZipFile, files: dict[str, list[zipfile.ZipInfo]], folder: Path
) -> Iterator[Member | UnusableMember]:
    """The members of an archive, each unpacked when it is asked for and removed when the next one is."""
    for number, (name, infos) in enumerate(files.items(), start=1):
        refusal = _refusal(name, infos)
        if refusal:
            yield UnusableMember(name[:MOST_NAME_CHARACTERS], refusal)
            continue
        (info,) = infos
        target = folder / f"unpacked-{number}"
        try:
            yield _unpack(
                name, target, lambda info=info: archive.open(info), _most_unpacked(info.compress_size), info.file_size
            )
        finally:
            target.unlink(missing_ok=True)


def _refusal(name: str, infos: list[zipfile.ZipInfo]) -> str | None:
    """The sentence on a member that is not even tried."""
    info = infos[0]
    reasons = (
        (len(infos) > 1, f"stands {len(infos)} times in the archive. Keep the one that counts"),
        (
            len(name) > MOST_NAME_CHARACTERS,
            f"has a name of more than {MOST_NAME_CHARACTERS:,} characters. Rename the file",
        ),
        (_leads_out(info.orig_filename), "has a name that leads out of the archive. Do not trust who made it"),
        (stat.S_ISLNK(info.external_attr >> 16), "is a link to a file, not a file. Pack the file itself"),
        (info.flag_bits & ENCRYPTED_FLAGS, "is encrypted. Unpack it with its password and give the plain file"),
        (
            info.compress_type not in METHODS,
            f"is packed by method {info.compress_type}, and only plain zip (deflate) is read. Unpack it and give the file",
        ),
        (info.file_size > _most_unpacked(info.compress_size), BOMB),
    )
    return next((f"{name[:MOST_NAME_CHARACTERS]} {reason}." for applies, reason in reasons if applies), None)


def _unpack(
    name: str, target: Path, open_packed: Callable[[], BinaryIO], most_bytes: int, wanted_bytes: int | None = None
) -> Member | UnusableMember:
    """Unpack one file.

    Args:
        name: What people see.
        target: The file to be written.
        open_packed: Opens what is packed; reading from it unpacks.
        most_bytes: Where to stop.
        wanted_bytes: Size that the archive tells; None when it tells none.
    """
    try:
        _check_free(name, target.parent, wanted_bytes or 0)
        with open_packed() as packed, target.open("wb") as file:
            written = _copy(name, packed, file, target.parent, most_bytes)
        if wanted_bytes is not None and written != wanted_bytes:
            raise EOFError
    except UnusableInput as error:
        fault = str(error)
    except UNPACKING_ERRORS as error:
        fault = f"{name} cannot be unpacked: {_reason(error)}."
    else:
        return Member(name, target)
    target.unlink(missing_ok=True)
    return UnusableMember(name, fault)


def _copy(name: str, packed: BinaryIO, file: BinaryIO, folder: Path, most_bytes: int) -> int:
    """Write what unpacks, block by block, and return how many bytes that were.

    Raises:
        UnusableInput: It is packed once more, unpacks to too much, or the disk is nearly full.
    """
    written = 0
    while block := packed.read(BLOCK_BYTES):
        if written == 0:
            _check_not_packed_again(name, block)
        written += len(block)
        if written > most_bytes:
            raise UnusableInput(f"{name} {BOMB}.")
        _check_free(name, folder, len(block))
        file.write(block)
    return written


def _check_not_packed_again(name: str, block: bytes) -> None:
    """Look at the first block of an unpacked file.

    Raises:
        UnusableInput: It is an archive in turn.
    """
    is_tar = block[TAR_MAGIC_POSITION:].startswith(TAR_MAGIC)
    if is_tar or block.startswith((GZIP_MAGIC, *ZIP_MAGICS)):
        raise UnusableInput(f"{name} holds another archive or a spreadsheet. Unpack it and give the plain files.")


def _check_free(name: str, folder: Path, wanted_bytes: int) -> None:
    """Keep some of the disk free for all others.

    Raises:
        UnusableInput: Too little would be left.
    """
    if shutil.disk_usage(folder).free - wanted_bytes < LEAST_FREE_BYTES:
        raise UnusableInput(
            f"{name} cannot be unpacked: less than 1 GiB of the disk with the temporary folder would be left. Make room, or "
            "name another folder in TMPDIR."
        )
