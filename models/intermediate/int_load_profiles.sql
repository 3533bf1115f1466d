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

-- One small number stands for season, day type and hour while grouping: one key to hash instead of three texts.
season_numbers as (
    select
        month_number,
        season,
        dense_rank() over (order by season) as season_number
    from seasons
),

seasonal_sums as (
    select
        monthly_sums.customer_key,
        cast(
            season_numbers.season_number * 2 + case when monthly_sums.day_type = 'weekend' then 1 else 0 end as integer
        ) as part,
        monthly_sums.local_hour,
        cast(sum(monthly_sums.kwh) as decimal(18, 9)) as kwh,
        cast(sum(monthly_sums.minutes) as integer) as minutes
    from monthly_sums
    inner join season_numbers on extract(month from monthly_sums.local_month) = season_numbers.month_number
    where monthly_sums.shapes_profile
    group by all
),

-- One row an hour: the greatest is the only one.
parts as (
    select
        customer_key,
        part,
        {% for hour in range(24) %}
            max(case when local_hour = {{ hour }} then kwh end) as {{ kwh_columns[hour] }},
            max(case when local_hour = {{ hour }} then minutes end)
                as {{ minutes_columns[hour] }}{{ ',' if not loop.last }}
        {% endfor %}
    from seasonal_sums
    group by
        customer_key,
        part
),

numbered_seasons as (
    select distinct
        season_number,
        season
    from season_numbers
),

seasonal as (
    select
        parts.customer_key,
        numbered_seasons.season,
        case when parts.part % 2 = 1 then 'weekend' else 'weekday' end as day_type,
        {% for hour in range(24) %}
            parts.{{ kwh_columns[hour] }},
            parts.{{ minutes_columns[hour] }}{{ ',' if not loop.last }}
        {% endfor %}
    from parts
    inner join numbered_seasons on parts.part // 2 = numbered_seasons.season_number
),

{% for name, season, day_type, source in (
    ('over_day_types', 'season', "'all'", 'seasonal'),
    ('over_seasons', "'all'", 'day_type', 'seasonal'),
    ('over_both', "'all'", "'all'", 'over_day_types')
) %}
    {{ name }} as (
        select
            customer_key,
            {{ season }} as season,
            {{ day_type }} as day_type,
            {% for hour in range(24) %}
                sum({{ kwh_columns[hour] }}) as {{ kwh_columns[hour] }},
                sum({{ minutes_columns[hour] }}) as {{ minutes_columns[hour] }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ source }}
        group by all
    ),

{% endfor %}
peak_days as (
    select
        customer_key,
        season,
        'peak_day' as day_type,
        {% for hour in range(24) %}
            max(case when local_hour = {{ hour }} then kwh end) as {{ kwh_columns[hour] }},
            max(case when local_hour = {{ hour }} then minutes end)
                as {{ minutes_columns[hour] }}{{ ',' if not loop.last }}
        {% endfor %}
    from peak_day_sums
    group by
        customer_key,
        season
),

combined as (
    select * from seasonal
    union all
    select * from over_day_types
    union all
    select * from over_seasons
    union all
    select * from over_both
    union all
    select * from peak_days
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
    from combined
)

select * from profiles
