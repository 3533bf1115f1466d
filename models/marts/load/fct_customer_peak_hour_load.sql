-- What the meter read in the hour of a peak, on event days too: what a customer held back then was not drawn. Hours that were
-- not metered whole and days whose readings cannot be are missing here; a missing hour is not 0 kW.
with

hours as (select * from {{ ref('int_customer_hours') }}),

peak_hours as (select * from {{ ref('int_system_peak_hours') }}),

customers as (select * from {{ ref('dim_customer') }}),

believed_days as (select * from {{ ref('int_customer_days_believed') }}),

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
    inner join believed_days
        on hours.customer_key = believed_days.customer_key and instants.local_date = believed_days.local_date
    where
        hours.minutes = 60
        -- Says nothing new, but a short list of instants sorts readings out where they are read, before any join.
        and hours.hour_start_at in (select wanted.hour_start_at from peak_hours as wanted)
)

select * from load_at_peak
