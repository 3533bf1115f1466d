-- Mean kW by local hour, all good days pooled: energy over hours, not a mean of means.
with

monthly_sums as (select * from {{ ref('int_load_sums_monthly') }}),

peak_day_sums as (select * from {{ ref('int_load_sums_peak_days') }}),

seasons as (select * from {{ ref('seasons') }}),

-- Seasons first: months add up before the wide step.
seasonal_sums as (
    select
        monthly_sums.customer_key,
        seasons.season,
        monthly_sums.day_type,
        monthly_sums.local_hour,
        sum(monthly_sums.kwh) as kwh,
        sum(monthly_sums.minutes) as minutes
    from monthly_sums
    inner join seasons on extract(month from monthly_sums.local_month) = seasons.month_number
    where monthly_sums.shapes_profile
    group by all
),

pooled as (
    select
        customer_key,
        coalesce(season, 'all') as season,
        coalesce(day_type, 'all') as day_type,
        {% for hour in hours() %}
            cast(sum(case when local_hour = {{ hour }} then kwh end) as double) * 60
            / sum(case when local_hour = {{ hour }} then minutes end) as {{ hour_column(hour) }}{{ ',' if not loop.last }}
        {% endfor %}
    from seasonal_sums
    group by
        customer_key,
        cube(season, day_type)
    union all
    select
        customer_key,
        season,
        'peak_day' as day_type,
        {% for hour in hours() %}
            cast(sum(case when local_hour = {{ hour }} then kwh end) as double) * 60
            / sum(case when local_hour = {{ hour }} then minutes end) as {{ hour_column(hour) }}{{ ',' if not loop.last }}
        {% endfor %}
    from peak_day_sums
    group by
        customer_key,
        season
)

select * from pooled
