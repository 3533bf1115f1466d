"""Who holds which service point: customers and agreements from a customers file, or service points standing in for both."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.readers.columns import plain
from peakwise.warehouse import literal, quoted

KNOWN_NAMES = {
    "customer_id": ("customer_id", "customer", "lclid", "account_id", "household_id"),
    "service_point_id": ("service_point_id", "service_point", "meter_id", "usage_point_id", "nmi"),
    "customer_class": ("customer_class", "rate_class", "class", "sector"),
    "valid_from": ("valid_from", "start_date", "move_in"),
    "valid_to": ("valid_to", "end_date", "move_out"),
    "has_consent": ("has_consent", "consent"),
    "has_medical_need": ("has_medical_need", "medical_need", "medical"),
    "is_enrolled": ("is_enrolled", "enrolled"),
}
TYPES = {
    "customer_id": "varchar", "service_point_id": "varchar", "customer_class": "varchar", "valid_from": "date",
    "valid_to": "date", "has_consent": "boolean", "has_medical_need": "boolean", "is_enrolled": "boolean",
}  # fmt: skip


@dataclass(frozen=True)
class CustomersResult:
    """What a customers file brought.

    Attributes:
        customers: Customers named in the file.
        agreements: Service agreements, one row of the file each.
        missing: Fields the file does not have; what needs them stays empty.
    """

    customers: int
    agreements: int
    missing: list[str]


def register_service_points(connection: duckdb.DuckDBPyConnection, default_channel: str) -> None:
    """Give every service point and channel of `temp.incoming_meters` its meter key, new ones in order of their ids.

    A service point that no agreement names is its own customer, so it gets a customer row too.
    """
    connection.execute("alter table incoming_meters add column channel varchar")
    connection.execute("update incoming_meters set channel = coalesce(lower(file_channel), ?)", [default_channel])
    connection.execute("""
        insert into raw.meters
        select
            (select coalesce(max(meter_key), 0) from raw.meters)
                + row_number() over (order by service_point_id, channel),
            service_point_id, channel
        from (
            select distinct service_point_id, channel from incoming_meters
            anti join raw.meters using (service_point_id, channel)
        )
    """)
    connection.execute("""
        update incoming_meters set meter_key = meters.meter_key from raw.meters as meters
        where meters.service_point_id = incoming_meters.service_point_id and meters.channel = incoming_meters.channel
    """)
    connection.execute(
        "create or replace temp view new_customers as select service_point_id as customer_id from raw.meters"
    )
    register_customers(connection, is_listed=False)


def register_customers(connection: duckdb.DuckDBPyConnection, *, is_listed: bool) -> None:
    """Give every `customer_id` of `temp.new_customers` that has no key yet one, in order of the ids."""
    connection.execute(f"""
        insert into raw.customers
        select
            (select coalesce(max(customer_key), 0) from raw.customers) + row_number() over (order by customer_id),
            customer_id, {str(is_listed).lower()}, null, null, null
        from (select distinct customer_id from new_customers anti join raw.customers using (customer_id))
    """)


def load_customers(connection: duckdb.DuckDBPyConnection, path: Path) -> CustomersResult:
    """Load a customers file (Parquet or CSV), one row a service agreement; it replaces what an earlier one said.

    Without a column of service points, a customer's id is taken as the id of the service point.

    Raises:
        UnusableInput: The file cannot be read, has no customer id, a value does not fit its column, or two agreements
            of one service point overlap. Nothing is changed then.
    """
    try:
        head = path.open("rb").read(4)
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read: {error.strerror}.") from error
    reader = "read_parquet" if head == b"PAR1" else "read_csv"
    options = "" if reader == "read_parquet" else ", all_varchar = true, header = true"
    scan = f"{reader}({literal(str(path))}{options})"
    try:
        present = [row[0] for row in connection.execute(f"describe select * from {scan}").fetchall()]
    except duckdb.Error as error:
        raise UnusableInput(f"{path.name} is not a readable customers file (Parquet or CSV).") from error
    by_plain_name = {plain(name): name for name in present}
    columns = {
        field: next((by_plain_name[plain(name)] for name in names if plain(name) in by_plain_name), None)
        for field, names in KNOWN_NAMES.items()
    }
    if columns["customer_id"] is None:
        raise UnusableInput(f"{path.name} has no customer_id column; its columns are: {', '.join(present)}.")

    def typed(field: str) -> str:
        column = columns[field]
        return f"cast({quoted(column)} as {TYPES[field]})" if column else f"cast(null as {TYPES[field]})"

    connection.execute("begin transaction")
    try:
        result = replace_customers(connection, scan, typed, path)
        connection.execute("commit")
    except duckdb.ConversionException as error:
        connection.execute("rollback")
        raise UnusableInput(f"{path.name}: a value does not fit its column: {str(error).splitlines()[0]}") from error
    except BaseException:
        connection.execute("rollback")
        raise
    missing = [field for field, column in columns.items() if column is None]
    return CustomersResult(*result, missing)


def replace_customers(connection: duckdb.DuckDBPyConnection, scan: str, typed, path: Path) -> tuple[int, int]:
    """Put the file's customers and agreements in place of the former ones; the caller holds the transaction."""
    fields = ", ".join(f"{typed(field)} as {field}" for field in TYPES if field != "service_point_id")
    service_point = f"coalesce({typed('service_point_id')}, {typed('customer_id')})"
    connection.execute(
        f"create or replace temp table new_agreements as select {fields}, {service_point} as service_point_id from {scan}"
    )
    nameless = connection.execute("select count(*) from new_agreements where customer_id is null").fetchone()[0]
    if nameless:
        raise UnusableInput(f"{path.name}: {nameless} row(s) have no customer_id.")
    overlap = connection.execute("""
        select earlier.service_point_id
        from (select *, row_number() over () as position from new_agreements) as earlier
        inner join (select *, row_number() over () as position from new_agreements) as later
            on earlier.service_point_id = later.service_point_id and earlier.position < later.position
            and coalesce(earlier.valid_from, date '0001-01-01') < coalesce(later.valid_to, date '9999-12-31')
            and coalesce(later.valid_from, date '0001-01-01') < coalesce(earlier.valid_to, date '9999-12-31')
        order by 1 limit 1
    """).fetchone()
    if overlap:
        raise UnusableInput(f"{path.name}: two agreements of service point {overlap[0]} overlap in time.")
    connection.execute("create or replace temp view new_customers as select customer_id from new_agreements")
    register_customers(connection, is_listed=True)
    connection.execute("""
        update raw.customers
        set is_listed = true, has_consent = listed.has_consent, has_medical_need = listed.has_medical_need,
            is_enrolled = listed.is_enrolled
        from (
            -- A customer with several agreements: the careful reading of each flag counts.
            select customer_id, bool_and(has_consent) as has_consent, bool_or(has_medical_need) as has_medical_need,
                bool_or(is_enrolled) as is_enrolled
            from new_agreements group by customer_id
        ) as listed
        where customers.customer_id = listed.customer_id
    """)
    connection.execute("delete from raw.service_agreements")
    agreements = connection.execute("""
        insert into raw.service_agreements
        select service_point_id, customer_id, customer_class, valid_from, valid_to from new_agreements
        order by service_point_id, valid_from
    """).fetchone()[0]
    customers = connection.execute("select count(distinct customer_id) from new_agreements").fetchone()[0]
    return customers, agreements
