"""A thousand random histories of loads: a warehouse grown load by load equals one that was built at once.

One history is one customer (a mover's also has the next tenant), so that all of them share a warehouse and a few builds.
"""

import itertools
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from peakwise.dbt import Dbt
from peakwise.loading import (
    Clock,
    ReadingOptions,
    UtilitySettings,
    load_customers,
    load_readings,
    set_holidays,
    set_utility,
)
from peakwise.warehouse import connect

HISTORIES = 1_020
ZONE = "America/New_York"
# Clocks change on 3 November 2024 and on 9 March 2025; months end in both spans.
SPANS = ((date(2024, 10, 9), 42), (date(2025, 2, 14), 42))
WHOLE_DAY = (0, 25)
# What a day's values are like; all but the first shape no profile.
RULES = ("ordinary", "zero", "negative", "stuck")
# What a loaded file must hold of a meter for its step to be plain without knowing earlier files.
PLAIN_ROWS = 72

# Whose outcome must not depend on the order of loads, and whose does: the same reading with two values and no stamp, or a
# meter whose step changes.
ORDERLY = tuple(f"orderly_{number}.parquet" for number in range(6))
DISORDERLY = tuple(f"disorderly_{number}.parquet" for number in range(6))
LOADS = tuple(name for pair in zip(ORDERLY, DISORDERLY, strict=True) for name in pair)
# The disorderly files keep their order.
LOADS_IN_OTHER_ORDER = tuple(
    name for pair in zip((ORDERLY[number] for number in (4, 1, 5, 0, 3, 2)), DISORDERLY, strict=True) for name in pair
)

MODELS = ("--exclude", "resource_type:test", "resource_type:unit_test")
BUILD = ("build", *MODELS)
BUILD_FIRST_PHASE = ("build", "--selector", "before_segmentation")
RUN_WITHOUT_SEEDS = ("run", *MODELS)

# What was touched last is not the same where builds are not, and a load has its own time.
NOT_COMPARED = {"int_customer_days_touched"}
UNREPEATABLE = {"loaded_at", "last_loaded_at"}
# These number things in the order of their coming.
NUMBERED_BY_ORDER = {"load_id", "batch_key", "customer_key", "meter_key"}


SQL_TYPES = {int: "integer", bool: "boolean", str: "varchar", date: "date", int | None: "integer"}


@dataclass(frozen=True)
class Sending:
    """Readings of one meter for a local day, or part of one, as one file brings them.

    The same value seed and rule give the same values again.
    """

    file_number: int
    is_orderly: bool
    service_point_id: str
    channel: str
    step: int
    local_date: date
    first_hour: int = 0
    last_hour: int = 25
    rule: str = "ordinary"
    value_seed: int = 0
    version: int | None = None

    @property
    def rows(self) -> int:
        return min(self.last_hour - self.first_hour, 24) * 60 // self.step


@dataclass(frozen=True)
class Agreement:
    """One row of the customers file."""

    customer_id: str
    service_point_id: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class History:
    """What one customer's meters send, and who holds them; no agreement where the customers file leaves it out."""

    number: int
    sendings: list[Sending]
    agreements: list[Agreement]


def first_sendings(draw: random.Random, meter: Sending, days: list[date]) -> list[Sending]:
    """A meter's days cut into chunks of days, in any order of files, with days and hours that are late or never come."""
    cuts = sorted(draw.sample(range(1, len(days)), draw.randint(0, 5)))
    sendings = []
    for start, end in zip([0, *cuts], [*cuts, len(days)], strict=True):
        chunk = replace(meter, file_number=draw.randrange(6))
        for local_date in days[start:end]:
            day = replace(
                chunk,
                local_date=local_date,
                rule=draw.choices(RULES, (88, 5, 3, 4))[0],
                version=draw.choice((None, None, 1)),
            )
            hour = draw.randint(2, 23)
            early, late = replace(day, last_hour=hour), replace(day, first_hour=hour, file_number=draw.randrange(6))
            fate = draw.choices(
                ("whole", "missing", "whole but late", "never whole", "whole in the end", "a gap within"),
                (68, 5, 8, 6, 8, 5),
            )[0]
            sendings += {
                "whole": [day],
                "missing": [],
                "whole but late": [replace(day, file_number=draw.randrange(6))],
                "never whole": [early],
                "whole in the end": [early, late],
                "a gap within": [replace(early, last_hour=hour - 1), replace(late, file_number=chunk.file_number)],
            }[fate]
    return sendings


