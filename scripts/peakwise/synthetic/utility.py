"""Make a synthetic utility on disk, month by month and block by block, in memory that does not follow its length."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from peakwise.synthetic.bills import BillBook, Bills, joined_bills
from peakwise.synthetic.contacts import (
    Contacts,
    OutageMemory,
    contacts_about_bills,
    contacts_about_programs,
    contacts_in_outages,
    in_order,
    joined_contacts,
    other_contacts,
)
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
from peakwise.synthetic.local_clock import microseconds_at_local_midnight, month_after
from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.population import make_population
from peakwise.synthetic.programs import make_programs
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
from peakwise.synthetic.records import (
    BILLS_SCHEMA,
    CONTACTS_SCHEMA,
    RESPONSES_SCHEMA,
    TRUE_CONTACTS_SCHEMA,
    WRONG_BILLS_SCHEMA,
    bill_tables,
    contact_tables,
    event_ids_of,
    responses_table,
    write_attributes,
    write_premises,
    write_programs,
    write_storms,
    write_tariffs,
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
# Of the smaller files.
ROWS_THAT_WAIT = 20_000
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
        bills, contacts, events: How many are on file.
        enrolled: Customers in a program at the end.
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
    bills: int
    contacts: int
    events: int
    enrolled: int


@dataclass
class _Totals:
    """What adds up while months stream by."""

    delivered_kwh: np.ndarray
    received_kwh: np.ndarray
    expected_readings: int = 0
    rows: int = 0
    bills: int = 0
    contacts: int = 0
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
    programs = make_programs(options, population, weather)
    utility = make_utility(options, population, weather, programs)
    agreements = population.agreements
    totals = _Totals(np.zeros(len(agreements)), np.zeros(len(agreements)))
    with folder_when_whole(folder) as fresh:
        (fresh / "readings").mkdir()
        (fresh / "truth").mkdir()
        write_customers(options, agreements, programs, fresh / "customers.parquet")
        write_premises(population, fresh / "premises.parquet")
        write_attributes(options, population, programs, fresh / "customer_attributes.parquet")
        write_tariffs(options, fresh / "tariffs.parquet")
        write_programs(utility, fresh)
        last_instant = _write_readings(utility, totals, fresh, progress, readings_per_chunk, threads)
        write_true_customers(
            options,
            agreements,
            programs,
            totals.delivered_kwh,
            totals.received_kwh,
            fresh / "truth" / "customers.parquet",
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
        bills=totals.bills,
        contacts=totals.contacts,
        events=len(programs.events),
        enrolled=int(programs.is_enrolled.sum()),
    )


def _write_readings(
    utility: Utility,
    totals: _Totals,
    fresh: Path,
    progress: Callable[[int, int], None] | None,
    readings_per_chunk: int,
    threads: int,
) -> int:
    """Write everything that goes month by month; returns the last instant read."""
    options = utility.options
    blocks_per_chunk = _blocks_per_chunk(options, readings_per_chunk)
    chunks_per_month = -(-utility.blocks // blocks_per_chunk)
    done, total = 0, chunks_per_month * options.months
    late_path = fresh / "late_rows.parquet"
    last_instant = 0
    storms = []
    with _Besides(utility, totals, fresh) as besides, ThreadPoolExecutor(threads) as workers:
        for index in range(options.months):
            setting = make_month_setting(utility, index)
            storms.append(setting.storms)
            last_instant = int(setting.month.interval_start_at[-1])
            file_name = f"readings_{setting.month.first_day:%Y_%m}.parquet"
            late_before = late_path.rename(fresh / "late_rows_before.parquet") if late_path.exists() else None
            with (
                open_parquet(fresh / "readings" / file_name, READINGS_SCHEMA) as writer,
                open_parquet(late_path, READINGS_SCHEMA) as late_writer,
            ):
                for chunk in _chunks(utility, setting, blocks_per_chunk, workers):
                    _write_chunk(chunk, writer, late_writer)
                    besides.write_chunk(chunk, setting)
                    for result in chunk:
                        totals.add(result)
                    done += 1
                    if progress is not None:
                        progress(done, total)
                if late_before is not None:
                    _append(late_before, writer)
            besides.write_contacts(setting)
    late_path.unlink()
    write_storms(storms, fresh / "truth" / "storms.parquet")
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


def _write_chunk(chunk: list[BlockMonth], writer: pq.ParquetWriter, late_writer: pq.ParquetWriter) -> None:
    rows = readings_table(joined([result.rows for result in chunk]))
    writer.write_table(rows, row_group_size=ROWS_PER_GROUP)
    late_rows = joined([result.late_rows for result in chunk])
    if len(late_rows):
        late_writer.write_table(readings_table(late_rows))


# Files that grow month by month beside the readings.
_BESIDES = {
    "truth/faults.parquet": FAULTS_SCHEMA,
    "truth/outages.parquet": TRUE_OUTAGES_SCHEMA,
    "outages.parquet": OUTAGES_SCHEMA,
    "bills.parquet": BILLS_SCHEMA,
    "truth/wrong_bills.parquet": WRONG_BILLS_SCHEMA,
    "truth/responses.parquet": RESPONSES_SCHEMA,
    "contacts.parquet": CONTACTS_SCHEMA,
    "truth/contacts.parquet": TRUE_CONTACTS_SCHEMA,
}


class _Besides:
    """Writes what goes with the readings of each month: faults, outages, bills, responses and contacts.

    Rows wait until there are enough of them, so that files of long histories have few row groups.
    """

    def __init__(self, utility: Utility, totals: _Totals, fresh: Path) -> None:
        self.utility, self.totals, self.fresh = utility, totals, fresh
        self.bill_book = BillBook(utility.options, utility.population)
        self.event_ids = event_ids_of(utility.options, utility.programs)
        self.contacts: list[Contacts] = []
        self.memories: dict[int, OutageMemory] = {}
        self.waiting: dict[str, list[pa.Table]] = {name: [] for name in _BESIDES}
        end_date = month_after(utility.options.first_date, utility.options.months)
        self.end_at = microseconds_at_local_midnight(end_date, ZoneInfo(utility.options.time_zone))

    def __enter__(self) -> "_Besides":
        with ExitStack() as files:
            self.writers = {
                name: files.enter_context(open_parquet(self.fresh / name, schema)) for name, schema in _BESIDES.items()
            }
            self.files = files.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        with self.files:
            if error[0] is None:
                for name in _BESIDES:
                    self._flush(name)

    def write_chunk(self, chunk: list[BlockMonth], setting: MonthSetting) -> None:
        """Write what some blocks of a month brought."""
        utility, options = self.utility, self.utility.options
        bills: list[Bills] = []
        for result in chunk:
            bills.append(self.bill_book.bills_of(result, setting))
            self.contacts += [
                contacts_in_outages(utility, setting, result, self.memories),
                contacts_about_bills(utility, setting, bills[-1], result.block),
                other_contacts(utility, setting, result),
            ]
            self._write("truth/responses.parquet", responses_table(utility, result, self.event_ids))
            if result.faults is not None:
                self._write("truth/faults.parquet", faults_table(result, setting))
            if result.outages is not None:
                outages = outages_table(result, setting)
                self._write("truth/outages.parquet", outages)
                self._write("outages.parquet", outages.filter(outages["is_recorded"]).drop_columns("is_recorded"))
        table, wrong = bill_tables(options, utility.population, joined_bills(bills))
        self.totals.bills += len(table)
        self._write("bills.parquet", table)
        self._write("truth/wrong_bills.parquet", wrong)

    def write_contacts(self, setting: MonthSetting) -> None:
        """Write the contacts that a month led to, in the order of time."""
        contacts = joined_contacts([*self.contacts, contacts_about_programs(self.utility, setting)])
        self.contacts = []
        table, truth = contact_tables(self.utility, setting, in_order(contacts, self.end_at))
        self.totals.contacts += len(table)
        self._write("contacts.parquet", table)
        self._write("truth/contacts.parquet", truth)

    def _write(self, name: str, table: pa.Table) -> None:
        if len(table):
            self.waiting[name].append(table)
        if sum(map(len, self.waiting[name])) >= ROWS_THAT_WAIT:
            self._flush(name)

    def _flush(self, name: str) -> None:
        if self.waiting[name]:
            self.writers[name].write_table(pa.concat_tables(self.waiting[name]).unify_dictionaries())
            self.waiting[name] = []


def _append(late_before: Path, writer: pq.ParquetWriter) -> None:
    """Write last month's late rows at the end of this month's file."""
    with pq.ParquetFile(late_before) as file:
        for group in range(file.num_row_groups):
            writer.write_table(file.read_row_group(group).cast(READINGS_SCHEMA))
    late_before.unlink()
