with

hours as (select * from {{ ref('int_customer_hours') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

peak_days as (select * from {{ ref('int_peak_days') }}),

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

-- A day can be a peak day of its season and of the whole history; read it once.
peak_instants as (
    select
        interval_start_at,
        local_date,
        local_hour
    from instants
    where local_date in (select peak_days.local_date from peak_days)
),

good_hours as (
    select
        hours.customer_key,
        peak_instants.local_date,
        peak_instants.local_hour,
        sum(hours.kwh) as kwh,
        sum(hours.minutes) as minutes
    from hours
    inner join peak_instants on hours.hour_start_at = peak_instants.interval_start_at
    inner join assessed
        on hours.customer_key = assessed.customer_key and peak_instants.local_date = assessed.local_date
    where assessed.quality_reason is null
    group by all
),

summed as (
    select
        good_hours.customer_key,
        peak_days.season,
        good_hours.local_hour,
        cast(sum(good_hours.kwh) as decimal(18, 9)) as kwh,
        cast(sum(good_hours.minutes) as bigint) as minutes
    from good_hours
    inner join peak_days on good_hours.local_date = peak_days.local_date
    group by all
)

select * from summed
