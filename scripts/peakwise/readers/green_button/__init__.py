"""Readings in Green Button XML: the resources of NAESB ESPI as entries of an Atom feed.

A feed holds usage points, their meter readings (series), a reading type for each series (unit, direction, power of ten) and
interval blocks with the readings. Entries point at each other by links only, stand in any order, and tell their version after
their content, so the file is walked through twice: first for the entries and their links, which are few, then for the readings.
Neither walk keeps more of the file than bounded tables.

What becomes of it:

- The service point is the UsagePoint's own `id` (its UUID, in small letters), for links such as `UsagePoint/01` repeat from
  customer to customer. Only where an entry has no id its self link takes the place.
- The version is `updated` of the entry with the interval block, else `published`, in microseconds since 1970: the newest export
  counts.
- Flow direction 1 is delivered and 19 received; none leaves the channel open. Net energy (4) is kept as delivered, with its sign,
  unless the usage point has readings of one direction as well, which hold the same energy.
- Of several series of one usage point and direction that overlap in time, a coarser one is refused, because it is the same
  energy again. Those of equal step are registers: the first by id is the main one, the others go by the ids of their entries.
- The source flag is the first quality code of a reading that is not a good one, else the first, else the reading type's default.
- Power (W) is refused even as an average: the reading type does not say over which time.
"""

from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers.file_text import shown_name
from peakwise.readers.green_button.feed import looks_like
from peakwise.readers.green_button.readings import SecondWalk
from peakwise.readers.green_button.registers import part_registers
from peakwise.readers.green_button.resources import FirstWalk
from peakwise.readers.green_button.series import find_series, place_blocks, why_unlinked
from peakwise.readers.parsed_rows import ParsedRows
from peakwise.readers.reading_file import ReadingFile

__all__ = ["looks_like", "read"]


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> ReadingFile:
    """Read a Green Button file into a temporary table, all of it, with nothing dropped.

    Readings that cannot be taken are kept aside, each with its line and the reason.

    Args:
        connection: Where the temporary table is made.
        path: The file.

    Returns:
        The opened file; its labels are starts in UTC.

    Raises:
        UnusableInput: The file is no well-formed Atom feed, declares a document type, goes beyond a bound, or has no
            interval readings of electric energy.
    """
    name = shown_name(path)
    first_walk = FirstWalk(path)
    first_walk.walk()
    blocks = first_walk.blocks
    if not blocks.readings:
        raise UnusableInput(f"{name} has no interval readings (IntervalReading). Export the usage with its intervals.")
    series = find_series(first_walk.resources)
    positions = place_blocks(blocks, first_walk.resources, series)
    part_registers(name, series)
    reasons = [series[position].reason if position >= 0 else why_unlinked(position) for position in positions]
    if None not in reasons:
        raise UnusableInput(
            f"{name}: none of its {blocks.readings:,} readings is electric energy of an interval; of the first one, {reasons[0]}."
        )
    rows = ParsedRows(connection, path)
    SecondWalk(path, rows, blocks, series, positions).walk()
    return rows.as_file("green_button", label="start", label_time_zone="UTC")
