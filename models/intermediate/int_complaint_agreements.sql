-- Customers who fit what a contact says, where few fit, with their place and with the outage near the contact that speaks most
-- for them. They are looked at beside the groups that place and outage make.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'not given'
),

statements as (select * from {{ ref('int_contact_statements') }}),

weighed_statements as (
    select * from {{ ref('int_statements_weighed') }}
    where exactness_singles_out
),

cells as (select * from {{ ref('int_statement_cells') }}),

facts as (select * from {{ ref('int_customer_facts') }}),

near_outages as (select * from {{ ref('int_complaint_outages') }}),

customer_outages as (select * from {{ ref('int_customer_outages') }}),

holders as (select * from {{ ref('int_service_point_holders') }}),

premises as (select * from {{ ref('stg_premises__premises') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

weights as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'hours_after_outage', 'longest_open_outage_hours', 'minutes_before_outage'
    ]) }}
),

fitting as (
    select
        statements.contact_key,
        statements.statement_number,
        facts.customer_key,
        max(case
            when not {{ fact_fits_nearly('statements', 'facts') }} then weighed_statements.exact_points
            when weighed_statements.nearness_singles_out then weighed_statements.near_points
            else 0
        end) as points
    from weighed_statements
    inner join statements
        on weighed_statements.contact_key = statements.contact_key
        and weighed_statements.statement_number = statements.statement_number
    inner join cells
        on weighed_statements.contact_key = cells.contact_key
        and weighed_statements.statement_number = cells.statement_number
    inner join facts
        on cells.known_in_month = facts.known_in_month
        and cells.tens = facts.tens
        and {{ fact_fits('statements', 'facts') }}
    group by
        statements.contact_key,
        statements.statement_number,
        facts.customer_key
),

weighed as (
    select
        contact_key,
        customer_key,
        sum(points) as statement_points
    from fitting
    group by
        contact_key,
        customer_key
    having sum(points) > 0
),

placed as (
    select
        weighed.contact_key,
        weighed.customer_key,
        contacts.contacted_at,
        contacts.topic,
        holders.service_point_id,
        cast(weighed.statement_points as decimal(9, 3)) as statement_points,
        coalesce(premises.area, '') as area,
        coalesce(premises.street, '') as street
    from weighed
    inner join contacts on weighed.contact_key = contacts.contact_key
    inner join holders
        on weighed.customer_key = holders.customer_key
        and contacts.contacted_at >= holders.valid_from_at
        and contacts.contacted_at < holders.valid_to_at
    left join premises on holders.service_point_id = premises.service_point_id
),

-- Outages of each customer that may be near, before they are looked up among those near the contact.
possible_outages as (
    select
        placed.contact_key,
        placed.customer_key,
        placed.service_point_id,
        customer_outages.outage_id,
        customer_outages.is_recorded
    from placed
    inner join customer_outages
        on placed.customer_key = customer_outages.customer_key
        and placed.service_point_id = customer_outages.service_point_id
    cross join weights
    where
        placed.topic not in ('bill', 'program')
        and customer_outages.started_at <= placed.contacted_at + to_minutes(cast(weights.minutes_before_outage as integer))
        and coalesce(
            customer_outages.restored_at,
            customer_outages.started_at + to_hours(cast(weights.longest_open_outage_hours as integer))
        ) >= placed.contacted_at - to_hours(cast(weights.hours_after_outage as integer))
),

with_outage as (
    select
        possible_outages.contact_key,
        possible_outages.customer_key,
        possible_outages.service_point_id,
        max_by(near_outages.outage_id, (near_outages.outage_points, near_outages.outage_id)) as outage_id,
        max_by(near_outages.is_recorded, (near_outages.outage_points, near_outages.outage_id)) as is_recorded,
        max_by(near_outages.minutes_apart, (near_outages.outage_points, near_outages.outage_id)) as minutes_apart,
        max(near_outages.outage_points) as outage_points
    from possible_outages
    inner join near_outages
        on possible_outages.contact_key = near_outages.contact_key
        and possible_outages.outage_id = near_outages.outage_id
        and possible_outages.is_recorded = near_outages.is_recorded
    group by
        possible_outages.contact_key,
        possible_outages.customer_key,
        possible_outages.service_point_id
),

joined as (
    select distinct
        placed.contact_key,
        placed.customer_key,
        placed.area,
        placed.street,
        placed.statement_points,
        with_outage.outage_id,
        with_outage.is_recorded,
        cast(with_outage.minutes_apart as integer) as minutes_apart,
        coalesce(with_outage.outage_points, 0) as outage_points
    from placed
    left join with_outage
        on placed.contact_key = with_outage.contact_key
        and placed.customer_key = with_outage.customer_key
        and placed.service_point_id = with_outage.service_point_id
)

select * from joined
