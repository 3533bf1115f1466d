{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['customer_key', 'local_date']) }}
-- Whether a customer-day may shape a profile is decided here, once, with the first reason why not.
with

counted as (select * from {{ ref('int_customer_days_counted') }}),

days as (select * from {{ ref('int_local_days') }}),

touched as (select * from {{ ref('int_customer_days_touched') }}),

quality_limits as (select * from {{ ref('quality_limits') }}),

limits as (
    select max(case when limit_name = 'smallest_received_fraction' then limit_value end) as smallest_received_fraction
    from quality_limits
),

assessed as (
    select
        counted.customer_key,
        counted.local_date,
        days.local_month,
        days.season,
        days.day_type,
        counted.kwh,
        counted.peak_kw,
        counted.received_minutes,
        days.local_day_minutes as expected_minutes,
        case
            when counted.customer_key = 0 then 'no agreement'
            when counted.received_minutes > days.local_day_minutes then 'overlapping intervals'
            when counted.received_minutes < limits.smallest_received_fraction * days.local_day_minutes then 'incomplete'
            when counted.kwh = 0 then 'all zero'
            when counted.kwh < 0 then 'negative total'
        end as quality_reason
    from counted
    inner join days on counted.local_date = days.local_date
    {% if is_incremental() %}
        inner join touched on counted.customer_key = touched.customer_key and counted.local_date = touched.local_date
    {% endif %}
    cross join limits
)

select * from assessed
