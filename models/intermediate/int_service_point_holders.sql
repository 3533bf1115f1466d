-- Who held which service point when, whether or not it has a meter. int_meter_agreements says the same of meters.
with

agreements as (select * from {{ ref('stg_meter__service_agreements') }}),

customers as (select * from {{ ref('stg_meter__customers') }}),

meters as (select * from {{ ref('stg_meter__meters') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

by_agreement as (
    select
        agreements.service_point_id,
        customers.customer_key,
        coalesce({{ local_day_start('agreements.valid_from', 'utility.time_zone') }}, timestamp '1900-01-01') as valid_from_at,
        coalesce({{ local_day_start('agreements.valid_to', 'utility.time_zone') }}, timestamp '2200-01-01') as valid_to_at
    from agreements
    cross join utility
    inner join customers on agreements.customer_id = customers.customer_id
),

-- A metered service point that no agreement names is a customer of its own; who stood in a former file alone holds nothing.
by_itself as (
    select
        customer_id as service_point_id,
        customer_key,
        timestamp '1900-01-01' as valid_from_at,
        timestamp '2200-01-01' as valid_to_at
    from customers
    where
        not is_listed
        and customer_id in (select meters.service_point_id from meters)
        and customer_id not in (select agreements.service_point_id from agreements)
),

combined as (
    select * from by_agreement
    union all
    select * from by_itself
)

select * from combined
