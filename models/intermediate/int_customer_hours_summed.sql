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

summed as (
    select
        agreements.customer_key,
        instants.hour_start_at,
        min(instants.local_date) as local_date,
        sum(readings.kwh) as kwh,
        -- Minutes of the hour that every meter of the customer covers on average: 60 only when nothing is missing.
        sum(readings.interval_minutes) / max(agreements.meters_held) as minutes
    from readings
    inner join agreements
        on readings.meter_key = agreements.meter_key
        and readings.interval_start_at >= agreements.valid_from_at
        and readings.interval_start_at < agreements.valid_to_at
    inner join instants on readings.interval_start_at = instants.interval_start_at
    {% if is_incremental() %}
        inner join touched on agreements.customer_key = touched.customer_key and instants.local_date = touched.local_date
    {% endif %}
    where readings.interval_minutes < 60 or agreements.meters_held > 1 or agreements.customer_key = 0
    group by
        agreements.customer_key,
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
