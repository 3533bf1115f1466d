{{ config(materialized='view') }}
-- Readings with who held their meter at the time.
with

readings as (select * from {{ ref('stg_meter__readings') }}),

agreements as (select * from {{ ref('int_meter_agreements') }}),

held as (
    select
        readings.meter_key,
        readings.interval_start_at,
        readings.kwh,
        readings.batch_key,
        agreements.customer_key,
        agreements.channel,
        agreements.interval_minutes,
        agreements.meters_held
    from readings
    inner join agreements
        on readings.meter_key = agreements.meter_key
        and readings.interval_start_at >= agreements.valid_from_at
        and readings.interval_start_at < agreements.valid_to_at
)

select * from held
