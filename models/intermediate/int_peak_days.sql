-- Demand response happens on the days of highest system load. `all` is the whole history taken as one season.
with

system_load as (select * from {{ ref('int_system_load_hourly') }}),

quality_limits as (select * from {{ ref('quality_limits') }}),

days as (
    select
        local_date,
        season,
        max(system_kw) as peak_kw
    from system_load
    group by
        local_date,
        season
),

days_in_seasons as (
    select
        season,
        local_date,
        peak_kw
    from days
    union all
    select
        'all' as season,
        local_date,
        peak_kw
    from days
),

ranked as (
    select
        season,
        local_date,
        peak_kw,
        cast(row_number() over (partition by season order by peak_kw desc, local_date asc) as integer) as peak_day_rank
    from days_in_seasons
    where peak_kw is not null
),

chosen as (
    select ranked.*
    from ranked
    inner join quality_limits on quality_limits.limit_name = 'peak_days_per_season'
    where ranked.peak_day_rank <= quality_limits.limit_value
)

select * from chosen
