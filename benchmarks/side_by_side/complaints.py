"""Complaints that do not say who: how often the true customer is listed, and how often anybody could list them."""

import shutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from side_by_side.markdown import table
from side_by_side.places import COMPLAINTS, Places
from side_by_side.processes import run_in_process
from side_by_side.stopwatch import Stopwatch
from side_by_side.whole_utility import build_utility

if TYPE_CHECKING:
    import duckdb

    from peakwise.synthetic import SyntheticOptions

SIZES = (1000, 4000)
LIST_LENGTH = 20

# Contacts without a customer, with what is behind them: the true place where their words name it.
CONTACTS = """
    create temp table unnamed as
    select
        triage.contact_key,
        triage.is_complaint,
        contacts.contact_date,
        contacts.contacted_at,
        truth.topic,
        truth.customer_id as true_customer_id,
        truth.outage_id as true_outage_id,
        premises.street,
        premises.area,
        exists (
            from intermediate.int_contact_places as places
            where
                places.contact_key = triage.contact_key
                and places.place_kind = 'street' and places.place_name = premises.street
        ) as names_street,
        exists (
            from intermediate.int_contact_places as places
            where
                places.contact_key = triage.contact_key
                and places.place_kind = 'area' and places.place_name = premises.area
        ) as names_area,
        exists (
            from upset_sentences
            where
                upset_sentences.topic = truth.topic
                and starts_with(coalesce(staged.contact_text, ''), upset_sentences.sentence)
        ) as is_upset,
        exists (
            from marts.mart_complaint_candidates as candidates
            where candidates.contact_key = triage.contact_key and candidates.customer_id = truth.customer_id
        ) as is_listed
    from marts.mart_complaint_triage as triage
    inner join marts.fct_contact as contacts on triage.contact_key = contacts.contact_key
    inner join staging.stg_contacts__contacts as staged on triage.contact_id = staged.contact_id
    inner join read_parquet($folder || '/truth/contacts.parquet') as truth on triage.contact_id = truth.contact_id
    inner join staging.stg_premises__premises as premises on truth.service_point_id = premises.service_point_id
"""

# Who fits which statement, and whether to the letter or nearly.
STATEMENTS = """
    create temp table fitting as
    select
        statements.contact_key,
        statements.statement_number,
        customers.customer_id,
        bool_and(
            coalesce(facts.number < statements.least_number or facts.number > statements.greatest_number, false)
            or coalesce(statements.exact_from_date > facts.known_on, false)
        ) as is_near
    from intermediate.int_contact_statements as statements
    inner join intermediate.int_customer_facts as facts
        on statements.statement_kind = facts.fact_kind
        and statements.last_known_on >= facts.known_on
        and coalesce(statements.first_known_on <= facts.known_on, true)
        and coalesce(statements.last_known_at >= facts.known_at, true)
        and coalesce(statements.near_least_number <= facts.number, true)
        and coalesce(statements.near_greatest_number >= facts.number, true)
        and coalesce(statements.meaning = facts.meaning, true)
    inner join marts.dim_customer as customers on facts.customer_key = customers.customer_key
    group by all
"""

# Customers who might be meant by one who knows the true outage and the true place, and what of the words is right.
POSSIBLE = """
    create temp table possible as
    with right_statements as (
        select unnamed.contact_key, fitting.statement_number, fitting.is_near
        from unnamed
        inner join fitting
            on unnamed.contact_key = fitting.contact_key and unnamed.true_customer_id = fitting.customer_id
    ),
    there as (
        select distinct unnamed.contact_key, customers.customer_id
        from unnamed
        inner join intermediate.int_service_point_holders as holders
            on unnamed.contacted_at >= holders.valid_from_at and unnamed.contacted_at < holders.valid_to_at
        inner join staging.stg_premises__premises as premises on holders.service_point_id = premises.service_point_id
        inner join marts.dim_customer as customers on holders.customer_key = customers.customer_key
        where
            (not unnamed.names_street or premises.street = unnamed.street)
            and (not unnamed.names_area or premises.area = unnamed.area)
            and (
                unnamed.true_outage_id is null
                or exists (
                    from read_parquet($folder || '/truth/outages.parquet') as outages
                    where
                        outages.outage_id = unnamed.true_outage_id
                        and outages.service_point_id = holders.service_point_id
                )
            )
    )
    from there
    where not exists (
        from right_statements
        left join fitting
            on right_statements.contact_key = fitting.contact_key
            and right_statements.statement_number = fitting.statement_number
            and right_statements.is_near = fitting.is_near
            and there.customer_id = fitting.customer_id
        where right_statements.contact_key = there.contact_key and fitting.customer_id is null
    )
"""

