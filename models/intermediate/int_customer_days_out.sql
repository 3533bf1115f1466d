-- Known outages by customer and local day: the minutes that at least one of the customer's service points was out. Where
-- outages overlap they count once.
with

outages as (select * from {{ ref('int_outages_recorded') }}),

meters as (select * from {{ ref('stg_meter__meters') }}),

agreements as (select * from {{ ref('int_meter_agreements') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

days as (select * from {{ ref('int_local_days') }}),

bounded_days as (
    select
        days.local_date,
        {{ local_day_start('days.local_date', 'utility.time_zone') }} as starts_at,
        {{ local_day_start('(days.local_date + interval 1 day)', 'utility.time_zone') }} as ends_at
    from days
    cross join utility
),

outages_of_customers as (
    select distinct
        agreements.customer_key,
        greatest(outages.started_at, agreements.valid_from_at) as started_at,
        least(coalesce(outages.restored_at, timestamp '2200-01-01'), agreements.valid_to_at) as restored_at
    from outages
    inner join meters on outages.service_point_id = meters.service_point_id
    inner join agreements
        on meters.meter_key = agreements.meter_key
        and outages.started_at < agreements.valid_to_at
        and coalesce(outages.restored_at, timestamp '2200-01-01') > agreements.valid_from_at
    where agreements.channel = 'delivered'
),

on_days as (
    select
        outages_of_customers.customer_key,
        bounded_days.local_date,
        greatest(outages_of_customers.started_at, bounded_days.starts_at) as started_at,
        least(outages_of_customers.restored_at, bounded_days.ends_at) as restored_at
    from outages_of_customers
    inner join bounded_days
        on outages_of_customers.started_at < bounded_days.ends_at
        and outages_of_customers.restored_at > bounded_days.starts_at
),

-- What an earlier outage of the day has covered already does not count again.
uncovered as (
    select
        customer_key,
        local_date,
        restored_at,
        greatest(
            started_at,
            coalesce(
                max(restored_at) over (
                    partition by customer_key, local_date
                    order by started_at, restored_at
                    rows between unbounded preceding and 1 preceding
                ),
                started_at
            )
        ) as started_at
    from on_days
),

summed as (
    select
        customer_key,
        local_date,
        cast(sum(greatest({{ minutes_between('started_at', 'restored_at') }}, 0)) as integer) as outage_minutes
    from uncovered
    group by
        customer_key,
        local_date
)

select * from summed
