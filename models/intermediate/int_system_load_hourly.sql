-- The utility's own series where it gave one, else the sum of the meters.
with

metered as (select * from {{ ref('int_metered_load_hourly') }}),

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

joined as (
    select
        metered.hour_start_at,
        instants.local_date,
        instants.local_month,
        instants.local_hour,
        instants.season,
        instants.day_type,
        metered.customers,
        metered.metered_kwh,
        (select count(*) from system_load) > 0 as is_own_series,
        -- kWh of an hour is its mean kW; decimal, so that means over hours are exact in any order.
        cast(
            case when (select count(*) from system_load) > 0 then given.system_kwh else metered.metered_kwh end
            as decimal(18, 9)
        ) as system_kw
    from metered
    inner join instants on metered.hour_start_at = instants.interval_start_at
    left join given on metered.hour_start_at = given.hour_start_at
)

select * from joined
