-- Where there are several stations each hour has their mean: which customer lives near which one is not known.
with

weather as (select * from {{ ref('stg_weather__hourly') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

equipment_limits as (select * from {{ ref('equipment_limits') }}),

limits as (
    {{ limits_as_columns('equipment_limits', 'limit_name', 'limit_value', ['smallest_temperature_hours']) }}
),

hours as (
    select
        hour_start_at,
        avg(cast(temperature_c as decimal(9, 4))) as temperature_c
    from weather
    group by hour_start_at
),

days as (
    select
        instants.local_date,
        cast(count(*) as smallint) as temperature_hours,
        round(avg(cast(hours.temperature_c as decimal(9, 4))), 2) as temperature_c
    from hours
    inner join instants on hours.hour_start_at = instants.interval_start_at
    cross join limits
    group by
        instants.local_date,
        limits.smallest_temperature_hours
    having count(*) >= limits.smallest_temperature_hours
)

select * from days
