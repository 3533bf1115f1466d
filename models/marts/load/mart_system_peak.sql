-- Where and when the system peaks, season by season. The peak window is the four consecutive local hours with the highest
-- mean system load on the season's peak days, unless the utility fixed it.
with

system_load as (select * from {{ ref('fct_system_load_hourly') }}),

local_days as (select * from {{ ref('int_local_days') }}),

believed_days as (select * from {{ ref('int_customer_days_believed') }}),

settings as (select * from {{ ref('dim_utility') }}),

by_season as (
    select
        season,
        hour_start_at,
        local_date,
        local_hour,
        metered_kwh,
        system_kw,
        season_peak_day_rank is not null as is_peak_day
    from system_load
    union all
    select
        'all' as season,
        hour_start_at,
        local_date,
        local_hour,
        metered_kwh,
        system_kw,
        overall_peak_day_rank is not null as is_peak_day
    from system_load
),

-- The first of equal peaks, so that every build names the same hour.
peak_hours as (
    select
        season,
        cast(system_kw as double) as system_peak_kw,
        hour_start_at as system_peak_at,
        local_date as system_peak_date,
        local_hour as system_peak_hour
    from by_season
    where system_kw is not null
    qualify row_number() over (partition by season order by system_kw desc, hour_start_at asc) = 1
),

means as (
    select
        season,
        avg(system_kw) as mean_system_kw,
        max(metered_kwh) as metered_peak_kw
    from by_season
    group by season
),

peaks as (
    select
        peak_hours.*,
        means.mean_system_kw,
        means.metered_peak_kw
    from peak_hours
    inner join means on peak_hours.season = means.season
),

hours_on_peak_days as (
    select
        season,
        local_hour,
        avg(system_kw) as system_kw
    from by_season
    where is_peak_day
    group by
        season,
        local_hour
),

windows as (
    select
        season,
        local_hour as start_hour,
        sum(system_kw) over four_hours as window_kw,
        count(*) over four_hours as hours
    from hours_on_peak_days
    window four_hours as (partition by season order by local_hour range between current row and 3 following)
),

chosen_windows as (
    select
        windows.season,
        coalesce(
            max(settings.peak_window_start_hour),
            max_by(windows.start_hour, windows.window_kw - windows.start_hour * 1e-9)
        ) as start_hour
    from windows
    cross join settings
    where windows.hours = 4
    group by windows.season
),

own_peaks as (
    select
        believed_days.customer_key,
        coalesce(local_days.season, 'all') as season,
        max(believed_days.peak_kw) as own_peak_kw
    from believed_days
    inner join local_days on believed_days.local_date = local_days.local_date
    group by
        believed_days.customer_key,
        cube(local_days.season)
),

own_peak_sums as (
    select
        season,
        sum(own_peak_kw) as sum_of_own_peaks_kw
    from own_peaks
    group by season
),

peak_season as (
    select coalesce(max(settings.peak_season), min_by(peaks.season, (-peaks.system_peak_kw, peaks.season))) as season
    from peaks
    cross join settings
    where peaks.season != 'all'
),

described as (
    select
        peaks.season,
        peaks.season = peak_season.season as is_peak_season,
        peaks.system_peak_kw,
        peaks.system_peak_at,
        peaks.system_peak_date,
        peaks.system_peak_hour,
        peaks.mean_system_kw,
        peaks.mean_system_kw / nullif(peaks.system_peak_kw, 0) as load_factor,
        cast(peaks.metered_peak_kw as double) as metered_peak_kw,
        cast(own_peak_sums.sum_of_own_peaks_kw as double) as sum_of_own_peaks_kw,
        cast(peaks.metered_peak_kw as double) / nullif(cast(own_peak_sums.sum_of_own_peaks_kw as double), 0)
            as coincidence_factor,
        cast(own_peak_sums.sum_of_own_peaks_kw as double) / nullif(cast(peaks.metered_peak_kw as double), 0)
            as diversity_factor,
        cast(chosen_windows.start_hour as smallint) as peak_window_start_hour,
        cast(chosen_windows.start_hour + 4 as smallint) as peak_window_end_hour
    from peaks
    cross join peak_season
    left join own_peak_sums on peaks.season = own_peak_sums.season
    left join chosen_windows on peaks.season = chosen_windows.season
)

select * from described
