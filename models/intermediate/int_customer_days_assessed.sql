{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['customer_key', 'local_date']) }}
-- Whether a customer-day may shape a profile is decided here, once, with the first reason why not.
with

hours as (select * from {{ ref('int_customer_hours') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

days as (select * from {{ ref('int_local_days') }}),

touched as (select * from {{ ref('int_customer_days_touched') }}),

quality_limits as (select * from {{ ref('quality_limits') }}),

limits as (
    select max(case when limit_name = 'smallest_received_fraction' then limit_value end) as smallest_received_fraction
    from quality_limits
),

counted as (
    select
        hours.customer_key,
        instants.local_date,
        sum(hours.kwh) as kwh,
        -- An hour with a part missing has no known peak.
        max(case when hours.minutes = 60 then hours.kwh end) as peak_kw,
        sum(hours.minutes) as received_minutes
    from hours
    inner join instants on hours.hour_start_at = instants.interval_start_at
    {% if is_incremental() %}
        inner join touched on hours.customer_key = touched.customer_key and instants.local_date = touched.local_date
    {% endif %}
    group by
        hours.customer_key,
        instants.local_date
),

assessed as (
    select
        counted.customer_key,
        counted.local_date,
        cast(counted.kwh as decimal(18, 9)) as kwh,
        counted.peak_kw,
        cast(counted.received_minutes as integer) as received_minutes,
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
    cross join limits
)

select * from assessed
