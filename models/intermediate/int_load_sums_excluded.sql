-- The part of the sums that may not shape a profile. It follows the judgement of the days and is made anew each time: few
-- days, little work.
with

hours as (select * from {{ ref('int_customer_hours') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

excluded_hours as (
    select
        assessed.customer_key,
        instants.interval_start_at,
        instants.local_month,
        instants.day_type,
        instants.local_hour
    from assessed
    inner join instants on assessed.local_date = instants.local_date
    where assessed.quality_reason is not null
),

summed as (
    select
        hours.customer_key,
        excluded_hours.local_month,
        excluded_hours.day_type,
        excluded_hours.local_hour,
        cast(count(*) as integer) as hours,
        cast(sum(hours.minutes) as integer) as minutes,
        cast(sum(hours.kwh) as decimal(18, 9)) as kwh
    from hours
    inner join excluded_hours
        on hours.customer_key = excluded_hours.customer_key and hours.hour_start_at = excluded_hours.interval_start_at
    group by
        hours.customer_key,
        excluded_hours.local_month,
        excluded_hours.day_type,
        excluded_hours.local_hour
)

select * from summed
