{{ config(materialized='view') }}
-- The sums of good days and of the others, side by side: both together conserve energy.
with

total as (select * from {{ ref('int_load_sums_total') }}),

excluded as (select * from {{ ref('int_load_sums_excluded') }}),

good as (
    select
        total.customer_key,
        total.local_month,
        total.day_type,
        total.local_hour,
        true as shapes_profile,
        total.hours - coalesce(excluded.hours, 0) as hours,
        total.minutes - coalesce(excluded.minutes, 0) as minutes,
        total.kwh - coalesce(excluded.kwh, 0) as kwh
    from total
    left join excluded
        on total.customer_key = excluded.customer_key
        and total.local_month = excluded.local_month
        and total.day_type = excluded.day_type
        and total.local_hour = excluded.local_hour
),

parted as (
    select
        customer_key,
        local_month,
        day_type,
        local_hour,
        shapes_profile,
        hours,
        minutes,
        cast(kwh as decimal(18, 9)) as kwh
    from good
    where hours > 0
    union all
    select
        customer_key,
        local_month,
        day_type,
        local_hour,
        false as shapes_profile,
        hours,
        minutes,
        kwh
    from excluded
)

select * from parted
