-- Suspected outages that nobody recorded, each with what speaks for it. Evidence, not proof: somebody should look.
with

suspected as (select * from {{ ref('int_interruptions_suspected') }}),

served as (select * from {{ ref('int_reliability_served') }}),

utility as (select * from {{ ref('dim_utility') }}),

served_by_transformer as (
    select
        transformer_id,
        count(distinct service_point_id) as service_points
    from served
    where transformer_id is not null
    group by transformer_id
),

served_by_feeder as (
    select
        feeder_id,
        count(distinct service_point_id) as service_points
    from served
    where feeder_id != 'unknown'
    group by feeder_id
),

gathered as (
    select
        suspicion_key,
        min(feeder_id) as feeder_id,
        -- One transformer only when all points are known to hang on it.
        case
            when count(distinct transformer_id) = 1 and count(transformer_id) = count(*) then min(transformer_id)
        end as transformer_id,
        case when count(*) = 1 then min(service_point_id) end as service_point_id,
        min(started_at) as started_at,
        -- A vacancy that begins by chance at the same time would draw the greatest end far out.
        quantile_disc(ended_at, 0.5) as ended_at,
        min(local_date) as outage_date,
        count(distinct service_point_id) as service_points,
        count(distinct transformer_id) as transformers,
        sum(zero_minutes) as service_point_minutes,
        max(runs_of_service_point) as greatest_runs_of_service_point,
        string_agg(distinct service_point_id, ', ' order by service_point_id) as service_point_ids,
        bool_and(is_together) as is_together
    from suspected
    group by suspicion_key
),

described as (
    select
        gathered.suspicion_key,
        case
            when not gathered.is_together then 'service point'
            when gathered.transformer_id is not null then 'transformer'
            else 'feeder'
        end as outage_level,
        gathered.feeder_id,
        gathered.transformer_id,
        gathered.service_point_id,
        gathered.started_at,
        gathered.ended_at,
        gathered.outage_date,
        cast({{ minutes_between('gathered.started_at', 'gathered.ended_at') }} as integer) as outage_minutes,
        cast(gathered.service_points as integer) as service_points,
        cast(gathered.transformers as integer) as transformers,
        cast(gathered.service_point_minutes as bigint) as service_point_minutes,
        cast(
            case
                when not gathered.is_together then 1
                when gathered.transformer_id is not null then served_by_transformer.service_points
                else served_by_feeder.service_points
            end as integer
        ) as service_points_served,
        cast(gathered.greatest_runs_of_service_point as integer) as greatest_runs_of_service_point,
        gathered.service_point_ids,
        {{ utc_to_local('gathered.started_at', 'utility.time_zone') }} as local_started_at,
        {{ utc_to_local('gathered.ended_at', 'utility.time_zone') }} as local_ended_at
    from gathered
    cross join utility
    left join served_by_transformer on gathered.transformer_id = served_by_transformer.transformer_id
    left join served_by_feeder on gathered.feeder_id = served_by_feeder.feeder_id
),

explained as (
    select
        suspicion_key,
        outage_level,
        feeder_id,
        transformer_id,
        service_point_id,
        started_at,
        ended_at,
        outage_date,
        outage_minutes,
        service_points,
        service_points_served,
        transformers,
        service_point_minutes,
        greatest_runs_of_service_point,
        service_point_ids,
        case outage_level
            when 'service point'
                then
                    'Service point ' || service_point_id || ' reads zero from ' || local_started_at || ' to '
                    || local_ended_at || ' local time; such runs of it: ' || greatest_runs_of_service_point || '.'
            when 'transformer'
                then
                    service_points || ' of ' || service_points_served || ' service points of transformer ' || transformer_id
                    || ' read zero together from ' || local_started_at || ' local time, half of them until '
                    || local_ended_at || '.'
            else
                service_points || ' of ' || service_points_served || ' service points of feeder ' || feeder_id || ', on '
                || transformers || ' transformers, read zero together from ' || local_started_at
                || ' local time, half of them until ' || local_ended_at || '.'
        end as evidence
    from described
)

select * from explained
