-- The utility's own series where it gave one, else the sum of the meters without what no service can carry: a false spike of
-- one meter must not make a peak of the system. It stays in metered_kwh, for no energy is left out of totals.
with

metered as (select * from {{ ref('int_metered_load_hourly') }}),

hours_of_customers as (select * from {{ ref('int_customer_hours') }}),

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

system_load as (select * from {{ ref('stg_meter__system_load') }}),

given as (
    select
        instants.hour_start_at,
        sum(system_load.kwh) as system_kwh
    from system_load
    inner join instants on system_load.interval_start_at = instants.interval_start_at
    group by instants.hour_start_at
    having sum(system_load.interval_minutes) = 60
),

days_beyond_limits as (
    select
        assessed.customer_key,
        assessed.service_limit_kw,
        instants.hour_start_at
    from assessed
    inner join instants on assessed.local_date = instants.local_date
    where assessed.peak_kw > assessed.service_limit_kw and instants.interval_start_at = instants.hour_start_at
),

implausible as (
    select
        hours_of_customers.hour_start_at,
        sum(hours_of_customers.kwh) as implausible_kwh
    from hours_of_customers
    inner join days_beyond_limits
        on hours_of_customers.customer_key = days_beyond_limits.customer_key
        and hours_of_customers.hour_start_at = days_beyond_limits.hour_start_at
    where hours_of_customers.kwh > days_beyond_limits.service_limit_kw
    group by hours_of_customers.hour_start_at
),

-- Hours of either: the system may have peaked when no meter was read.
hours as (
    select hour_start_at from metered
    union
    select hour_start_at from given
),

joined as (
    select
        hours.hour_start_at,
        instants.local_date,
        instants.local_month,
        instants.local_hour,
        instants.season,
        instants.day_type,
        coalesce(metered.customers, 0) as customers,
        cast(coalesce(metered.metered_kwh, 0) as decimal(18, 9)) as metered_kwh,
        (select count(*) from system_load) > 0 as is_own_series,
        -- kWh of an hour is its mean kW; decimal, so that means over hours are exact in any order.
        cast(
            case
                when (select count(*) from system_load) > 0 then given.system_kwh
                else metered.metered_kwh - coalesce(implausible.implausible_kwh, 0)
            end as decimal(18, 9)
        ) as system_kw
    from hours
    inner join instants on hours.hour_start_at = instants.interval_start_at
    left join metered on hours.hour_start_at = metered.hour_start_at
    left join given on hours.hour_start_at = given.hour_start_at
    left join implausible on hours.hour_start_at = implausible.hour_start_at
)

select * from joined
