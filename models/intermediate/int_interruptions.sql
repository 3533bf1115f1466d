-- Outages as customers lived through them. Records of one service point that overlap are one interruption, for supply is
-- lost once; it keeps the id and the cause of the first. An outage still under way lasts until the next record of the point,
-- or until the utility's last word.
with

outages as (select * from {{ ref('int_outages_recorded') }}),

loads as (select * from {{ ref('stg_meter__loads') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

served as (select * from {{ ref('int_reliability_served') }}),

premises as (select * from {{ ref('stg_premises__premises') }}),

outage_causes as (select * from {{ ref('outage_causes') }}),

reliability_limits as (select * from {{ ref('reliability_limits') }}),

limits as (
    {{ limits_as_columns('reliability_limits', 'limit_name', 'limit_value', [
        'sustained_minutes',
        'sustained_includes_limit',
        'counts_planned'
    ]) }}
),

known_until as (
    select
        greatest(
            (select max(loads.last_interval_end_at) from loads),
            max(outages.started_at),
            max(outages.restored_at)
        ) as known_until_at
    from outages
),

ended as (
    select
        outages.outage_id,
        outages.service_point_id,
        outages.started_at,
        outages.restored_at is not null as is_restored,
        coalesce(
            outages.restored_at,
            lead(outages.started_at) over (
                partition by outages.service_point_id order by outages.started_at, outages.outage_id
            ),
            known_until.known_until_at
        ) as ended_at,
        outages.cause
    from outages
    cross join known_until
),

compared as (
    select
        *,
        max(ended_at) over (
            partition by service_point_id
            order by started_at, outage_id
            rows between unbounded preceding and 1 preceding
        ) as covered_until_at
    from ended
),

numbered as (
    select
        *,
        count(case when covered_until_at is null or started_at >= covered_until_at then 1 end) over (
            partition by service_point_id
            order by started_at, outage_id
            rows between unbounded preceding and current row
        ) as interruption_number
    from compared
),

merged as (
    select
        service_point_id,
        min_by(outage_id, (started_at, outage_id)) as outage_id,
        min_by(cause, (started_at, outage_id)) as recorded_cause,
        cast(count(*) as integer) as outage_records,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        max_by(is_restored, (ended_at, is_restored)) as is_restored
    from numbered
    group by
        service_point_id,
        interruption_number
),

recorded_causes as (
    select distinct recorded_cause
    from merged
    where recorded_cause is not null
),

named_causes as (
    select
        recorded_causes.recorded_cause,
        min_by(outage_causes.cause, outage_causes.priority) as cause,
        min_by(outage_causes.is_planned, outage_causes.priority) as is_planned
    from recorded_causes
    inner join outage_causes on lower(recorded_causes.recorded_cause) like outage_causes.cause_pattern
    group by recorded_causes.recorded_cause
),

localized as (
    select
        merged.*,
        cast({{ utc_to_local('merged.started_at', 'utility.time_zone') }} as date) as local_date,
        cast({{ seconds_between('merged.started_at', 'merged.ended_at') }} / 60 as decimal(18, 4)) as interruption_minutes
    from merged
    cross join utility
),

described as (
    select
        localized.service_point_id,
        localized.started_at,
        localized.outage_id,
        localized.outage_records,
        localized.local_date,
        coalesce(served.customer_key, 0) as customer_key,
        coalesce(premises.feeder_id, 'unknown') as feeder_id,
        premises.transformer_id,
        case when localized.is_restored then localized.ended_at end as restored_at,
        localized.interruption_minutes,
        not localized.is_restored
        or localized.interruption_minutes > limits.sustained_minutes
        or (limits.sustained_includes_limit = 1 and localized.interruption_minutes = limits.sustained_minutes)
            as is_sustained,
        localized.recorded_cause,
        coalesce(named_causes.cause, 'other') as cause,
        coalesce(named_causes.is_planned, false) as is_planned,
        served.customer_key is not null and (limits.counts_planned = 1 or not coalesce(named_causes.is_planned, false))
            as is_counted
    from localized
    cross join limits
    left join served
        on localized.service_point_id = served.service_point_id
        and localized.local_date >= served.valid_from_date
        and localized.local_date < served.valid_to_date
    left join premises on localized.service_point_id = premises.service_point_id
    left join named_causes on localized.recorded_cause = named_causes.recorded_cause
)

select * from described
