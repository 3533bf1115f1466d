{{ config(materialized='view') }}
-- Where one hourly reading is a customer's hour it is taken as it stands, without a copy.
with

readings as (select * from {{ ref('int_readings_held') }}),

summed_hours as (select * from {{ ref('int_customer_hours_summed') }}),

hours as (
    select
        readings.customer_key,
        readings.interval_start_at as hour_start_at,
        readings.kwh,
        cast(readings.interval_minutes as integer) as minutes
    from readings
    where readings.channel = 'delivered' and {{ is_whole_hour('readings') }}
    union all
    select
        customer_key,
        hour_start_at,
        kwh,
        minutes
    from summed_hours
)

select * from hours
