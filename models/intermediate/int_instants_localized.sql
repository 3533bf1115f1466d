-- Every instant at which an interval can start, once, with its place on the utility's clock: the zone is computed for
-- thousands of instants, not for every reading.
with

loads as (select * from {{ ref('stg_meter__loads') }}),

system_load as (select * from {{ ref('stg_meter__system_load') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

days as (select * from {{ ref('int_local_days') }}),

span as (
    select
        date_trunc('day', min(first_interval_start_at)) as first_at,
        date_trunc('day', max(last_interval_end_at)) + interval 1 day as last_at
    from loads
),

-- What the grid must divide: starts and lengths of all intervals, and the minutes by which local hours are off UTC's.
wanted_minutes as (
    select grid_minutes as minutes from loads
    union
    select interval_minutes as minutes from system_load
    union
    select extract(minute from interval_start_at) as minutes from system_load
    union
    select extract(minute from {{ local_to_utc('days.local_date', 'utility.time_zone') }}) as minutes
    from days
    cross join utility
),

possible_steps as (
    select unnest([60, 30, 20, 15, 10, 5]) as minutes
),

steps as (
    select coalesce(max(possible_steps.minutes), 5) as minutes
    from possible_steps
    where not exists (
        select 1 from wanted_minutes
        where wanted_minutes.minutes % possible_steps.minutes != 0
    )
),

instants as (
    select {{ instants_between('span.first_at', 'span.last_at', 'steps.minutes') }} as interval_start_at
    from span
    cross join steps
),

localized as (
    select
        instants.interval_start_at,
        {{ utc_to_local('instants.interval_start_at', 'utility.time_zone') }} as local_at
    from instants
    cross join utility
),

placed as (
    select
        localized.interval_start_at,
        -- UTC start of the local hour; zones may lie half an hour off, so the UTC hour will not do.
        localized.interval_start_at - (localized.local_at - date_trunc('hour', localized.local_at)) as hour_start_at,
        days.local_date,
        days.local_month,
        days.season,
        days.day_type,
        cast(extract(hour from localized.local_at) as smallint) as local_hour
    from localized
    inner join days on cast(localized.local_at as date) = days.local_date
)

select * from placed
