{{ config(materialized='view') }}
with

readings as (select * from {{ ref('stg_meter__readings') }}),

agreements as (
    select * from {{ ref('int_meter_agreements') }}
    where channel = 'delivered'
),

summed_hours as (select * from {{ ref('int_customer_hours_summed') }}),

hours as (
    select
        agreements.customer_key,
        readings.interval_start_at as hour_start_at,
        readings.kwh,
        cast(readings.interval_minutes as integer) as minutes
    from readings
    inner join agreements
        on readings.meter_key = agreements.meter_key
        and readings.interval_start_at >= agreements.valid_from_at
        and readings.interval_start_at < agreements.valid_to_at
    where readings.interval_minutes = 60 and agreements.meters_held = 1 and agreements.customer_key != 0
    union all
    select
        customer_key,
        hour_start_at,
        kwh,
        minutes
    from summed_hours
)

select * from hours
