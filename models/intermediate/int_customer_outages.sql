-- Outages by customer and the place where they hit: those that the utility recorded, and those that only the readings show,
-- as zeros that nobody explains. Customers whose zeros begin in the same hour share one such outage.
with

outages as (select * from {{ ref('int_outages_recorded') }}),

holders as (select * from {{ ref('int_service_point_holders') }}),

premises as (select * from {{ ref('stg_premises__premises') }}),

doubtful as (select * from {{ ref('int_readings_doubtful') }}),

meters as (select * from {{ ref('stg_meter__meters') }}),

recorded as (
    select
        holders.customer_key,
        holders.service_point_id,
        outages.outage_id,
        true as is_recorded,
        outages.started_at,
        outages.restored_at,
        outages.cause
    from outages
    inner join holders
        on outages.service_point_id = holders.service_point_id
        and outages.started_at >= holders.valid_from_at
        and outages.started_at < holders.valid_to_at
),

silent as (
    select
        meters.service_point_id,
        doubtful.interval_start_at,
        max(doubtful.interval_start_at + to_minutes(meters.interval_minutes)) as interval_end_at
    from doubtful
    inner join meters on doubtful.meter_key = meters.meter_key
    where doubtful.quality_code = 'zero_unexplained'
    group by
        meters.service_point_id,
        doubtful.interval_start_at
),

opened as (
    select
        *,
        case
            when interval_start_at
                = lag(interval_end_at) over (partition by service_point_id order by interval_start_at) then 0
            else 1
        end as opens
    from silent
),

numbered as (
    select
        *,
        sum(opens) over (
            partition by service_point_id
            order by interval_start_at
            rows between unbounded preceding and current row
        ) as silence
    from opened
),

silences as (
    select
        service_point_id,
        silence,
        min(interval_start_at) as started_at,
        max(interval_end_at) as restored_at
    from numbered
    group by
        service_point_id,
        silence
),

suspected as (
    select
        holders.customer_key,
        holders.service_point_id,
        'readings ' || cast(silences.started_at as varchar) as outage_id,
        false as is_recorded,
        silences.started_at,
        silences.restored_at,
        cast(null as varchar) as cause
    from silences
    inner join holders
        on silences.service_point_id = holders.service_point_id
        and silences.started_at >= holders.valid_from_at
        and silences.started_at < holders.valid_to_at
),

combined as (
    select * from recorded
    union all
    select * from suspected
),

placed as (
    select
        combined.customer_key,
        combined.service_point_id,
        combined.outage_id,
        combined.is_recorded,
        combined.started_at,
        combined.restored_at,
        combined.cause,
        coalesce(premises.area, '') as area,
        coalesce(premises.street, '') as street
    from combined
    left join premises on combined.service_point_id = premises.service_point_id
)

select * from placed
