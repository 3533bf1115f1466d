{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['customer_key', 'local_month']) }}
-- Sums that add up to any profile. Days that may not shape a profile are kept apart by a flag in the grain, not filtered
-- away: a restated customer-month then never ends without rows, and the sums conserve energy.
with

hours as (select * from {{ ref('int_customer_hours') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

touched as (select * from {{ ref('int_customer_days_touched') }}),

excluded_days as (
    select
        customer_key,
        local_date
    from assessed
    where quality_reason is not null
),

-- One small number stands for month, day type and hour while grouping: one key to hash instead of three.
slots as (
    select
        interval_start_at,
        local_date,
        cast(
            (extract(year from local_month) * 12 + extract(month from local_month) - 1) * 48
            + case when day_type = 'weekend' then 24 else 0 end + local_hour as integer
        ) as slot
    from instants
    {% if is_incremental() %}
        where local_month in (select touched.local_month from touched)
    {% endif %}
),

summed as (
    select
        hours.customer_key,
        slots.slot,
        excluded_days.customer_key is null as shapes_profile,
        sum(hours.minutes) as minutes,
        sum(hours.kwh) as kwh
    from hours
    inner join slots on hours.hour_start_at = slots.interval_start_at
    left join excluded_days
        on hours.customer_key = excluded_days.customer_key and slots.local_date = excluded_days.local_date
    {% if is_incremental() %}
        where
            (hours.customer_key, slots.slot // 48) in (
                select
                    touched.customer_key,
                    cast(extract(year from touched.local_month) * 12 + extract(month from touched.local_month) - 1 as integer)
                from touched
            )
    {% endif %}
    group by all
),

typed as (
    select
        customer_key,
        make_date(cast(slot // 576 as integer), cast((slot // 48) % 12 + 1 as integer), 1) as local_month,
        case when slot % 48 >= 24 then 'weekend' else 'weekday' end as day_type,
        cast(slot % 24 as smallint) as local_hour,
        shapes_profile,
        cast(minutes as integer) as minutes,
        cast(kwh as decimal(18, 9)) as kwh
    from summed
)

select * from typed
