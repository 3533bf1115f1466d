-- How daily energy follows temperature: least squares on degrees below the heating balance and above the cooling balance,
-- solved from variances and covariances. Without weather there are no rows.
with

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

temperatures as (select * from {{ ref('int_daily_temperatures') }}),

equipment_limits as (select * from {{ ref('equipment_limits') }}),

limits as (
    {{ limits_as_columns('equipment_limits', 'limit_name', 'limit_value', [
        'heating_balance_celsius',
        'cooling_balance_celsius'
    ]) }}
),

days as (
    select
        assessed.customer_key,
        cast(assessed.kwh as double) as kwh,
        greatest(limits.heating_balance_celsius - temperatures.temperature_c, 0) as cold_degrees,
        greatest(temperatures.temperature_c - limits.cooling_balance_celsius, 0) as warm_degrees
    from assessed
    inner join temperatures on assessed.local_date = temperatures.local_date
    cross join limits
    where assessed.quality_reason is null and assessed.customer_key != 0
),

moments as (
    select
        customer_key,
        count(*) as days,
        count(case when cold_degrees > 0 then 1 end) as cold_days,
        count(case when warm_degrees > 0 then 1 end) as warm_days,
        sum(kwh) as kwh,
        sum(cold_degrees) as cold_degrees,
        sum(warm_degrees) as warm_degrees,
        var_pop(kwh) as kwh_variance,
        var_pop(cold_degrees) as cold_variance,
        var_pop(warm_degrees) as warm_variance,
        covar_pop(cold_degrees, warm_degrees) as cold_warm,
        covar_pop(kwh, cold_degrees) as kwh_cold,
        covar_pop(kwh, warm_degrees) as kwh_warm
    from days
    group by customer_key
),

-- Without cold days, or without warm ones, the other side stands alone.
solved as (
    select
        *,
        case
            when cold_days = 0 then null
            when warm_days = 0 then kwh_cold / nullif(cold_variance, 0)
            else (kwh_cold * warm_variance - kwh_warm * cold_warm)
                / nullif(cold_variance * warm_variance - cold_warm * cold_warm, 0)
        end as heating_kwh_per_degree,
        case
            when warm_days = 0 then null
            when cold_days = 0 then kwh_warm / nullif(warm_variance, 0)
            else (kwh_warm * cold_variance - kwh_cold * cold_warm)
                / nullif(cold_variance * warm_variance - cold_warm * cold_warm, 0)
        end as cooling_kwh_per_degree
    from moments
),

-- Rounded, because sums of floating-point numbers depend on their order.
rounded as (
    select
        customer_key,
        cast(days as integer) as days,
        cast(cold_days as integer) as cold_days,
        cast(warm_days as integer) as warm_days,
        round(heating_kwh_per_degree, 6) as heating_kwh_per_degree,
        round(cooling_kwh_per_degree, 6) as cooling_kwh_per_degree,
        round(heating_kwh_per_degree * cold_degrees / nullif(kwh, 0), 6) as heating_fraction,
        round(cooling_kwh_per_degree * warm_degrees / nullif(kwh, 0), 6) as cooling_fraction,
        round(
            (coalesce(heating_kwh_per_degree * kwh_cold, 0) + coalesce(cooling_kwh_per_degree * kwh_warm, 0))
            / nullif(kwh_variance, 0),
            6
        ) as temperature_r_squared
    from solved
)

select * from rounded
