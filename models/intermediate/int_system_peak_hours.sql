-- The hour of highest system load in each month, ranked over months: what 1CP, 4CP and 12CP are made of.
with

system_load as (select * from {{ ref('int_system_load_hourly') }}),

monthly_peaks as (
    select
        local_month,
        max(system_kw) as system_kw,
        max_by(hour_start_at, system_kw) as hour_start_at
    from system_load
    where system_kw is not null
    group by local_month
),

ranked as (
    select
        local_month,
        hour_start_at,
        system_kw,
        cast(row_number() over (order by system_kw desc, hour_start_at asc) as integer) as peak_rank
    from monthly_peaks
)

select * from ranked
