"""Parquet files of the synthetic utility, written piece by piece, and the folder that appears only when it is whole."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from peakwise.errors import UnusableInput
from peakwise.private_files import make_private_folder
from peakwise.synthetic.population import service_point_id
from peakwise.synthetic.readings import CHANNELS, ReadingRows

# Its presence says that a folder is a synthetic utility and may be replaced by another.
OPTIONS_FILE = Path("truth") / "options.json"

_TEXT = pa.dictionary(pa.int32(), pa.string())
_INSTANT = pa.timestamp("us")
READINGS_SCHEMA = pa.schema(
    [
        ("service_point_id", _TEXT),
        ("channel", _TEXT),
        ("interval_start_at", _INSTANT),
        ("kwh", pa.float64()),
        ("version", pa.int64()),
    ]
)
FAULTS_SCHEMA = pa.schema(
    [
        ("kind", _TEXT),
        ("service_point_id", _TEXT),
        ("channel", _TEXT),
        ("first_interval_start_at", _INSTANT),
        ("last_interval_start_at", _INSTANT),
        ("readings", pa.int64()),
        ("true_kwh", pa.float64()),
        ("written_kwh", pa.float64()),
        ("arrival_month", pa.date32()),
    ]
)
# With a zone, unlike the readings: these files say by themselves which clock they follow.
UTC_INSTANT = pa.timestamp("us", tz="UTC")
OUTAGES_SCHEMA = pa.schema(
    [
        ("outage_id", _TEXT),
        ("service_point_id", _TEXT),
        ("started_at", UTC_INSTANT),
        ("restored_at", UTC_INSTANT),
        ("cause", _TEXT),
    ]
)
TRUE_OUTAGES_SCHEMA = OUTAGES_SCHEMA.append(pa.field("is_recorded", pa.bool_()))


def open_parquet(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer of a Parquet file in pieces. Text columns are plain text to readers, whatever dictionaries hold them."""
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=[field.name for field in schema if field.name not in ("kwh", "true_kwh", "written_kwh")],
        store_schema=False,
    )


def texts(codes: np.ndarray, dictionary: list[str]) -> pa.DictionaryArray:
    """A text column from positions in a list of texts."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(dictionary, pa.string()))


def service_point_texts(numbers: np.ndarray) -> pa.DictionaryArray:
    """Text ids of service points, whose numbers lie close together."""
    first = int(numbers.min()) if len(numbers) else 0
    last = int(numbers.max()) if len(numbers) else -1
    return texts(numbers - first, [service_point_id(number) for number in range(first, last + 1)])


def instants(microseconds: np.ndarray) -> pa.Array:
    """A UTC timestamp column without a zone."""
    return pa.array(microseconds.view("datetime64[us]"), _INSTANT)


def utc_instants(microseconds: np.ndarray) -> pa.Array:
    """A timestamp column that says it is UTC."""
    return instants(microseconds).cast(UTC_INSTANT)


def readings_table(rows: ReadingRows) -> pa.Table:
    """Rows as a table of a readings file."""
    return pa.Table.from_arrays(
        [
            service_point_texts(rows.service_point),
            texts(rows.channel, list(CHANNELS)),
            instants(rows.interval_start_at),
            pa.array(rows.kwh),
            pa.array(rows.version),
        ],
        schema=READINGS_SCHEMA,
    )


@contextmanager
def folder_when_whole(folder: Path) -> Iterator[Path]:
    """A temporary sibling folder that takes the place of `folder` when the block ends without an error.

    Killed at any moment, what was in `folder` before is still there, or comes back with the next call.

    Raises:
        UnusableInput: `folder` holds something else than a synthetic utility, cannot be written, or is being made by
            another run.
    """
    folder = folder.absolute()
    fresh = folder.with_name(f".{folder.name}.partial")
    old = folder.with_name(f".{folder.name}.replaced")
    try:
        if old.exists() and not folder.exists():
            old.rename(folder)
        if folder.exists() and (
            not folder.is_dir() or (any(folder.iterdir()) and not (folder / OPTIONS_FILE).exists())
        ):
            raise UnusableInput(f"{folder} holds something else than a synthetic utility; choose another folder.")
        make_private_folder(fresh)
    except OSError as error:
        raise UnusableInput(f"The folder {folder} cannot be written: {error.strerror}.") from error
    # The lock goes with the folder, so that nothing is left of it.
    lock = os.open(fresh, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UnusableInput(f"Another run is making {folder} at this moment; wait for it.") from error
        try:
            _empty(fresh)
            yield fresh
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        os.close(lock)


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
