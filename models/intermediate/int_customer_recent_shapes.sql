-- The day's shape in the latest complete months that all customers share: the season is then the same for everybody.
with

load_sums as (select * from {{ ref('int_load_sums_monthly') }}),

months as (select * from {{ ref('int_customer_good_months') }}),

days as (select * from {{ ref('int_local_days') }}),

equipment_limits as (select * from {{ ref('equipment_limits') }}),

limits as (
    {{ limits_as_columns('equipment_limits', 'limit_name', 'limit_value', [
        'recent_months',
        'recent_good_days'
    ]) }}
),

latest as (
    select max(last_good_date) as last_good_date
    from months
),

-- A month is complete when somebody has a good last day of it.
complete_months as (
    select
        days.local_month,
        dense_rank() over (order by days.local_month desc) as months_back
    from days
    inner join latest
        on days.local_month + interval 1 month <= latest.last_good_date + interval 1 day
    group by days.local_month
),

recent_months as (
    select complete_months.local_month
    from complete_months
    cross join limits
    where complete_months.months_back <= limits.recent_months
),

days_of_customers as (
    select
        months.customer_key,
        sum(months.good_days) as good_days,
        min(months.local_month) as first_month,
        max(months.local_month) as last_month
    from months
    inner join recent_months on months.local_month = recent_months.local_month
    group by months.customer_key
),

hourly_loads as (
    select
        load_sums.customer_key,
        load_sums.local_hour,
        sum(load_sums.kwh) * 60 / sum(load_sums.minutes) as kw
    from load_sums
    inner join recent_months on load_sums.local_month = recent_months.local_month
    where load_sums.shapes_profile
    group by
        load_sums.customer_key,
        load_sums.local_hour
),

-- All 24 hours, or no shape: the sum of columns is null where one is missing.
profiles as (
    select
        customer_key,
        {% for hour in hours() %}
            max(case when local_hour = {{ hour }} then kw end) as {{ hour_column(hour) }}{{ ',' if not loop.last }}
        {% endfor %}
    from hourly_loads
    group by customer_key
),

summed as (
    select
        *,
        {{ hour_columns() | join(' + ') }} as total_kw
    from profiles
),

shapes as (
    select
        days_of_customers.customer_key,
        cast(days_of_customers.good_days as integer) as good_days,
        days_of_customers.first_month,
        days_of_customers.last_month,
        days_of_customers.good_days >= limits.recent_good_days and coalesce(summed.total_kw > 0, false) as has_shape,
        {% for hour in hours() %}
            cast(
                case
                    when days_of_customers.good_days >= limits.recent_good_days and summed.total_kw > 0
                        then summed.{{ hour_column(hour) }} / summed.total_kw
                end as decimal(18, 12)
            ) as {{ hour_column(hour, '') }}{{ ',' if not loop.last }}
        {% endfor %}
    from days_of_customers
    left join summed on days_of_customers.customer_key = summed.customer_key
    cross join limits
)

select * from shapes
