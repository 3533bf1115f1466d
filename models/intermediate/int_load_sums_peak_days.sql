with

hours as (select * from {{ ref('int_customer_hours') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

peak_days as (select * from {{ ref('int_peak_days') }}),

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

excluded_days as (
    select
        customer_key,
        local_date
    from assessed
    where quality_reason is not null
),

-- A day can be a peak day of its season and of the whole history: its hours then count in both.
peak_instants as (
    select
        instants.interval_start_at,
        instants.local_date,
        instants.local_hour,
        peak_days.season
    from instants
    inner join peak_days on instants.local_date = peak_days.local_date
),

summed as (
    select
        hours.customer_key,
        peak_instants.season,
        peak_instants.local_hour,
        cast(sum(hours.kwh) as decimal(18, 9)) as kwh,
        cast(sum(hours.minutes) as integer) as minutes
    from hours
    inner join peak_instants on hours.hour_start_at = peak_instants.interval_start_at
    left join excluded_days
        on hours.customer_key = excluded_days.customer_key and peak_instants.local_date = excluded_days.local_date
    where excluded_days.customer_key is null
    group by
        hours.customer_key,
        peak_instants.season,
        peak_instants.local_hour
)

select * from summed
