"""Who holds which service point: customers and agreements from a customers file, or service points standing in for both."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from peakwise.errors import UnusableInput
from peakwise.loading.clock import UTC_CLOCK
from peakwise.loading.contract import SourceColumn
from peakwise.loading.source_values import final_value, usable_text, value_of, why_not
from peakwise.loading.tables import (
    Table,
    first_candidates,
    open_table,
    read_texts,
    temporary_tables,
)
from peakwise.readers.file_text import shown_text
from peakwise.warehouse import one_transaction

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
COLUMNS = [
    SourceColumn(field, data_type, KNOWN_NAMES[field], open_ended=field == "valid_to")
    for field, data_type in TYPES.items()
]


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
        UnusableInput: The file cannot be read, has no customer id or two columns that could be the same one, a value does
            not fit its column, an agreement ends before it begins, or two agreements of one service point overlap. Nothing
            is changed then.
    """
    table, columns = open_customers(connection, path)
    with temporary_tables(connection, "customer_texts", "customer_rows", "new_agreements"):
        read_agreements(connection, table, columns)
        check_agreements(connection, table, columns)
        with one_transaction(connection):
            result = replace_customers(connection)
    return CustomersResult(*result, missing=[field for field in KNOWN_NAMES if field not in columns])


def open_customers(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[Table, dict[str, str]]:
    """The opened customers file, and the file's column of each field it has.

    Raises:
        UnusableInput: The file cannot be read, or has no customer id or two columns that could be the same one.
    """
    table = open_table(connection, path, "customers")
    columns = first_candidates(table, KNOWN_NAMES)
    if "customer_id" not in columns:
        raise UnusableInput(f"{table.name} has no customer_id column; its columns are: {table.columns_told}.")
    return table, columns


def read_agreements(connection: duckdb.DuckDBPyConnection, table: Table, columns: dict[str, str]) -> None:
    """Create `temp.new_agreements`: the file's rows with typed fields, each with its `position` from 0.

    A `valid_to` of the year 2100 or later says that the agreement has no end.

    Raises:
        UnusableInput: The file breaks off, a line cannot be taken apart, or a value does not fit its column.
    """
    read_texts(connection, table, "customer_texts", {field: columns.get(field) for field in TYPES})
    texts = ", ".join(f"{usable_text(column, f'{column.name}_text', None)} as {column.name}_text" for column in COLUMNS)
    values = ", ".join(f"{value_of(column, False, UTC_CLOCK)} as {column.name}" for column in COLUMNS)
    connection.execute(f"""
        create or replace temp table customer_rows as
        select *, {values} from (select rowid as position, {texts} from customer_texts)
    """)
    refuse_misfits(connection, table, columns)
    finals = ", ".join(f"{final_value(column)} as {column.name}" for column in COLUMNS)
    connection.execute(f"""
        create or replace temp table new_agreements as
        select * replace (coalesce(service_point_id, customer_id) as service_point_id)
        from (select position, {finals} from customer_rows)
    """)


def refuse_misfits(connection: duckdb.DuckDBPyConnection, table: Table, columns: dict[str, str]) -> None:
    """See that every text of `temp.customer_rows` is a value of its column.

    Raises:
        UnusableInput: One is not; the first is named.
    """
    typed = [column for column in COLUMNS if column.data_type != "varchar"]
    misfits = " union all ".join(
        f"""
        select position, {number} as number, {column.name}_text as text, case {why_not(column, False, UTC_CLOCK)} end as reason
        from customer_rows
        """
        for number, column in enumerate(typed)
    )
    misfit = connection.execute(f"""
        select position, number, text, reason from ({misfits}) where reason is not null order by position, number limit 1
    """).fetchone()
    if misfit:
        position, number, text, reason = misfit
        field = typed[number].name
        raise UnusableInput(
            f"{table.name}, {table.place(position)}, column {shown_text(columns[field])}: '{shown_text(text)}' "
            f"{reason.removeprefix(f'{field} ')}. Repair that row, or leave the field empty where there is nothing to say."
        )


def check_agreements(connection: duckdb.DuckDBPyConnection, table: Table, columns: dict[str, str]) -> None:
    """Check the rows of `temp.new_agreements`.

    Raises:
        UnusableInput: They cannot be customers and agreements.
    """
    rows, nameless, first = connection.execute("""
        select count(*), count_if(customer_id is null), min(position) filter (where customer_id is null) from new_agreements
    """).fetchone()
    if rows == 0:
        raise UnusableInput(f"{table.name} has no rows.")
    if nameless:
        raise UnusableInput(
            f"{table.name}: {nameless} row(s) have no customer_id, the first in {table.place(first)}. Fill column "
            f"{shown_text(columns['customer_id'])}, or remove them."
        )
    backward = connection.execute("""
        select service_point_id, valid_from, valid_to, position from new_agreements where valid_from >= valid_to
        order by position limit 1
    """).fetchone()
    if backward:
        service_point_id, valid_from, valid_to, position = backward
        raise UnusableInput(
            f"{table.name}, {table.place(position)}: the agreement of service point {shown_text(service_point_id)} ends on "
            f"{valid_to}, not after it begins on {valid_from}. Repair that row; valid_to is the first day after."
        )
    overlap = connection.execute("""
        with agreements as (
            select *, coalesce(valid_from, date '0001-01-01') as starts_on, coalesce(valid_to, date '9999-12-31') as ends_on
            from new_agreements
        ),
        compared as (
            select *, max(ends_on) over earlier as earlier_ends_on,
                arg_max(customer_id, ends_on) over earlier as earlier_customer_id,
                arg_max(position, ends_on) over earlier as earlier_position
            from agreements
            window earlier as (
                partition by service_point_id order by starts_on, position rows between unbounded preceding and 1 preceding
            )
        )
        select service_point_id, earlier_customer_id, earlier_position, customer_id, position from compared
        where starts_on < earlier_ends_on order by position limit 1
    """).fetchone()
    if overlap:
        service_point_id, *pair = overlap
        told = " and ".join(
            f"of customer {shown_text(customer_id)} in {table.place(position)}"
            for customer_id, position in (pair[:2], pair[2:])
        )
        raise UnusableInput(
            f"{table.name}: two agreements of service point {shown_text(service_point_id)} overlap in time, {told}. End one "
            "before the other begins."
        )


def replace_customers(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Put `temp.new_agreements` in place of the former ones; the caller holds the transaction."""
    connection.execute("create or replace temp view new_customers as select customer_id from new_agreements")
    register_customers(connection, is_listed=True)
    # Who stood in a former file only is not listed any more.
    connection.execute("""
        update raw.customers
        set is_listed = false, has_consent = null, has_medical_need = null, is_enrolled = null
        where is_listed and customer_id not in (select customer_id from new_agreements)
    """)
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
