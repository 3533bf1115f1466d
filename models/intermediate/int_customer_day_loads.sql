{{ config(materialized='view') }}
-- Good days in wide form, for clustering; a view, because one step reads it once. A day has a shape when each of the 24
-- local hours was metered at least in part: where the clock jumps forward an hour never comes, so the 23-hour day has no
-- shape, and where it is turned back the repeated hour counts with the mean of both. Estimates are not taken in.
with

hours as (select * from {{ ref('int_customer_hours') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

hourly_loads as (
    select
        hours.customer_key,
        instants.local_date,
        instants.local_hour,
        case
            when hours.minutes = 60 then hours.kwh
            else cast(hours.kwh * 60.0 / nullif(hours.minutes, 0) as decimal(18, 9))
        end as kw
    from hours
    inner join instants on hours.hour_start_at = instants.interval_start_at
),

-- Averages of decimals: exact in any order of rows.
days as (
    select
        customer_key,
        local_date,
        {% for hour in hours() %}
            avg(kw) filter (where local_hour = {{ hour }}) as {{ hour_column(hour) }}{{ ',' if not loop.last }}
        {% endfor %}
    from hourly_loads
    group by
        customer_key,
        local_date
),

good_days as (
    select days.*
    from days
    inner join assessed on days.customer_key = assessed.customer_key and days.local_date = assessed.local_date
    where assessed.quality_reason is null
),

-- An hour below zero is no share of a day. The sum is null where an hour is missing.
with_shape as (
    select * from good_days
    where
        {{ hour_columns() | join(' + ') }} > 0
        and least({{ hour_columns() | join(', ') }}) >= 0
)

select * from with_shape
