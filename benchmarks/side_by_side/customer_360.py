"""The customer 360 of very many customers: the facts of one utility, repeated, and all that stands between them and it."""

import shutil
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from side_by_side.bars import Bar, verdict
from side_by_side.markdown import table
from side_by_side.pipeline_stages import WITHOUT_TESTS, TimedDbt
from side_by_side.places import CUSTOMER_360, Places
from side_by_side.processes import run_in_process
from side_by_side.rounds import Summary, Task, run_rounds
from side_by_side.stopwatch import Stopwatch
from side_by_side.whole_utility import build_utility

MODEL = "mart_customer_360"
SECONDS_AT_MOST = 30.0
BUILD = "customer 360"
SLOWEST_MODELS = 8
LARGEST_TABLES = 4

# Facts and dimensions are there already, and so is what is taken from hours of readings; with them all they are made of.
FACTS = ("dim_", "fct_")
FROM_HOURS = ("int_charging_runs_measured", "int_customer_days_sunny")

# Ids that every repeated customer has for itself: its feeder and its bills too, as in a district of its own.
OWN_KEYS = ("customer_key", "contact_key", "meter_key")
OWN_IDS = (
    "customer_id", "service_point_id", "register_id", "transformer_id", "feeder_id", "outage_id", "bill_id", "contact_id",
    "offer_id",
)  # fmt: skip
# Ids of what all customers have in common.
SHARED_IDS = ("run_id", "segment_id", "day_shape_id", "event_id", "program_id", "tariff_id")
OF_ONE_UTILITY = "benchmark.customer_360_of_one_utility"


@dataclass(frozen=True)
class Graph:
    """Which relation reads which.

    Attributes:
        nodes: dbt's nodes and sources by their id.
        parents: What each of them reads.
    """

    nodes: Mapping[str, Mapping[str, Any]]
    parents: Mapping[str, list[str]]

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any]) -> "Graph":
        """The graph of the project as dbt parsed it."""
        return cls(manifest["nodes"] | manifest["sources"], manifest["parent_map"])

    def named(self, name: str) -> str:
        """The id of a model.

        Raises:
            ValueError: There is not one such model.
        """
        [found] = [key for key, node in self.nodes.items() if node["name"] == name and node["resource_type"] == "model"]
        return found

    def behind(self, key: str) -> set[str]:
        """A node and all that it is made of."""
        found, waiting = set(), [key]
        while waiting:
            reached = waiting.pop()
            if reached not in found:
                found.add(reached)
                waiting += self.parents[reached]
        return found

    def models_to_build(self) -> list[str]:
        """Models on the way to the customer 360, but for facts, dimensions, what is taken from hours, and what these need.

        Staging only renames: its views are there whether or not they are made anew.
        """
        way = self.behind(self.named(MODEL))
        existing = {self.named(name) for name in FROM_HOURS}
        existing |= {key for key in way if self.nodes[key]["name"].startswith(FACTS)}
        for key in list(existing):
            existing |= self.behind(key)
        return sorted(
            self.nodes[key]["name"]
            for key in way - existing
            if self.nodes[key]["resource_type"] == "model" and "staging" not in self.nodes[key]["fqn"]
        )

    def tables_read(self) -> list[str]:
        """What the models to build read and do not build, as `schema.table`; of views, the tables below them."""
        to_build = {self.named(name) for name in self.models_to_build()}
        waiting, seen, tables = list(to_build), set(), set()
        while waiting:
            for parent in self.parents[waiting.pop()]:
                if parent in seen | to_build:
                    continue
                seen.add(parent)
                node = self.nodes[parent]
                if node["resource_type"] == "source":
                    tables.add(f"{node['schema']}.{node['identifier']}")
                elif node["config"]["materialized"] == "view":
                    waiting.append(parent)
                else:
                    tables.add(f"{node['schema']}.{node['name']}")
        return sorted(tables)


def make_utility(stopwatch: Stopwatch, places: Places, service_points: int, months: int) -> dict[str, Any]:
    """Make a utility with every source and all faults, run the pipeline's steps on it, and put its customer 360 aside.

    Returns:
        `models`: what is to be built; `tables`: what it reads; `customers`: how many there are.
    """
    from peakwise.synthetic import SyntheticOptions
    from peakwise.warehouse import connect

    dbt = build_utility(stopwatch, places, SyntheticOptions(customers=service_points, months=months))
    with connect(places.warehouse) as connection:
        connection.execute("create schema benchmark")
        connection.execute(f"create table {OF_ONE_UTILITY} as from marts.{MODEL}")
        [customers] = connection.execute(f"select count(*) from {OF_ONE_UTILITY}").fetchone()
    graph = Graph.of_manifest(dbt.manifest.writable_manifest().to_dict())
    return {"models": graph.models_to_build(), "tables": graph.tables_read(), "customers": customers}


