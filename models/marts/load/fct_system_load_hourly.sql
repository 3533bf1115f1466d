with

system_load as (select * from {{ ref('int_system_load_hourly') }}),

peak_days as (select * from {{ ref('int_peak_days') }}),

ranked as (
    select
        system_load.hour_start_at,
        system_load.local_date,
        system_load.local_month,
        system_load.local_hour,
        system_load.season,
        system_load.day_type,
        system_load.customers,
        system_load.metered_kwh,
        system_load.system_kw,
        system_load.is_own_series,
        seasonal.peak_day_rank as season_peak_day_rank,
        overall.peak_day_rank as overall_peak_day_rank
    from system_load
    left join peak_days as seasonal
        on system_load.local_date = seasonal.local_date and system_load.season = seasonal.season
    left join peak_days as overall
        on system_load.local_date = overall.local_date and overall.season = 'all'
)

select * from ranked
