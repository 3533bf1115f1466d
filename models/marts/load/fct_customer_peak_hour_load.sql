-- Only days that may shape a profile tell what a customer adds to a peak; a false spike does not.
with

hours as (select * from {{ ref('int_customer_hours') }}),

peak_hours as (select * from {{ ref('int_system_peak_hours') }}),

customers as (select * from {{ ref('dim_customer') }}),

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

load_at_peak as (
    select
        hours.customer_key,
        customers.customer_id,
        peak_hours.local_month,
        peak_hours.hour_start_at,
        peak_hours.peak_rank,
        -- kWh of a whole hour is its mean kW; decimal, so that means over hours are exact in any order.
        hours.kwh as customer_kw,
        peak_hours.system_kw,
        cast(hours.kwh as double) / nullif(cast(peak_hours.system_kw as double), 0) as system_peak_fraction
    from hours
    inner join peak_hours on hours.hour_start_at = peak_hours.hour_start_at
    inner join customers on hours.customer_key = customers.customer_key
    inner join instants on hours.hour_start_at = instants.interval_start_at
    inner join assessed on hours.customer_key = assessed.customer_key and instants.local_date = assessed.local_date
    where hours.minutes = 60 and assessed.quality_reason is null
)

select * from load_at_peak
