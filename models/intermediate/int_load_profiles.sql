{{ config(materialized='view') }}
-- Mean kW by local hour, all good days pooled: energy over hours, not a mean of means. Sums go wide once, at the finest
-- grain, and are rolled up to the `all` rows from there.
{% set kwh_columns = hour_columns('_kwh') %}
{% set minutes_columns = hour_columns('_minutes') %}
{% set kw_columns = hour_columns() %}
with

monthly_sums as (select * from {{ ref('int_load_sums_monthly') }}),

peak_day_sums as (select * from {{ ref('int_load_sums_peak_days') }}),

seasons as (select * from {{ ref('seasons') }}),

seasonal_sums as (
    select
        monthly_sums.customer_key,
        seasons.season,
        monthly_sums.day_type,
        monthly_sums.local_hour,
        cast(sum(monthly_sums.kwh) as decimal(18, 9)) as kwh,
        cast(sum(monthly_sums.minutes) as integer) as minutes
    from monthly_sums
    inner join seasons on extract(month from monthly_sums.local_month) = seasons.month_number
    where monthly_sums.shapes_profile
    group by
        monthly_sums.customer_key,
        seasons.season,
        monthly_sums.day_type,
        monthly_sums.local_hour
    union all
    select
        customer_key,
        season,
        'peak_day' as day_type,
        local_hour,
        kwh,
        minutes
    from peak_day_sums
),

-- One row an hour: the greatest is the only one.
wide_sums as (
    select
        customer_key,
        season,
        day_type,
        {% for hour in range(24) %}
            max(case when local_hour = {{ hour }} then kwh end) as {{ kwh_columns[hour] }},
            max(case when local_hour = {{ hour }} then minutes end)
                as {{ minutes_columns[hour] }}{{ ',' if not loop.last }}
        {% endfor %}
    from seasonal_sums
    group by
        customer_key,
        season,
        day_type
),

rolled_up as (
    select
        customer_key,
        coalesce(season, 'all') as season,
        coalesce(day_type, 'all') as day_type,
        {% for hour in range(24) %}
            sum({{ kwh_columns[hour] }}) as {{ kwh_columns[hour] }},
            sum({{ minutes_columns[hour] }}) as {{ minutes_columns[hour] }}{{ ',' if not loop.last }}
        {% endfor %}
    from wide_sums
    where day_type != 'peak_day'
    group by
        customer_key,
        cube(season, day_type)
    union all
    select * from wide_sums
    where day_type = 'peak_day'
),

profiles as (
    select
        customer_key,
        season,
        day_type,
        {% for hour in range(24) %}
            cast({{ kwh_columns[hour] }} as double) * 60 / {{ minutes_columns[hour] }}
                as {{ kw_columns[hour] }}{{ ',' if not loop.last }}
        {% endfor %}
    from rolled_up
)

select * from profiles
