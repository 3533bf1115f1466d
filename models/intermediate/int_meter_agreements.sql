-- Who holds which meter when, without gaps and without overlaps, so that every reading of a delivered channel belongs to
-- exactly one row. Time that no agreement covers belongs to customer 0, nobody: its energy is counted, not lost.
with

meters as (select * from {{ ref('stg_meter__meters') }}),

agreements as (select * from {{ ref('stg_meter__service_agreements') }}),

customers as (select * from {{ ref('stg_meter__customers') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

delivered as (
    select
        meter_key,
        service_point_id
    from meters
    where channel = 'delivered'
),

agreements_in_utc as (
    select
        agreements.service_point_id,
        agreements.customer_id,
        coalesce({{ local_to_utc('agreements.valid_from', 'utility.time_zone') }}, timestamp '1900-01-01') as valid_from_at,
        coalesce({{ local_to_utc('agreements.valid_to', 'utility.time_zone') }}, timestamp '2200-01-01') as valid_to_at
    from agreements
    cross join utility
),

held as (
    select
        delivered.meter_key,
        customers.customer_key,
        agreements_in_utc.valid_from_at,
        agreements_in_utc.valid_to_at
    from delivered
    inner join agreements_in_utc on delivered.service_point_id = agreements_in_utc.service_point_id
    inner join customers on agreements_in_utc.customer_id = customers.customer_id
    union all
    select
        delivered.meter_key,
        customers.customer_key,
        timestamp '1900-01-01' as valid_from_at,
        timestamp '2200-01-01' as valid_to_at
    from delivered
    inner join customers on delivered.service_point_id = customers.customer_id
    where delivered.service_point_id not in (select agreements.service_point_id from agreements)
),

-- A customer with several meters needs all of them for a whole hour, so the count must hold at every moment: cut each
-- customer's time wherever one of the meters comes or goes.
changes as (
    select
        customer_key,
        valid_from_at as change_at
    from held
    union
    select
        customer_key,
        valid_to_at as change_at
    from held
),

periods as (
    select
        customer_key,
        change_at as valid_from_at,
        lead(change_at) over (partition by customer_key order by change_at) as valid_to_at
    from changes
),

held_in_periods as (
    select
        held.meter_key,
        held.customer_key,
        periods.valid_from_at,
        periods.valid_to_at,
        count(*) over (partition by held.customer_key, periods.valid_from_at) as meters_held
    from held
    inner join periods
        on held.customer_key = periods.customer_key
        and held.valid_from_at <= periods.valid_from_at
        and held.valid_to_at >= periods.valid_to_at
),

ends_of_tenure as (
    select
        meter_key,
        valid_from_at as vacant_to_at,
        lag(valid_to_at, 1, timestamp '1900-01-01') over (partition by meter_key order by valid_from_at) as vacant_from_at
    from held
    union all
    select
        delivered.meter_key,
        timestamp '2200-01-01' as vacant_to_at,
        coalesce(max(held.valid_to_at), timestamp '1900-01-01') as vacant_from_at
    from delivered
    left join held on delivered.meter_key = held.meter_key
    group by delivered.meter_key
),

vacant as (
    select
        meter_key,
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