# What makes customers call about bills and programs, with the probability that it does; the generator's own figures.
CAUSES = """
    create temp table causes as
    with bills as (
        select
            customer_id,
            issued_on,
            amount / coalesce(
                lag(amount) over (partition by service_point_id, customer_id order by cycle_end_date), amount
            ) as ratio
        from read_parquet($folder || '/bills.parquet')
    ),
    surprises as (
        select *, least(greatest((ratio - $high_from) / ($high_to - $high_from), 0), 1) as surprise from bills
    )
    select
        'bill' as topic,
        customer_id,
        issued_on as caused_on,
        $bill_days as call_days,
        $about_bill + $about_high_bill * surprise as wish,
        $bill_anger + $high_bill_anger * surprise > $upset_above as is_upset
    from surprises
    union all
    select 'program', customer_id, offered_on, $program_days, $about_offer, false
    from read_parquet($folder || '/program_offers.parquet')
    union all
    select 'program', customer_id, enrolled_on, $program_days, $about_enrolment, false
    from read_parquet($folder || '/program_enrolments.parquet')
    union all
    select 'program', customers.customer_id, events.event_date, $program_days, $about_opt_out, true
    from marts.fct_program_event as events
    inner join marts.dim_customer as customers on events.customer_key = customers.customer_key
    where not events.took_part
"""

# Share of the wish to call that the best twenty hold: the most that a list of twenty can find on average.
FOUND = f"""
    with caused as (
        select
            possible.contact_key,
            possible.customer_id,
            coalesce(sum(causes.wish), 0) as wish
        from possible
        inner join unnamed on possible.contact_key = unnamed.contact_key
        left join causes
            on possible.customer_id = causes.customer_id
            and unnamed.topic = causes.topic
            and unnamed.is_upset = causes.is_upset
            and unnamed.contact_date > causes.caused_on
            and unnamed.contact_date <= causes.caused_on + cast(causes.call_days as integer)
        group by possible.contact_key, possible.customer_id
    ),
    wished as (
        select
            caused.contact_key,
            caused.customer_id,
            traits.talkativeness,
            case
                when unnamed.topic in ('bill', 'program') then caused.wish
                when unnamed.topic = 'voltage' then case when traits.has_low_voltage then $low_voltage else $voltage end
                else 1
            end as wish
        from caused
        inner join unnamed on caused.contact_key = unnamed.contact_key
        inner join traits on caused.customer_id = traits.customer_id
    ),
    ranked as (
        select
            *,
            wish * talkativeness as whole_wish,
            row_number() over (partition by contact_key order by wish desc, customer_id) as rank_by_wish,
            row_number() over (partition by contact_key order by wish * talkativeness desc, customer_id) as whole_rank
        from wished
    ),
    most as (
        select
            contact_key,
            sum(wish) filter (where rank_by_wish <= {LIST_LENGTH}) / sum(wish) as by_habits,
            sum(whole_wish) filter (where whole_rank <= {LIST_LENGTH}) / sum(whole_wish) as by_habits_and_people
        from ranked
        group by contact_key
    ),
    found as (
        select unnamed.topic, unnamed.is_complaint, unnamed.is_listed, most.by_habits, most.by_habits_and_people
        from unnamed
        inner join most on unnamed.contact_key = most.contact_key
    ),
    shown as (
        select topic as what, * exclude (topic) from found
        union all
        select 'taken for complaints' as what, * exclude (topic) from found where is_complaint
        union all
        select 'all' as what, * exclude (topic) from found
    )
    select what, count(*), avg(cast(is_listed as integer)), avg(by_habits), avg(by_habits_and_people)
    from shown
    group by what
    order by list_position(['outage', 'voltage', 'bill', 'program', 'other', 'taken for complaints', 'all'], what)
"""


def triage(stopwatch: Stopwatch, places: Places, customers: int, months: int) -> list[list[Any]]:
    """Make and build a utility with every source, and compare its lists with what could be known.

    Returns:
        Rows of topic (or what else is put together), contacts, and shares of them, 0 to 1: listed, possible by habits,
        possible by habits and people.
    """
    from peakwise.synthetic import SyntheticOptions
    from peakwise.warehouse import connect

    options = SyntheticOptions(customers=customers, months=months)
    build_utility(stopwatch, places, options)
    with stopwatch.phase("complaints"), connect(places.warehouse, read_only=True) as connection:
        rows = compare(connection, str(places.home / "synthetic"), options)
    shutil.rmtree(places.home)
    return rows