def repeats(draw: random.Random, sendings: list[Sending]) -> list[Sending]:
    """Stretches of what was sent, sent again in another file."""
    again = []
    for _ in range(draw.choice((0, 0, 1, 2))):
        start = draw.randrange(len(sendings))
        file_number = draw.randrange(6)
        again += [replace(sending, file_number=file_number) for sending in sendings[start : start + draw.randint(1, 8)]]
    return again


def corrections(draw: random.Random, sendings: list[Sending], *, stamped: bool) -> list[Sending]:
    """Days, or hours of a day, sent with other values; without stamps the first values may come once more."""
    corrected = []
    # No stamp stands for two values, so that with stamps no order of arrival decides.
    stamps = itertools.count(2)
    for sending in draw.sample(sendings, min(len(sendings), draw.randint(1, 6))):
        first_hour, last_hour = draw.choice((WHOLE_DAY, WHOLE_DAY, (sending.first_hour, sending.last_hour), (6, 9)))
        values = [
            replace(
                sending,
                file_number=draw.randrange(6),
                first_hour=first_hour,
                last_hour=last_hour,
                rule=draw.choice(RULES),
                value_seed=seed,
                version=next(stamps) if stamped else None,
            )
            for seed in range(1, draw.randint(2, 3))
        ]
        corrected += values
        if not stamped and draw.random() < 0.4:
            corrected.append(replace(sending, file_number=draw.randrange(6)))
    return corrected


def new_steps(draw: random.Random, sendings: list[Sending]) -> list[Sending]:
    """Some days in another step: the meter was changed, or its readings were written anew."""
    step = draw.choice([step for step in (60, 30, 15) if step != sendings[0].step])
    start = draw.randrange(len(sendings))
    file_number = draw.randrange(6)
    return [
        replace(sending, step=step, file_number=file_number) for sending in sendings[start : start + draw.randint(2, 6)]
    ]


def with_plain_steps(sendings: list[Sending]) -> list[Sending]:
    """Add repeats where a file holds too few readings of a meter to tell its step."""
    added = []
    whole = [sending for sending in sendings if sending.last_hour - sending.first_hour == 25]
    for file_number in sorted({sending.file_number for sending in sendings}):
        rows = sum(sending.rows for sending in sendings if sending.file_number == file_number)
        for sending in whole:
            if rows >= PLAIN_ROWS:
                break
            added.append(replace(sending, file_number=file_number))
            rows += sending.rows
    return sendings + added


