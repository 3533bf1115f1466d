{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['customer_key', 'local_date']) }}
-- Hours that take more than one reading: finer steps than an hour, or a customer with several meters. Where one hourly
-- reading is the customer's hour, int_customer_hours takes it as it stands, without a copy.
with

readings as (select * from {{ ref('stg_meter__readings') }}),

agreements as (
    select * from {{ ref('int_meter_agreements') }}
    where channel = 'delivered'
),

instants as (select * from {{ ref('int_instants_localized') }}),

touched as (select * from {{ ref('int_customer_days_touched') }}),

-- Two branches, so that hourly readings of customers with one meter, nearly all, are not looked at.
readings_in_parts as (
    select
        readings.interval_start_at,
        readings.interval_minutes,
        readings.kwh,
        agreements.customer_key,
        agreements.meters_held
    from readings
    inner join agreements
        on readings.meter_key = agreements.meter_key
        and readings.interval_start_at >= agreements.valid_from_at
        and readings.interval_start_at < agreements.valid_to_at
    where readings.interval_minutes < 60
    union all
    select
        readings.interval_start_at,
        readings.interval_minutes,
        readings.kwh,
        agreements.customer_key,
        agreements.meters_held
    from readings
    inner join agreements
        on readings.meter_key = agreements.meter_key
        and readings.interval_start_at >= agreements.valid_from_at
        and readings.interval_start_at < agreements.valid_to_at
    where readings.interval_minutes = 60 and (agreements.meters_held > 1 or agreements.customer_key = 0)
),

summed as (
    select
        readings_in_parts.customer_key,
        instants.hour_start_at,
        min(instants.local_date) as local_date,
        sum(readings_in_parts.kwh) as kwh,
        -- Minutes of the hour that every meter of the customer covers on average: 60 only when nothing is missing.
        sum(readings_in_parts.interval_minutes) / max(readings_in_parts.meters_held) as minutes
    from readings_in_parts
    inner join instants on readings_in_parts.interval_start_at = instants.interval_start_at
    {% if is_incremental() %}
        inner join touched
            on readings_in_parts.customer_key = touched.customer_key and instants.local_date = touched.local_date
    {% endif %}
    group by
        readings_in_parts.customer_key,
        instants.hour_start_at
),

typed as (
    select
        customer_key,
        hour_start_at,
        local_date,
        cast(kwh as decimal(18, 9)) as kwh,
        cast(floor(minutes) as integer) as minutes
    from summed
)

select * from typed