def repeat_customers(stopwatch: Stopwatch, places: Places, tables: list[str], times: int) -> dict[str, int]:
    """Repeat every row of every table that tells of customers, each time with ids of its own.

    Integer keys are shifted beyond all there are, and text ids get the number of the repetition behind them. Tables
    without such an id are the utility's, and stay as they are.

    Returns:
        How many rows each of the repeated tables has now.

    Raises:
        AssertionError: A repeated table has an id of which it is not known whether customers share it.
    """
    from peakwise.warehouse import connect

    rows = {}
    with stopwatch.phase("repeat"), connect(places.warehouse) as connection:
        columns = {table_name: column_types(connection, table_name) for table_name in tables}
        of_customers = {name: types for name, types in columns.items() if types.keys() & {*OWN_KEYS, *OWN_IDS}}
        strides = {
            key: 1
            + max(
                connection.execute(f"select coalesce(max({key}), 0) from {name}").fetchone()[0]
                for name, types in of_customers.items()
                if key in types
            )
            for key in OWN_KEYS
        }
        for name, types in of_customers.items():
            unknown = {column for column in types if column.endswith(("_key", "_id"))}
            unknown -= {*OWN_KEYS, *OWN_IDS, *SHARED_IDS}
            if unknown:
                raise AssertionError(f"{name} has {', '.join(sorted(unknown))}: may repeated customers share them?")
            values = ", ".join(repeated_value(column, data_type, strides) for column, data_type in types.items())
            connection.execute(f"""
                insert into {name}
                select {values} from {name} as original cross join range(1, {times}) as repetitions (repetition)
            """)
            [rows[name]] = connection.execute(f"select count(*) from {name}").fetchone()
    return rows


def column_types(connection: Any, name: str) -> dict[str, str]:
    """The columns of a table and their types, in their order."""
    return {row[0]: row[1] for row in connection.execute(f"describe {name}").fetchall()}


def repeated_value(column: str, data_type: str, strides: Mapping[str, int]) -> str:
    """SQL of a column's value in a repetition."""
    if column in OWN_KEYS:
        return f"cast(original.{column} + {strides[column]} * repetition as {data_type}) as {column}"
    if column in OWN_IDS:
        return f"original.{column} || '_' || repetition as {column}"
    return f"original.{column}"


def build(stopwatch: Stopwatch, places: Places, models: list[str]) -> dict[str, float]:
    """Build the models from scratch; seconds of each of them."""
    nodes = TimedDbt(stopwatch, places).stage(BUILD, "--full-refresh", "--select", *models, *WITHOUT_TESTS)["nodes"]
    return {name: nodes[name] for name in models}


def check(stopwatch: Stopwatch, places: Places, times: int) -> dict[str, int]:
    """Check that every repeated customer's row is that of the customer it repeats, in all columns but the ids.

    Returns:
        `customers` and `columns` that were compared.

    Raises:
        AssertionError: A customer is missing, or a column differs.
    """
    from peakwise.warehouse import connect

    with stopwatch.phase("check"), connect(places.warehouse, read_only=True) as connection:
        columns = [column for column in column_types(connection, OF_ONE_UTILITY) if column != "customer_key"]
        expected = ", ".join(
            f"customers.{column} || suffix as {column}" if column in OWN_IDS else f"customers.{column}"
            for column in columns
        )
        different = ", ".join(
            f"count(case when expected.{column} is distinct from found.{column} then 1 end)" for column in columns
        )
        rows, keys, *differences = connection.execute(f"""
            with expected as (
                select {expected}
                from {OF_ONE_UTILITY} as customers
                cross join (
                    select case when repetition > 0 then '_' || repetition else '' end as suffix
                    from range({times}) as repetitions (repetition)
                )
            )

            select count(found.customer_key), count(distinct found.customer_key), {different}
            from expected full join marts.{MODEL} as found on expected.customer_id = found.customer_id
        """).fetchone()
        [customers] = connection.execute(f"select {times} * count(*) from {OF_ONE_UTILITY}").fetchone()
    wrong = {column: count for column, count in zip(columns, differences, strict=True) if count}
    if wrong or not rows == keys == customers:
        raise AssertionError(
            f"The customer 360 has {rows} rows of {keys} customers, where {customers} should be; rows that differ from "
            f"the repeated customer's: {wrong}."
        )
    return {"customers": customers, "columns": len(columns)}


