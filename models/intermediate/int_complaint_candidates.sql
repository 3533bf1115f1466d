-- Customers who may stand behind a contact without a customer: those of the groups considered, by outage, place, occasion or
-- what was said, each with the outage and the place that speak most for her.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'not given'
),

groups as (
    select * from {{ ref('int_complaint_groups') }}
    where is_considered
),

agreements as (select * from {{ ref('int_complaint_agreements') }}),

customer_outages as (select * from {{ ref('int_customer_outages') }}),

occasions as (select * from {{ ref('int_customer_occasions') }}),

holders as (select * from {{ ref('int_service_point_holders') }}),

premises as (select * from {{ ref('stg_premises__premises') }}),

customers as (select * from {{ ref('dim_customer') }}),

by_outage as (
    select
        groups.contact_key,
        customer_outages.customer_key,
        groups.outage_id,
        groups.is_recorded,
        groups.minutes_apart,
        customer_outages.cause,
        groups.area,
        groups.street,
        groups.outage_points,
        groups.place_points
    from groups
    inner join customer_outages
        on groups.outage_id = customer_outages.outage_id
        and groups.is_recorded = customer_outages.is_recorded
        and groups.area = customer_outages.area
        and groups.street = customer_outages.street
    where groups.occasion = ''
),

by_place as (
    select
        groups.contact_key,
        holders.customer_key,
        cast(null as varchar) as outage_id,
        cast(null as boolean) as is_recorded,
        cast(null as integer) as minutes_apart,
        cast(null as varchar) as cause,
        groups.area,
        groups.street,
        0.0 as outage_points,
        groups.place_points
    from groups
    inner join contacts on groups.contact_key = contacts.contact_key
    inner join premises
        on groups.area = coalesce(premises.area, '')
        and groups.street = coalesce(premises.street, '')
    inner join holders
        on premises.service_point_id = holders.service_point_id
        and contacts.contacted_at >= holders.valid_from_at
        and contacts.contacted_at < holders.valid_to_at
    where groups.outage_id = '' and groups.occasion = ''
),

by_statement as (
    select
        groups.contact_key,
        agreements.customer_key,
        agreements.outage_id,
        agreements.is_recorded,
        agreements.minutes_apart,
        max(customer_outages.cause) as cause,
        groups.area,
        groups.street,
        groups.outage_points,
        groups.place_points
    from groups
    inner join agreements
        on groups.contact_key = agreements.contact_key
        and groups.area = agreements.area
        and groups.street = agreements.street
        and groups.statement_points = agreements.statement_points
        and groups.outage_id = coalesce(agreements.outage_id, '')
    left join customer_outages
        on agreements.customer_key = customer_outages.customer_key
        and agreements.outage_id = customer_outages.outage_id
    where groups.occasion = 'said'
    group by all
),

-- The occasion itself is weighed with the customer's history below.
by_occasion as (
    select distinct
        groups.contact_key,
        occasions.customer_key,
        cast(null as varchar) as outage_id,
        cast(null as boolean) as is_recorded,
        cast(null as integer) as minutes_apart,
        cast(null as varchar) as cause,
        groups.area,
        groups.street,
        0.0 as outage_points,
        groups.place_points
    from groups
    inner join occasions
        on groups.occasion = occasions.occasion
        and groups.occasion_date = occasions.occasion_date
        and groups.ratio_cell = occasions.ratio_cell
        and groups.area = occasions.area
        and groups.street = occasions.street
),

combined as (
    select * from by_occasion
    union all
    select * from by_outage
    union all
    select * from by_place
    union all
    select * from by_statement
),

-- A customer counts once, with what speaks most for her.
best as (
    select combined.*
    from combined
    inner join customers on combined.customer_key = customers.customer_key
    qualify
        row_number() over (
            partition by combined.contact_key, combined.customer_key
            order by
                combined.outage_points + combined.place_points desc,
                combined.outage_points desc,
                combined.minutes_apart asc,
                combined.outage_id asc,
                combined.area asc,
                combined.street asc
        ) = 1
)

select * from best
