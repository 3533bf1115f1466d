{{ config(materialized='view') }}
-- Whether a customer-day may shape a profile is decided here, once, with the first reason why not.
with

metered as (select * from {{ ref('int_customer_days_metered') }}),

days as (select * from {{ ref('int_local_days') }}),

quality_limits as (select * from {{ ref('quality_limits') }}),

limits as (
    select max(case when limit_name = 'smallest_received_fraction' then limit_value end) as smallest_received_fraction
    from quality_limits
),

assessed as (
    select
        metered.customer_key,
        metered.local_date,
        metered.kwh,
        metered.peak_kw,
        metered.received_minutes,
        days.local_day_minutes as expected_minutes,
        case
            when metered.customer_key = 0 then 'no agreement'
            when metered.received_minutes > days.local_day_minutes then 'overlapping intervals'
            when metered.received_minutes < limits.smallest_received_fraction * days.local_day_minutes then 'incomplete'
            when metered.kwh = 0 then 'all zero'
            when metered.kwh < 0 then 'negative total'
            when metered.peak_kw = metered.base_kw then 'stuck value'
        end as quality_reason
    from metered
    inner join days on metered.local_date = days.local_date
    cross join limits
)

select * from assessed