@dataclass(frozen=True)
class Repeated360:
    """What building the customer 360 took.

    Attributes:
        service_points, months, times: Size of the utility, and how often each customer stands there.
        customers: Customers in all.
        rows: Rows of each table that tells of customers.
        columns: Columns that were compared.
        models: What was built.
        built: Time and memory of the build.
        nodes: Seconds of each model in the last round.
    """

    service_points: int
    months: int
    times: int
    customers: int
    rows: Mapping[str, int]
    columns: int
    models: Sequence[str]
    built: Summary
    nodes: Mapping[str, float]


def measure(
    places: Places, service_points: int, months: int, times: int, repeats: int, show: Callable[[str], None]
) -> Repeated360:
    """Make the utility, repeat its customers, build the customer 360 round by round, and check it.

    Args:
        places: The run's places.
        service_points: Size of the utility that is made.
        months: Months of hourly readings.
        times: How often each customer stands there in the end.
        repeats: Rounds.
        show: Told of each step.
    """
    places = places.of_variant(CUSTOMER_360)
    made = run_in_process("customer_360.make_utility", places, service_points=service_points, months=months).found
    rows = run_in_process("customer_360.repeat_customers", places, tables=made["tables"], times=times).found
    show(f"{times * made['customers']:,} customers made of {made['customers']:,}")
    task = Task(BUILD, "customer_360.build", CUSTOMER_360, {"models": made["models"]})
    results = run_rounds(places, repeats, show, lambda number: [task])
    checked = run_in_process("customer_360.check", places, times=times).found
    shutil.rmtree(places.home, ignore_errors=True)
    return Repeated360(
        service_points, months, times, checked["customers"], rows, checked["columns"], made["models"],
        results.phase(BUILD, BUILD, CUSTOMER_360), results.found[CUSTOMER_360, BUILD],
    )  # fmt: skip


def bars(found: Repeated360) -> list[Bar]:
    """The bar of the build."""
    return [
        Bar.time(f"The customer 360 of {found.customers:,} customers from existing facts", SECONDS_AT_MOST, found.built)
    ]


def render(found: Repeated360) -> str:
    """The section of the page."""
    rows = {name.partition(".")[2]: count for name, count in found.rows.items()}
    largest = sorted(rows, key=lambda name: (-rows[name], name))[:LARGEST_TABLES]
    held = "; ".join(f"`{name}` {rows[name]:,}" for name in largest)
    slowest = sorted(found.nodes, key=lambda name: -found.nodes[name])[:SLOWEST_MODELS]
    others = [seconds for name, seconds in found.nodes.items() if name not in slowest]
    nodes = [[f"`{name}`", f"{found.nodes[name]:.2f}"] for name in slowest]
    nodes.append([f"{len(others)} others", f"{sum(others):.2f}"])
    built = found.built
    times = [
        f"{built.seconds:.2f}",
        f"{built.median_seconds:.2f}",
        f"{built.processor_seconds:.2f}",
        f"{built.peak_memory_bytes / 1e6:,.0f}",
        f"{SECONDS_AT_MOST:.0f} s",
        verdict(built.seconds, SECONDS_AT_MOST),
    ]
    models = textwrap.fill(", ".join(f"`{name}`" for name in found.models), 120, break_on_hyphens=False)
    taken_from_hours = " and ".join(f"`{name}`" for name in FROM_HOURS)
    return f"""
## The customer 360

A utility of {found.service_points:,} service points is made with {found.months} months of hourly readings, every source and all
faults, and is loaded, built and segmented as `make run` does it. Then all that the models below read of customers is
put there {found.times} times, each time with ids of its own (keys shifted, a number behind text ids), feeders and transformers too:
{found.customers:,} customers. The largest tables hold, in rows:
{held}.
What is the utility's, as calendar, weather, programs and its system load, stands there once.

*From existing facts* is meant strictly: of all that leads to the customer 360 only facts (`fct_`), dimensions (`dim_`),
what is taken from hours of readings ({taken_from_hours}), and what these are made of, are there
before. The rest is built from scratch, by one command whose start is taken off, as with the stages above:

{models}.

{table(["", "Seconds", "Median", "CPU seconds", "Peak MB", "At most", "Verdict"], [[f"`{MODEL}` and the models before it", *times]])}

Every row of the customer 360 was checked to be that of the customer whom it repeats, in all {found.columns} columns but
`customer_key`, ids with their number. None ranks among all customers: `feeder_rank` ranks those of a feeder.

Seconds of the slowest models, of which up to three run at a time, in the last round:

{table(["Model", "Seconds"], nodes)}
"""