def compare(connection: "duckdb.DuckDBPyConnection", folder: str, options: "SyntheticOptions") -> list[list[Any]]:
    """The rows of `triage`, from a warehouse and the folder of the utility it was built from."""
    from peakwise.synthetic import contact_texts, contacts, records
    from peakwise.synthetic.population import customer_id, make_population

    population = make_population(options)
    agreements, network = population.agreements, population.network
    connection.execute("create temp table people (customer_id varchar, talkativeness double, has_low_voltage boolean)")
    connection.executemany(
        "insert into people values (?, ?, ?)",
        list(
            zip(
                map(customer_id, agreements.customer.tolist()),
                population.attributes.talkativeness.tolist(),
                network.has_low_voltage[network.transformer[agreements.service_point]].tolist(),
                strict=True,
            )
        ),
    )
    connection.execute("""
        create temp table traits as
        select customer_id, max(talkativeness) as talkativeness, bool_or(has_low_voltage) as has_low_voltage
        from people group by customer_id
    """)
    connection.execute("create temp table upset_sentences (topic varchar, sentence varchar)")
    for topic in (contact_texts.BILL, contact_texts.PROGRAM):
        for sentence in contact_texts.TEXTS[topic][1]:
            connection.execute("insert into upset_sentences values (?, ?)", [contact_texts.TOPICS[topic], sentence])
    connection.execute(CONTACTS, {"folder": folder})
    connection.execute(STATEMENTS)
    connection.execute(POSSIBLE, {"folder": folder})
    connection.execute(
        CAUSES,
        {
            "folder": folder,
            "high_from": contacts.HIGH_BILL_FROM,
            "high_to": contacts.HIGH_BILL_TO,
            "bill_days": contacts.BILL_CALL_DAYS,
            "about_bill": contacts.ABOUT_BILL,
            "about_high_bill": contacts.ABOUT_HIGH_BILL,
            "bill_anger": contacts.BILL_ANGER,
            "high_bill_anger": contacts.HIGH_BILL_ANGER,
            "upset_above": records.UPSET_ABOVE,
            "program_days": contacts.PROGRAM_CALL_DAYS,
            "about_offer": contacts.ABOUT_OFFER,
            "about_enrolment": contacts.ABOUT_ENROLMENT,
            "about_opt_out": contacts.ABOUT_OPT_OUT,
        },
    )
    voltage = {"voltage": contacts.VOLTAGE_PER_YEAR, "low_voltage": contacts.LOW_VOLTAGE_PER_YEAR}
    return [list(row) for row in connection.execute(FOUND, voltage).fetchall()]


def measure(
    places: Places, months: int, show: Callable[[str], None], sizes: Sequence[int] = SIZES
) -> dict[int, list[list[Any]]]:
    """The rows of `triage` for utilities of these sizes."""
    places = places.of_variant(COMPLAINTS)
    found = {}
    for customers in sizes:
        found[customers] = run_in_process("complaints.triage", places, customers=customers, months=months).found
        what, contacts, listed, *_ = found[customers][-1]
        show(
            f"complaints of {customers:,} customers: of {what} {contacts:,} the true customer is listed in {listed:.2f}"
        )
    return found


def render(found: dict[int, list[list[Any]]]) -> str:
    """The section of the page."""
    rows = [
        [f"{customers:,}", what, f"{contacts:,}", *(f"{share:.2f}" for share in shares)]
        for customers, of_size in found.items()
        for what, contacts, *shares in of_size
    ]
    header = ["Customers", "Contacts", "Number", f"First {LIST_LENGTH}", "Habits known", "Habits and people known"]
    return f"""## Complaints that do not say who

Contacts without a customer, of utilities as `make run` makes them. *First {LIST_LENGTH}* is how often the true customer
stands on the list ([how](complaints.md)). The last two columns are the most that any list of {LIST_LENGTH} can find on
average, computed with what no utility knows: which outage and which place are meant, which words are right, how
likely each bill, offer, event or flickering lamp makes people call and within how many days (*habits*), and how
talkative each customer is (*people*). Of those who fit, the {LIST_LENGTH} with the highest probability are taken.

{table(header, rows, left=2)}
"""
