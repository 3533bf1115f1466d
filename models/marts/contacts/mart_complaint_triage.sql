-- Contacts that do not say who, and whether there is a list of customers who may stand behind them, or why not.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'not given'
),

places as (select * from {{ ref('int_contact_places') }}),

groups as (select * from {{ ref('int_complaint_groups') }}),

scores as (select * from {{ ref('int_complaint_scores') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

limits as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'smallest_candidates', 'greatest_candidates', 'greatest_alike_customers'
    ]) }}
),

named_places as (
    select
        contact_key,
        string_agg(place_name, ', ' order by place_kind desc, place_name asc) as place_names
    from places
    where place_rank = 1
    group by contact_key
),

near as (
    select
        contact_key,
        count(distinct nullif(outage_id, '')) as outages_near,
        max(case when not is_considered then 1 else 0 end) = 1 as has_too_large_groups
    from groups
    group by contact_key
),

considered as (
    select
        contact_key,
        max(considered_customers) as considered_customers,
        max(case when rank = 1 then alike_customers end) as alike_customers
    from scores
    group by contact_key
),

judged as (
    select
        contacts.contact_key,
        contacts.contact_id,
        contacts.contacted_at,
        contacts.channel,
        contacts.topic,
        contacts.is_complaint,
        named_places.place_names,
        cast(coalesce(near.outages_near, 0) as integer) as outages_near,
        coalesce(considered.considered_customers, 0) as considered_customers,
        coalesce(considered.alike_customers, 0) as alike_customers,
        case
            when near.contact_key is null then 'nothing to go by: no known place, no outage, nothing that tells customers apart'
            when considered.contact_key is null and near.has_too_large_groups
                then 'too many customers fit: place, outage and what was said single out nobody'
            when coalesce(considered.considered_customers, 0) < limits.smallest_candidates
                then 'fewer than ' || cast(cast(limits.smallest_candidates as integer) as varchar)
                    || ' customers stand out, so a name would look certain'
            when considered.alike_customers > limits.greatest_alike_customers
                then 'too many customers fit alike: a list would be guessing'
        end as no_candidates_reason,
        limits.greatest_candidates
    from contacts
    left join named_places on contacts.contact_key = named_places.contact_key
    left join near on contacts.contact_key = near.contact_key
    left join considered on contacts.contact_key = considered.contact_key
    cross join limits
),

counted as (
    select
        contact_key,
        contact_id,
        contacted_at,
        channel,
        topic,
        is_complaint,
        place_names,
        outages_near,
        considered_customers,
        alike_customers,
        cast(case
            when no_candidates_reason is null then least(considered_customers, greatest_candidates) else 0
        end as integer) as candidates,
        no_candidates_reason
    from judged
)

select * from counted
