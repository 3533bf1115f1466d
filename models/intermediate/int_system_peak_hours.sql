-- The hour of highest system load in each month, ranked over months: what 1CP, 4CP and 12CP are made of.
with

system_load as (select * from {{ ref('int_system_load_hourly') }}),

monthly_peaks as (
    select
        local_month,
        hour_start_at,
        system_kw
    from system_load
    where system_kw is not null
    qualify row_number() over (partition by local_month order by system_kw desc, hour_start_at asc) = 1
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
