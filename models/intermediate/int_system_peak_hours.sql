-- The hour of highest system load in each month. The twelve months up to the last that was metered are ranked: what 1CP, 4CP
-- and 12CP are made of. Older ones are not, for capacity is paid for by the peaks of one year.
with

system_load as (select * from {{ ref('int_system_load_hourly') }}),

-- The utility's own series may go on after the last reading; what no meter can tell of is nobody's peak.
last_metered as (
    select
        max(local_month) as local_month,
        max(hour_start_at) as hour_start_at
    from system_load
    where customers > 0
),

monthly_peaks as (
    select
        system_load.local_month,
        system_load.hour_start_at,
        system_load.system_kw,
        system_load.local_month > last_metered.local_month - interval 12 month as is_in_latest_year
    from system_load
    cross join last_metered
    where system_load.system_kw is not null and system_load.hour_start_at <= last_metered.hour_start_at
    qualify
        row_number() over (
            partition by system_load.local_month
            order by system_load.system_kw desc, system_load.hour_start_at asc
        ) = 1
),

ranked as (
    select
        local_month,
        hour_start_at,
        system_kw,
        case
            when is_in_latest_year
                then cast(
                    row_number() over (partition by is_in_latest_year order by system_kw desc, hour_start_at asc) as integer
                )
        end as peak_rank
    from monthly_peaks
)

select * from ranked
