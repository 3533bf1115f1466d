"""Batches: the readings of one load that share version stamp and flag.

Load, stamp and flag are the same for long stretches of readings. Written once a batch, and not beside every reading, they
cost neither time nor space.
"""

from dataclasses import dataclass

import duckdb

from peakwise.loading.survey import GOOD
from peakwise.readers import ReadingFile


@dataclass(frozen=True)
class Batches:
    """SQL that finds the batch of an incoming row.

    Attributes:
        key: Expression of the batch's key.
        join: Join of `incoming` with its batch; empty where the file is one batch.
    """

    key: str
    join: str


def register_batches(connection: duckdb.DuckDBPyConnection, file: ReadingFile, load_id: int) -> Batches:
    """Write the batches of a file to `raw.reading_batches`; their keys rise from load to load."""
    pairs = "select null::bigint as version, null::varchar as source_flag"
    if file.is_stamped:
        pairs = f"select version, source_flag from ({file.relation}) where {GOOD} group by version, source_flag"
    first = connection.execute("select coalesce(max(batch_key), 0) + 1 from raw.reading_batches").fetchone()[0]
    count = connection.execute(
        f"""
        insert into raw.reading_batches
        select $first - 1 + row_number() over (order by version, source_flag), $load_id, version, source_flag
        from ({pairs})
        """,
        {"first": first, "load_id": load_id},
    ).fetchone()[0]
    if count == 1:
        return Batches(str(first), "")
    return Batches(
        "batches.batch_key",
        f"""
        inner join (select * from raw.reading_batches where load_id = {load_id}) as batches
            on incoming.version is not distinct from batches.version
            and incoming.source_flag is not distinct from batches.source_flag
        """,
    )
