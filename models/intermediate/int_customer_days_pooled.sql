-- Good days behind each profile.
with

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

peak_days as (select * from {{ ref('int_peak_days') }}),

good_days as (
    select
        customer_key,
        local_date,
        season,
        day_type
    from assessed
    where quality_reason is null
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
