-- Runs of zero readings that look like outages nobody recorded. Only readings whose zero is already in doubt are looked at, so
-- no meter that usually reads zero takes part. Service points of one feeder whose zeros begin together are one suspicion;
-- a service point alone is one only when its meter hardly ever does this and the run is neither short nor a vacancy.
with

doubtful as (
    select * from {{ ref('int_readings_doubtful') }}
    where quality_code in ('zero_unexplained', 'zero_run')
),

meters as (select * from {{ ref('stg_meter__meters') }}),

outages as (select * from {{ ref('int_outages_recorded') }}),

served as (select * from {{ ref('int_reliability_served') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

reliability_limits as (select * from {{ ref('reliability_limits') }}),

limits as (
    {{ limits_as_columns('reliability_limits', 'limit_name', 'limit_value', [
        'together_minutes',
        'smallest_points_together',
        'smallest_points_on_transformer',
        'smallest_alone_minutes',
        'greatest_alone_runs'
    ]) }}
),

-- A service point may have several registers.
zeros as (
    select
        meters.service_point_id,
        doubtful.interval_start_at,
        max(doubtful.interval_start_at + to_minutes(meters.interval_minutes)) as interval_end_at,
        bool_or(doubtful.quality_code = 'zero_run') as is_long
    from doubtful
    inner join meters on doubtful.meter_key = meters.meter_key
    group by
        meters.service_point_id,
        doubtful.interval_start_at
),

compared as (
    select
        *,
        interval_start_at > lag(interval_end_at) over (partition by service_point_id order by interval_start_at) as comes_later
    from zeros
),

numbered as (
    select
        *,
        count(case when comes_later then 1 end) over (
            partition by service_point_id
            order by interval_start_at
            rows between unbounded preceding and current row
        ) as run_number
    from compared
),

runs as (
    select
        service_point_id,
        min(interval_start_at) as started_at,
        max(interval_end_at) as ended_at,
        bool_or(is_long) as is_long,
        count(*) over (partition by service_point_id) as runs_of_service_point
    from numbered
    group by
        service_point_id,
        run_number
),

-- Zeros that touch a recorded outage of the service point are its edges.
touching as (
    select distinct
        runs.service_point_id,
        runs.started_at
    from runs
    inner join outages
        on runs.service_point_id = outages.service_point_id
        and runs.started_at <= coalesce(outages.restored_at, timestamp '2200-01-01')
        and runs.ended_at >= outages.started_at
),

unrecorded as (
    select runs.*
    from runs
    left join touching
        on runs.service_point_id = touching.service_point_id and runs.started_at = touching.started_at
    where touching.service_point_id is null
),

localized as (
    select
        unrecorded.*,
        cast({{ utc_to_local('unrecorded.started_at', 'utility.time_zone') }} as date) as local_date
    from unrecorded
    cross join utility
),

placed as (
    select
        localized.*,
        served.customer_key,
        served.feeder_id,
        served.transformer_id,
        -- Where the feeder is unknown nothing tells who hangs together.
        case
            when served.feeder_id = 'unknown' then coalesce(served.transformer_id, localized.service_point_id)
            else served.feeder_id
        end as neighbourhood
    from localized
    -- Zeros of a point that nobody holds are a vacancy.
    inner join served
        on localized.service_point_id = served.service_point_id
        and localized.local_date >= served.valid_from_date
        and localized.local_date < served.valid_to_date
),

spaced as (
    select
        placed.*,
        placed.started_at
        > lag(placed.started_at) over (
            partition by placed.neighbourhood order by placed.started_at, placed.service_point_id
        ) + to_minutes(cast(limits.together_minutes as integer)) as begins_later
    from placed
    cross join limits
),

gathered as (
    select
        *,
        count(case when begins_later then 1 end) over (
            partition by neighbourhood
            order by started_at, service_point_id
            rows between unbounded preceding and current row
        ) as group_number
    from spaced
),

on_transformers as (
    select
        *,
        count(*) over (partition by neighbourhood, group_number) as points_together,
        count(transformer_id) over (partition by neighbourhood, group_number, transformer_id) as points_on_transformer
    from gathered
),

weighed as (
    select
        *,
        max(points_on_transformer) over (partition by neighbourhood, group_number) as greatest_points_on_transformer
    from on_transformers
),

judged as (
    select
        weighed.*,
        weighed.points_together >= limits.smallest_points_together
        or weighed.greatest_points_on_transformer >= limits.smallest_points_on_transformer as is_together,
        not weighed.is_long
        and {{ minutes_between('weighed.started_at', 'weighed.ended_at') }} >= limits.smallest_alone_minutes
        and weighed.runs_of_service_point <= limits.greatest_alone_runs as stands_alone
    from weighed
    cross join limits
),

begun as (
    select
        *,
        case
            when is_together then min(started_at) over (partition by neighbourhood, group_number)
            else started_at
        end as suspicion_started_at,
        -- Who stands alone is one suspicion each.
        case when is_together then '' else service_point_id end as suspicion_alone
    from judged
    where is_together or stands_alone
),

suspected as (
    select
        cast(
            dense_rank() over (order by neighbourhood, suspicion_started_at, suspicion_alone) as integer
        ) as suspicion_key,
        service_point_id,
        customer_key,
        feeder_id,
        transformer_id,
        local_date,
        started_at,
        ended_at,
        cast({{ minutes_between('started_at', 'ended_at') }} as integer) as zero_minutes,
        cast(runs_of_service_point as integer) as runs_of_service_point,
        is_together
    from begun
)

select * from suspected
