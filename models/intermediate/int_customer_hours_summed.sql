{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['customer_key', 'local_date'],
    pre_hook="{{ forget_changed_customers(applied_relation('int_agreements_applied')) }}"
) }}
-- depends_on: {{ ref('int_meter_agreements') }}
-- Hours that take more than one reading: finer steps than an hour, or a customer with several meters.
with

readings as (select * from {{ ref('int_readings_held') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

touched as (select * from {{ ref('int_customer_days_touched') }}),

summed as (
    select
        readings.customer_key,
        instants.hour_start_at,
        min(instants.local_date) as local_date,
        sum(readings.kwh) as kwh,
        {{ minutes_metered('readings') }} as minutes
    from readings
    inner join instants on readings.interval_start_at = instants.interval_start_at
    {% if is_incremental() %}
        inner join touched
            on readings.customer_key = touched.customer_key and instants.local_date = touched.local_date
    {% endif %}
    where
        readings.channel = 'delivered' and not {{ is_whole_hour('readings') }}
        {% if is_incremental() %}and {{ within_touched_days('readings.interval_start_at') }}{% endif %}
    group by
        readings.customer_key,
        instants.hour_start_at
),

typed as (
    select
        customer_key,
        hour_start_at,
        local_date,
        cast(kwh as decimal(18, 9)) as kwh,
        minutes
    from summed
)

select * from typed
