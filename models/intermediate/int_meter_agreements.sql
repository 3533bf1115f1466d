-- Who holds which meter when, without gaps and without overlaps, so that every reading belongs to exactly one row. Time
-- that no agreement covers belongs to customer 0, nobody: its energy is counted, not lost.
with

meters as (select * from {{ ref('stg_meter__meters') }}),

agreements as (select * from {{ ref('stg_meter__service_agreements') }}),

customers as (select * from {{ ref('stg_meter__customers') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

agreements_in_utc as (
    select
        agreements.service_point_id,
        agreements.customer_id,
        coalesce({{ local_day_start('agreements.valid_from', 'utility.time_zone') }}, timestamp '1900-01-01') as valid_from_at,
        coalesce({{ local_day_start('agreements.valid_to', 'utility.time_zone') }}, timestamp '2200-01-01') as valid_to_at
    from agreements
    cross join utility
),

held as (
    select
        meters.meter_key,
        meters.service_point_id,
        meters.register_id,
        meters.channel,
        meters.interval_minutes,
        customers.customer_key,
        agreements_in_utc.valid_from_at,
        agreements_in_utc.valid_to_at
    from meters
    inner join agreements_in_utc on meters.service_point_id = agreements_in_utc.service_point_id
    inner join customers on agreements_in_utc.customer_id = customers.customer_id
    union all
    select
        meters.meter_key,
        meters.service_point_id,
        meters.register_id,
        meters.channel,
        meters.interval_minutes,
        customers.customer_key,
        timestamp '1900-01-01' as valid_from_at,
        timestamp '2200-01-01' as valid_to_at
    from meters
    -- A listed customer may have the same id by chance.
    inner join customers on meters.service_point_id = customers.customer_id and not customers.is_listed
    where meters.service_point_id not in (select agreements.service_point_id from agreements)
),

-- A customer with several meters needs all of them for a whole hour, so the count must hold at every moment: cut each
-- customer's time wherever one of the meters comes or goes.
changes as (
    select
        customer_key,
        channel,
        valid_from_at as change_at
    from held
    union
    select
        customer_key,
        channel,
        valid_to_at as change_at
    from held
),

periods as (
    select
        customer_key,
        channel,
        change_at as valid_from_at,
        lead(change_at) over (partition by customer_key, channel order by change_at) as valid_to_at
    from changes
),

held_in_periods as (
    select
        held.meter_key,
        held.channel,
        held.interval_minutes,
        held.customer_key,
        periods.valid_from_at,
        periods.valid_to_at,
        -- A register whose step changed has a meter key for each step, and is one meter all the same.
        cast(
            count(distinct concat_ws('/', held.service_point_id, held.register_id)) over (
                partition by held.customer_key, held.channel, periods.valid_from_at
            ) as integer
        ) as meters_held
    from held
    inner join periods
        on held.customer_key = periods.customer_key
        and held.channel = periods.channel
        and held.valid_from_at <= periods.valid_from_at
        and held.valid_to_at >= periods.valid_to_at
),

ends_of_tenure as (
    select
        meter_key,
        channel,
        interval_minutes,
        valid_from_at as vacant_to_at,
        lag(valid_to_at, 1, timestamp '1900-01-01') over (partition by meter_key order by valid_from_at) as vacant_from_at
    from held
    union all
    select
        meters.meter_key,
        meters.channel,
        meters.interval_minutes,
        timestamp '2200-01-01' as vacant_to_at,
        coalesce(max(held.valid_to_at), timestamp '1900-01-01') as vacant_from_at
    from meters
    left join held on meters.meter_key = held.meter_key
    group by
        meters.meter_key,
        meters.channel,
        meters.interval_minutes
),

vacant as (
    select
        meter_key,
        channel,
        interval_minutes,
        0 as customer_key,
        vacant_from_at as valid_from_at,
        vacant_to_at as valid_to_at,
        1 as meters_held
    from ends_of_tenure
    where vacant_from_at < vacant_to_at
),

combined as (
    select * from held_in_periods
    union all
    select * from vacant
)

select * from combined
