-- Every instant at which an interval can start, once, with its place on the utility's clock: the zone is computed for
-- thousands of instants, not for every reading.
with

loads as (select * from {{ ref('stg_meter__loads') }}),

meters as (select * from {{ ref('stg_meter__meters') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

days as (select * from {{ ref('int_local_days') }}),

span as (
    select
        date_trunc('day', min(first_interval_start_at)) as first_at,
        date_trunc('day', max(last_interval_end_at)) + interval 1 day as last_at
    from loads
),

steps as (
    select coalesce(min(interval_minutes), 60) as minutes from meters
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
