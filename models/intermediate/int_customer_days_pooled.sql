{{ config(materialized='view') }}
-- Good days behind each profile.
with

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

days as (select * from {{ ref('int_local_days') }}),

peak_days as (select * from {{ ref('int_peak_days') }}),

good_days as (
    select
        assessed.customer_key,
        assessed.local_date,
        days.season,
        days.day_type
    from assessed
    inner join days on assessed.local_date = days.local_date
    where assessed.quality_reason is null
),

pooled as (
    select
        customer_key,
        coalesce(season, 'all') as season,
        coalesce(day_type, 'all') as day_type,
        count(*) as days
    from good_days
    group by
        customer_key,
        cube(season, day_type)
    union all
    select
        good_days.customer_key,
        peak_days.season,
        'peak_day' as day_type,
        count(*) as days
    from good_days
    inner join peak_days on good_days.local_date = peak_days.local_date
    group by
        good_days.customer_key,
        peak_days.season
),

typed as (
    select
        customer_key,
        season,
        day_type,
        cast(days as integer) as days
    from pooled
)

select * from typed
