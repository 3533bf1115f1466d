"""Make a synthetic utility on disk, month by month and block by block, in memory that does not follow its length."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from peakwise.synthetic.faults import KINDS
from peakwise.synthetic.files import (
    FAULTS_SCHEMA,
    OUTAGES_SCHEMA,
    READINGS_SCHEMA,
    TRUE_OUTAGES_SCHEMA,
    folder_when_whole,
    open_parquet,
    readings_table,
)
from peakwise.synthetic.local_clock import month_after
from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.population import make_population
from peakwise.synthetic.random_streams import POINTS_PER_BLOCK
from peakwise.synthetic.readings import (
    BlockMonth,
    MonthSetting,
    Utility,
    joined,
    make_block_month,
    make_month_setting,
    make_utility,
)
from peakwise.synthetic.truth import (
    faults_table,
    outages_table,
    write_customers,
    write_options,
    write_station_weather,
    write_true_customers,
    write_weather,
)
from peakwise.synthetic.weather import make_weather

READINGS_PER_CHUNK = 1_000_000
# As many as DuckDB's own row groups hold, so that it reads a file with several threads.
ROWS_PER_GROUP = 122_880
THREADS = 2


@dataclass(frozen=True)
class SyntheticSummary:
    """What a synthetic utility holds.

    Attributes:
        folder: Where it lies.
        first_date, end_date: Local days of its readings (end excluded).
        service_points, registers, customers, agreements: How many.
        expected_readings: Readings of perfect metering.
        rows: Rows of all readings files: expected - missing + duplicate + superseded.
        fault_readings: Readings by kind of fault: missing, duplicate, superseded, spike, outage.
        delivered_kwh, received_kwh: True load without outages.
    """

    folder: Path
    first_date: date
    end_date: date
    service_points: int
    registers: int
    customers: int
    agreements: int
    expected_readings: int
    rows: int
    fault_readings: dict[str, int]
    delivered_kwh: float
    received_kwh: float


@dataclass
class _Totals:
    """What adds up while months stream by."""

    delivered_kwh: np.ndarray
    received_kwh: np.ndarray
    expected_readings: int = 0
    rows: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, result: BlockMonth) -> None:
        """Count one block and month in."""
        self.delivered_kwh[result.agreement] += result.delivered_kwh
        self.received_kwh[result.agreement] += result.received_kwh
        self.expected_readings += result.expected_readings
        self.rows += len(result.rows) + len(result.late_rows)
        if result.faults is not None:
            for number, kind in enumerate(KINDS):
                self.faults[kind] += int(result.faults.readings[result.faults.kind == number].sum())


def generate(
    options: SyntheticOptions,
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
    *,
    readings_per_chunk: int = READINGS_PER_CHUNK,
    threads: int = THREADS,
) -> SyntheticSummary:
    """Make a synthetic utility in a folder, which appears (or is replaced) only when it is whole.

    Args:
        options: What the utility is like; the same options give the same rows in the same order.
        folder: Where to; an older synthetic utility there is replaced.
        progress: Called as progress(done, total) after each chunk.
        readings_per_chunk: Readings worked on and written at once, at least one block of service points; changes
            memory and row groups, never content.
        threads: Threads that make readings; never changes content.

    Raises:
        UnusableInput: The folder holds something else, cannot be written, or is being made by another run.
    """
    population = make_population(options)
    weather = make_weather(options)
    utility = make_utility(options, population, weather)
    agreements = population.agreements
    totals = _Totals(np.zeros(len(agreements)), np.zeros(len(agreements)))
    with folder_when_whole(folder) as fresh:
        (fresh / "readings").mkdir()
        (fresh / "truth").mkdir()
        write_customers(options, agreements, fresh / "customers.parquet")
        last_instant = _write_readings(utility, totals, fresh, progress, readings_per_chunk, threads)
        write_true_customers(
            options, agreements, totals.delivered_kwh, totals.received_kwh, fresh / "truth" / "customers.parquet"
        )
        write_weather(utility, last_instant, fresh / "truth" / "weather.parquet")
        write_station_weather(utility, last_instant, fresh / "weather.parquet")
        write_options(options, fresh)
    return SyntheticSummary(
        folder=folder,
        first_date=options.first_date,
        end_date=month_after(options.first_date, options.months),
        service_points=population.service_points,
        registers=population.service_points + int(population.has_roof.sum()),
        customers=len(np.unique(agreements.customer)),
        agreements=len(agreements),
        expected_readings=totals.expected_readings,
        rows=totals.rows,
        fault_readings={kind: totals.faults[kind] for kind in KINDS},
        delivered_kwh=round(float(totals.delivered_kwh.sum()), 4),
        received_kwh=round(float(totals.received_kwh.sum()), 4),
    )


def _write_readings(
    utility: Utility,
    totals: _Totals,
    fresh: Path,
    progress: Callable[[int, int], None] | None,
    readings_per_chunk: int,
    threads: int,
) -> int:
    """Write all readings files, the known outages, and the truth about faults; returns the last instant read."""
    options = utility.options
    blocks_per_chunk = _blocks_per_chunk(options, readings_per_chunk)
    chunks_per_month = -(-utility.blocks // blocks_per_chunk)
    done, total = 0, chunks_per_month * options.months
    late_path = fresh / "late_rows.parquet"
    last_instant = 0
    with (
        open_parquet(fresh / "truth" / "faults.parquet", FAULTS_SCHEMA) as fault_writer,
        open_parquet(fresh / "truth" / "outages.parquet", TRUE_OUTAGES_SCHEMA) as true_outage_writer,
        open_parquet(fresh / "outages.parquet", OUTAGES_SCHEMA) as outage_writer,
        ThreadPoolExecutor(threads) as workers,
    ):
        for index in range(options.months):
            setting = make_month_setting(utility, index)
            last_instant = int(setting.month.interval_start_at[-1])
            file_name = f"readings_{setting.month.first_day:%Y_%m}.parquet"
            late_before = late_path.rename(fresh / "late_rows_before.parquet") if late_path.exists() else None
            with (
                open_parquet(fresh / "readings" / file_name, READINGS_SCHEMA) as writer,
                open_parquet(late_path, READINGS_SCHEMA) as late_writer,
            ):
                for chunk in _chunks(utility, setting, blocks_per_chunk, workers):
                    _write_chunk(chunk, setting, writer, late_writer, fault_writer)
                    _write_outages(chunk, setting, true_outage_writer, outage_writer)
                    for result in chunk:
                        totals.add(result)
                    done += 1
                    if progress is not None:
                        progress(done, total)
                if late_before is not None:
                    _append(late_before, writer)
    late_path.unlink()
    return last_instant


def _blocks_per_chunk(options: SyntheticOptions, readings_per_chunk: int) -> int:
    most_readings_of_block = POINTS_PER_BLOCK * 31 * 1440 // options.interval_minutes
    return max(readings_per_chunk // most_readings_of_block, 1)


def _chunks(
    utility: Utility, setting: MonthSetting, blocks_per_chunk: int, workers: ThreadPoolExecutor
) -> Iterator[list[BlockMonth]]:
    """Blocks of a month in order, some at a time; the next ones are made while the last ones are written."""

    def start(first: int) -> list:
        blocks = range(first, min(first + blocks_per_chunk, utility.blocks))
        return [workers.submit(make_block_month, utility, setting, block) for block in blocks]

    ahead = start(0)
    for first in range(blocks_per_chunk, utility.blocks + blocks_per_chunk, blocks_per_chunk):
        results = [future.result() for future in ahead]
        ahead = start(first)
        yield results


def _write_chunk(
    chunk: list[BlockMonth],
    setting: MonthSetting,
    writer: pq.ParquetWriter,
    late_writer: pq.ParquetWriter,
    fault_writer: pq.ParquetWriter,
) -> None:
    rows = readings_table(joined([result.rows for result in chunk]))
    writer.write_table(rows, row_group_size=ROWS_PER_GROUP)
    late_rows = joined([result.late_rows for result in chunk])
    if len(late_rows):
        late_writer.write_table(readings_table(late_rows))
    tables = [faults_table(result, setting) for result in chunk if result.faults is not None]
    if tables:
        fault_writer.write_table(pa.concat_tables(tables).unify_dictionaries())


def _write_outages(
    chunk: list[BlockMonth],
    setting: MonthSetting,
    true_outage_writer: pq.ParquetWriter,
    outage_writer: pq.ParquetWriter,
) -> None:
    """Write all outages of a chunk to the truth, and those that the utility recorded to its own file."""
    tables = [outages_table(result, setting) for result in chunk if result.outages is not None]
    outages = pa.concat_tables(tables or [TRUE_OUTAGES_SCHEMA.empty_table()]).unify_dictionaries()
    if len(outages):
        true_outage_writer.write_table(outages)
    recorded = outages.filter(outages["is_recorded"]).drop_columns("is_recorded")
    if len(recorded):
        outage_writer.write_table(recorded)


def _append(late_before: Path, writer: pq.ParquetWriter) -> None:
    """Write last month's late rows at the end of this month's file."""
    with pq.ParquetFile(late_before) as file:
        for group in range(file.num_row_groups):
            writer.write_table(file.read_row_group(group).cast(READINGS_SCHEMA))
    late_before.unlink()
