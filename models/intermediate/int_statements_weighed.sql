-- What it is worth that a customer fits a statement: how many times rarer those who fit are than those who might have. A
-- customer with two facts that fit counts twice, which makes it worth a little less than it is.
with

statements as (select * from {{ ref('int_contact_statements') }}),

cells as (select * from {{ ref('int_statement_cells') }}),

facts as (select * from {{ ref('int_customer_facts') }}),

customers as (select * from {{ ref('dim_customer') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

weights as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'nearly_points', 'greatest_considered_customers', 'days_of_last_bill'
    ]) }}
),

-- Facts of one moment and value are counted once, however many customers have them.
facts_by_value as (
    select
        fact_kind,
        known_in_month,
        tens,
        known_on,
        known_at,
        number,
        meaning,
        count(*) as customers
    from facts
    group by all
),

occasions as (
    select distinct
        statements.statement_kind,
        statements.last_known_on,
        -- A customer has a bill a month, so the bills of a month are as many as the customers who have any.
        case
            when statements.statement_kind in ('bill amount', 'bill date', 'bill due date', 'high bill')
                then statements.last_known_on - cast(weights.days_of_last_bill as integer) + 1
            else statements.first_known_on
        end as first_known_on
    from statements
    cross join weights
),

facts_by_day as (
    select
        fact_kind,
        known_on,
        count(*) as customers
    from facts
    where fact_kind in ('bill amount', 'bill date', 'bill due date', 'high bill')
    group by
        fact_kind,
        known_on
),

billed as (
    select
        occasions.statement_kind,
        occasions.last_known_on,
        sum(facts_by_day.customers) as customers
    from occasions
    inner join facts_by_day
        on occasions.statement_kind = facts_by_day.fact_kind
        and occasions.last_known_on >= facts_by_day.known_on
        and occasions.first_known_on <= facts_by_day.known_on
    group by
        occasions.statement_kind,
        occasions.last_known_on
),

other_kinds as (
    select
        occasions.statement_kind,
        occasions.last_known_on,
        count(distinct facts.customer_key) as customers
    from occasions
    inner join facts
        on occasions.statement_kind = facts.fact_kind
        and occasions.last_known_on >= facts.known_on
        and occasions.first_known_on <= facts.known_on
    where occasions.statement_kind not in ('bill amount', 'bill date', 'bill due date', 'high bill')
    group by
        occasions.statement_kind,
        occasions.last_known_on
),

-- Anybody might have a vehicle.
anybody as (
    select
        occasions.statement_kind,
        occasions.last_known_on,
        count(*) as customers
    from occasions
    cross join customers
    where occasions.statement_kind = 'equipment'
    group by
        occasions.statement_kind,
        occasions.last_known_on
),

bases as (
    select * from billed
    union all
    select * from other_kinds
    union all
    select * from anybody
),

counted as (
    select
        statements.contact_key,
        statements.statement_number,
        sum(facts_by_value.customers) as near_customers,
        sum(case when {{ fact_fits_nearly('statements', 'facts_by_value') }} then 0 else facts_by_value.customers end)
            as exact_customers
    from cells
    inner join statements
        on cells.contact_key = statements.contact_key
        and cells.statement_number = statements.statement_number
    inner join facts_by_value
        on cells.known_in_month = facts_by_value.known_in_month
        and cells.tens = facts_by_value.tens
        and {{ fact_fits('statements', 'facts_by_value') }}
    group by
        statements.contact_key,
        statements.statement_number
),

weighed as (
    select
        statements.contact_key,
        statements.statement_number,
        cast(bases.customers as integer) as customers,
        cast(counted.exact_customers as integer) as exact_customers,
        cast(counted.near_customers as integer) as near_customers,
        -- Null, and not 0, where nobody fits exactly.
        case
            when counted.exact_customers > 0
                then cast(round(greatest(
                    log2(bases.customers / cast(counted.exact_customers as double)), 0
                ), 3) as decimal(9, 3))
        end as exact_points,
        -- Most who say a figure say the right one.
        cast(round(greatest(
            log2(bases.customers / cast(counted.near_customers as double)) - weights.nearly_points, 0
        ), 3) as decimal(9, 3)) as near_points,
        counted.exact_customers <= weights.greatest_considered_customers as exactness_singles_out,
        counted.near_customers <= weights.greatest_considered_customers as nearness_singles_out
    from statements
    inner join counted
        on statements.contact_key = counted.contact_key
        and statements.statement_number = counted.statement_number
    inner join bases
        on statements.statement_kind = bases.statement_kind
        and statements.last_known_on = bases.last_known_on
    cross join weights
)

select * from weighed