def history(number: int) -> History:
    """The history of one number, always the same."""
    draw = random.Random(number)
    span_start, span_days = draw.choice(SPANS)
    count = round(draw.triangular(12, 40, 14))
    first = span_start + timedelta(days=draw.randint(0, span_days - count))
    days = [first + timedelta(days=day) for day in range(count)]
    customer, point = f"history_{number:04}", f"point_{number:04}"
    disorder = draw.choices((None, "unstamped corrections", "new steps"), (70, 20, 10))[0]
    kind = draw.choices(("listed", "unlisted", "two points", "mover", "received"), (40, 10, 20, 15, 15))[0]
    step = draw.choice((60, 60, 60, 30, 15))
    meter = Sending(0, disorder is None, f"{point}_a", "delivered", step, first)
    meters = [meter]
    agreements = [Agreement(customer, f"{point}_a")]
    if kind == "unlisted":
        agreements = []
    elif kind == "two points":
        meters.append(replace(meter, service_point_id=f"{point}_b", step=draw.choice((step, 60, 30))))
        agreements.append(Agreement(customer, f"{point}_b", draw.choice((None, days[count // 3]))))
    elif kind == "mover":
        out = days[draw.randint(2, count - 3)]
        agreements = [
            Agreement(customer, f"{point}_a", None, out),
            Agreement(f"{customer}_next", f"{point}_a", out + timedelta(days=draw.choice((0, 2)))),
        ]
    elif kind == "received":
        meters.append(replace(meter, channel="received"))
    sendings = []
    for meter in meters:
        sent = first_sendings(draw, meter, days)
        sent += repeats(draw, sent)
        if disorder == "new steps":
            sent += new_steps(draw, sent)
        elif disorder or draw.random() < 0.6:
            sent += corrections(draw, sent, stamped=disorder is None)
        sendings += sent if disorder else with_plain_steps(sent)
    return History(number, sendings, agreements)


def write_histories(folder: Path, histories: Sequence[History]) -> None:
    """Write the files of readings and the customers file of histories."""
    columns = zip(*(astuple(sending) for each in histories for sending in each.sendings), strict=True)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        lists = ", ".join(f"unnest(?::{SQL_TYPES[field.type]}[]) as {field.name}" for field in fields(Sending))
        connection.execute(f"create table sent as select {lists}", [list(column) for column in columns])
        connection.execute("create table sendings as select row_number() over () as position, * from sent")
        connection.execute(f"""
            create table readings as
            with days as (
                select
                    *,
                    timezone('UTC', timezone('{ZONE}', local_date::timestamp)) as day_start,
                    timezone('UTC', timezone('{ZONE}', local_date + interval 1 day)) as day_end
                from sendings
            ),
            placed as (
                select
                    *,
                    unnest(range(
                        day_start + to_hours(first_hour), least(day_end, day_start + to_hours(last_hour)), to_minutes(step)
                    )) as interval_start
                from days
            )
            select
                (case when is_orderly then 'orderly_' else 'disorderly_' end) || file_number as file_name,
                position,
                service_point_id,
                interval_start,
                cast(case rule
                    when 'zero' then 0
                    when 'negative' then -0.25
                    when 'stuck' then (1 + value_seed) * step / 60
                    else (epoch_us(interval_start) // 300000000 * 7919 + value_seed * 104729 + position_of_point) % 2999 / 1000
                end as decimal(9, 3)) as kwh,
                channel,
                version
            from placed
            inner join (
                select service_point_id, 31 * row_number() over (order by service_point_id) as position_of_point
                from (select distinct service_point_id from sendings)
            ) using (service_point_id)
        """)
        for (name,) in connection.execute("select distinct file_name from readings").fetchall():
            connection.execute(f"""
                copy (
                    select * exclude (file_name, position) from readings where file_name = '{name}'
                    order by position, interval_start
                ) to '{folder}/{name}.parquet'
            """)
    lines = ["customer_id,service_point_id,valid_from,valid_to"]
    for each in histories:
        for agreement in each.agreements:
            lines.append(",".join("" if value is None else str(value) for value in astuple(agreement)))
    (folder / "customers.csv").write_text("\n".join(lines) + "\n")


@dataclass(frozen=True)
class Utility:
    """A warehouse of its own for the written histories, and the one dbt that all of them share."""

    files: Path
    dbt: Dbt
    warehouse: Path

    def begin(self) -> None:
        """Tell the clock and the customers; no reading is there yet."""
        with connect(self.warehouse) as connection:
            set_utility(connection, UtilitySettings(time_zone=ZONE, holiday_calendar="US"))
            load_customers(connection, self.files / "customers.csv")

    def load(self, *names: str) -> None:
        """Load files in the order of their names here; those that no history needs are not there."""
        options = ReadingOptions(label="start", label_clock=Clock.parse("UTC"))
        with connect(self.warehouse) as connection:
            paths = [self.files / name for name in names if (self.files / name).exists()]
            if paths:
                results = load_readings(connection, paths, options)
                assert {(result.state, result.rows_rejected) for result in results} == {("loaded", 0)}
                set_holidays(connection)

    def run(self, *arguments: str) -> None:
        """Run a dbt command on this warehouse."""
        self.dbt.warehouse = self.warehouse
        self.dbt.run(*arguments)

    def set_limit(self, value: float) -> None:
        """Change the seed's table itself, as a user who edits the seed does."""
        with connect(self.warehouse) as connection:
            connection.execute(
                "update seeds.quality_limits set limit_value = ? where limit_name = 'smallest_received_fraction'",
                [value],
            )


def grow(utility: Utility) -> None:
    """Build again and again between the loads, not always all of it."""
    utility.begin()
    utility.load(*LOADS[:2])
    utility.run(*BUILD_FIRST_PHASE)
    utility.load(*LOADS[2:4])
    # A build that was killed before the sums, then one that was killed after them, without the models beside them.
    utility.run("run", "--select", "+int_customer_days_metered")
    utility.load(*LOADS[4:5])
    utility.run("run", "--select", "+int_load_sums_monthly")
    utility.load(*LOADS[5:7])
    # A build that begins below the list of changed days takes no load in.
    utility.run("run", "--select", "int_customer_days_assessed", "int_loads_applied", "int_agreements_applied")
    utility.run(*BUILD_FIRST_PHASE)
    utility.load(*LOADS[7:9])
    # A limit that changes together with new readings; the next build takes the seed's own again.
    utility.set_limit(0.5)
    utility.run(*RUN_WITHOUT_SEEDS)
    utility.load(*LOADS[9:11])
    utility.run(*BUILD_FIRST_PHASE)
    utility.load(*LOADS[11:])
    utility.run(*BUILD)


def build_at_once(utility: Utility, loads: Sequence[str] = LOADS) -> None:
    """Load everything, then build once."""
    utility.begin()
    utility.load(*loads)
    utility.run(*BUILD, "--full-refresh")


def selections(connection: duckdb.DuckDBPyConnection, *, by_ids: bool) -> dict[str, str]:
    """The select statement of every table and view of models that is compared.

    Ids of customer and meter stand beside their keys, or `by_ids` in their place: then nothing is left that depends on the
    order of loads, and tables that count by load are left out.
    """
    names = connection.execute("""
        select table_schema || '.' || table_name from information_schema.tables
        where table_schema in ('intermediate', 'marts') order by 1
    """).fetchall()
    left_out = UNREPEATABLE | (NUMBERED_BY_ORDER if by_ids else set())
    statements = {}
    for (name,) in names:
        columns = [row[0] for row in connection.execute(f"describe {name}").fetchall()]
        counts_by_load = "load_id" in columns and not {"customer_key", "meter_key"} & set(columns)
        if name.split(".")[1] in NOT_COMPARED or (by_ids and counts_by_load):
            continue
        kept = [f'model."{column}"' for column in columns if column not in left_out]
        joins = ""
        if "customer_key" in columns:
            kept.append("coalesce(owners.customer_id, 'nobody') as id_of_customer")
            joins += " left join raw.customers as owners on model.customer_key = owners.customer_key"
        if "meter_key" in columns:
            kept.append(
                "concat_ws(' ', meters.service_point_id, meters.channel, meters.interval_minutes) as id_of_meter"
            )
            joins += " left join raw.meters as meters on model.meter_key = meters.meter_key"
        statements[name] = f"select {', '.join(kept)} from {name} as model {joins}"
    return statements


def fingerprint(connection: duckdb.DuckDBPyConnection, statement: str) -> tuple[int, int]:
    """Rows of a statement and the sum of their hashes: equal for the same rows in any order."""
    return connection.execute(f"select count(*), sum(hash(compared)) from ({statement}) as compared").fetchone()


def differences(one: Utility, other: Utility, folder: Path, *, by_ids: bool = False) -> dict[str, str]:
    """Of each differing table: how many rows differ, whose they are, and the first of them.

    Args:
        one: The warehouse whose rows are named side 1.
        other: The warehouse whose rows are named side 2.
        folder: A place for the rows of differing tables.
        by_ids: Leave out what depends on the order of loads.
    """
    found = {}
    files = (folder / "side_1.parquet", folder / "side_2.parquet")
    with connect(one.warehouse, read_only=True) as first, connect(other.warehouse, read_only=True) as second:
        statements = selections(first, by_ids=by_ids)
        assert len(statements) >= 20
        assert statements == selections(second, by_ids=by_ids)
        for name, statement in statements.items():
            if fingerprint(first, statement) != fingerprint(second, statement):
                # A view names its own database, so each side writes its rows to a file.
                for connection, file in zip((first, second), files, strict=True):
                    connection.execute(f"copy ({statement}) to '{file}'")
                found[name] = told(*files)
    return found


def told(one: Path, other: Path) -> str:
    """How two files of rows differ."""
    with duckdb.connect() as connection:
        connection.execute(f"""
            create temp table differing as
            select 1 as side, * from (from '{one}' except all from '{other}')
            union all
            select 2 as side, * from (from '{other}' except all from '{one}')
        """)
        rows = connection.execute("select * from differing order by all limit 4")
        names = [column[0] for column in rows.description]
        samples = "".join(f"\n    {dict(zip(names, row, strict=True))}" for row in rows.fetchall())
        count = connection.execute("select count(*) from differing").fetchone()[0]
        owner = next((name for name in ("id_of_customer", "id_of_meter", "customer_id") if name in names), None)
        whose = ""
        if owner:
            owners = connection.execute(f"select distinct {owner} from differing order by 1").fetchall()
            whose = f" of {len(owners)} customers: {', '.join(name for (name,) in owners[:30])}"
    return f"{count} rows differ{whose}{samples}"


def assert_equal(found: dict[str, str]) -> None:
    """Fail with every differing table and whose rows differ."""
    if found:
        pytest.fail("\n".join(f"{name}: {what}" for name, what in found.items()), pytrace=False)


@dataclass(frozen=True)
class Warehouses:
    """Two warehouses of the same histories, and how to make one more."""

    grown: Utility
    whole: Utility
    make: Callable[[str], Utility]


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> Warehouses:
    """All histories, grown load by load and built at once."""
    folder = tmp_path_factory.mktemp("histories")
    write_histories(folder, [history(number) for number in range(HISTORIES)])
    dbt = Dbt(folder, folder / "dbt")

    def make(name: str) -> Utility:
        # One parsed project knows one name of a database, so the folders differ and the files do not.
        return Utility(folder, dbt, folder / name / "peakwise.duckdb")

    grown, whole = make("grown"), make("whole")
    grow(grown)
    build_at_once(whole)
    return Warehouses(grown, whole, make)


def test_the_histories_hold_what_they_are_meant_to(warehouses: Warehouses) -> None:
    with connect(warehouses.whole.warehouse, read_only=True) as connection:

        def rows(sql: str) -> list[tuple]:
            return connection.execute(sql).fetchall()

        assert rows("select count(*) from raw.load_manifest where rows_superseded > 0 and rows_duplicate > 0") == [
            (12,)
        ]
        held = rows("""
            select count(distinct left(customer_id, 12)) from raw.customers
            where starts_with(customer_id, 'history_') or customer_id not in (select service_point_id from raw.service_agreements)
        """)
        assert held[0][0] >= 1_000
        reasons = {
            reason for (reason,) in rows("select distinct quality_reason from intermediate.int_customer_days_assessed")
        }
        assert reasons >= {None, "no agreement", "incomplete", "all zero", "negative total", "stuck value"}
        assert {minutes for (minutes,) in rows("select distinct interval_minutes from raw.meters")} == {15, 30, 60}
        lengths = rows("select distinct local_day_minutes from intermediate.int_local_days order by 1")
        assert lengths == [(23 * 60,), (24 * 60,), (25 * 60,)]
        # Late data comes before early data, and stamped versions come in both orders.
        (late_first,) = rows("""
            select count(*) from raw.superseded_readings as superseded
            inner join raw.reading_batches as batches using (batch_key)
            where batches.load_id = superseded.superseded_by_load_id
        """)
        assert late_first[0] > 1_000


def test_a_warehouse_grown_load_by_load_equals_one_built_at_once(warehouses: Warehouses, tmp_path: Path) -> None:
    assert_equal(differences(warehouses.grown, warehouses.whole, tmp_path))


def test_the_comparison_notices_one_row(warehouses: Warehouses, tmp_path: Path) -> None:
    changes = {
        "intermediate.int_load_sums_total": "kwh = kwh + 0.000000001",
        "intermediate.int_customer_days_assessed": "received_minutes = received_minutes + 1",
        "marts.mart_peak_contribution": "own_peak_date = date '2000-01-01'",
    }
    changed = warehouses.make("changed")
    changed.warehouse.parent.mkdir()
    shutil.copy(warehouses.whole.warehouse, changed.warehouse)
    owner = "history_0007"
    with connect(changed.warehouse) as connection:
        (key,) = connection.execute("select customer_key from raw.customers where customer_id = ?", [owner]).fetchone()
        for name, change in changes.items():
            row = f"select min(rowid) from {name} where customer_key = {key}"
            assert connection.execute(f"update {name} set {change} where rowid = ({row})").fetchone() == (1,)
        connection.execute("delete from intermediate.int_loads_applied where load_id = 3")
    found = differences(changed, warehouses.whole, tmp_path)
    for name in changes:
        assert found[name].startswith(f"2 rows differ of 1 customers: {owner}\n")
    assert found["intermediate.int_loads_applied"].startswith("1 rows differ\n")
    # A view shows what the table under it holds.
    assert owner in found["marts.fct_customer_daily_usage"]
    assert "intermediate.int_customer_hours" not in found


def test_the_order_of_loads_does_not_matter_without_unstamped_conflicts(warehouses: Warehouses, tmp_path: Path) -> None:
    reordered = warehouses.make("reordered")
    build_at_once(reordered, LOADS_IN_OTHER_ORDER)
    assert_equal(differences(warehouses.whole, reordered, tmp_path, by_ids=True))


def test_a_changed_limit_needs_no_full_refresh(warehouses: Warehouses, tmp_path: Path) -> None:
    changed, refreshed = warehouses.make("changed_limit"), warehouses.make("refreshed_limit")
    for utility, origin, options in (
        (changed, warehouses.grown, ()),
        (refreshed, warehouses.whole, ("--full-refresh",)),
    ):
        utility.warehouse.parent.mkdir()
        shutil.copy(origin.warehouse, utility.warehouse)
        utility.set_limit(0.6)
        utility.run(*RUN_WITHOUT_SEEDS, *options)
    assert_equal(differences(changed, refreshed, tmp_path))
    assert "intermediate.int_load_sums_excluded" in differences(changed, warehouses.grown, tmp_path)
