{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['customer_key', 'local_month'],
    pre_hook="{{ forget_changed_customers(applied_relation('int_load_sums_total_agreements')) }}",
    post_hook="{{ remember_what_sums_hold() }}"
) }}
-- Sums that add up to any profile, over all days, good or not: what may not shape a profile is summed apart
-- (int_load_sums_excluded), so a new judgement touches nothing here.
--
-- The unit of restatement is the customer-day. A later build takes out what changed days had contributed, as readings and
-- agreements stood when the sums were last written, and puts in what they contribute now. Loads and agreements are
-- remembered in the same transaction that writes the sums, so a build that is killed and run again cannot count a change
-- twice. Customers with other agreements, as with a further meter, are summed anew over all their days.
{% set restates = is_incremental() and sums_are_remembered() %}
with

hours as (select * from {{ ref('int_customer_hours') }}),

-- Looked at twice, and each time at a few days, so a copy would cost more than it saves.
readings as not materialized (select * from {{ ref('int_readings_held') }}),

superseded as (select * from {{ ref('stg_meter__superseded_readings') }}),

batches as (select * from {{ ref('stg_meter__reading_batches') }}),

agreements as (select * from {{ ref('int_meter_agreements') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

-- One small number stands for month, day type and hour while grouping: one key to hash instead of three.
slots as (
    select
        instants.interval_start_at,
        {{ slot_of('instants') }} as slot
    from instants
),

{% if restates %}
    remembered as (select * from {{ sums_memory('loads') }}),

    agreements_then as (select * from {{ sums_memory('agreements') }}),

    changed_customers as (
        {{ customers_with_changed_agreements('agreements_then', 'agreements') }}
    ),

    new_batches as (
        select min(batches.batch_key) as first_batch_key
        from batches
        where batches.load_id > (select remembered.load_id from remembered)
    ),

    changed_readings as (
        select
            customer_key,
            interval_start_at
        from readings
        where channel = 'delivered' and batch_key >= (select new_batches.first_batch_key from new_batches)
        union all
        select
            readings.customer_key,
            readings.interval_start_at
        from readings
        inner join changed_customers on readings.customer_key = changed_customers.customer_key
        where readings.channel = 'delivered'
    ),

    changed_days as (
        select distinct
            changed_readings.customer_key,
            instants.local_date
        from changed_readings
        inner join instants on changed_readings.interval_start_at = instants.interval_start_at
    ),

    changed_instants as (
        select
            changed_days.customer_key,
            instants.interval_start_at,
            instants.hour_start_at
        from changed_days
        inner join instants on changed_days.local_date = instants.local_date
    ),

    former_readings as (
        select
            meter_key,
            interval_start_at,
            kwh
        from readings
        where
            batch_key < coalesce((select new_batches.first_batch_key from new_batches), 2147483647)
            and {{ within_span_of('interval_start_at', 'changed_instants') }}
        union all
        select
            meter_key,
            interval_start_at,
            kwh
        from superseded
        where
            batch_key < (select new_batches.first_batch_key from new_batches)
            and superseded_by_load_id > (select remembered.load_id from remembered)
    ),

    parts as (
        select
            1 as sign,
            readings.customer_key,
            readings.interval_start_at,
            readings.kwh,
            readings.interval_minutes,
            readings.meters_held
        from readings
        where readings.channel = 'delivered' and {{ within_span_of('readings.interval_start_at', 'changed_instants') }}
        union all
        select
            -1 as sign,
            agreements_then.customer_key,
            former_readings.interval_start_at,
            former_readings.kwh,
            agreements_then.interval_minutes,
            agreements_then.meters_held
        from former_readings
        inner join agreements_then
            on former_readings.meter_key = agreements_then.meter_key
            and former_readings.interval_start_at >= agreements_then.valid_from_at
            and former_readings.interval_start_at < agreements_then.valid_to_at
        where
            agreements_then.channel = 'delivered'
            and agreements_then.customer_key not in (select changed_customers.customer_key from changed_customers)
    ),

    changed_hours as (
        select
            parts.sign,
            parts.customer_key,
            changed_instants.hour_start_at,
            {{ is_whole_hour('parts') }} as is_whole_hour,
            sum(parts.kwh) as kwh,
            {{ minutes_metered('parts') }} as minutes
        from parts
        inner join changed_instants
            on parts.customer_key = changed_instants.customer_key
            and parts.interval_start_at = changed_instants.interval_start_at
        group by all
    ),

    changes as (
        select
            changed_hours.customer_key,
            slots.slot,
            cast(sum(changed_hours.sign) as bigint) as hours,
            sum(changed_hours.sign * changed_hours.minutes) as minutes,
            sum(changed_hours.sign * changed_hours.kwh) as kwh
        from changed_hours
        inner join slots on changed_hours.hour_start_at = slots.interval_start_at
        group by all
    ),

    restated as (
        select
            customer_key,
            slot,
            hours,
            minutes,
            kwh
        from changes
        union all
        select
            held.customer_key,
            {{ slot_of('held') }} as slot,
            held.hours,
            held.minutes,
            held.kwh
        from {{ this }} as held
        where (held.customer_key, held.local_month) in (
            select (changes.customer_key, {{ month_of_slot('changes.slot') }}) from changes
        )
    ),

    summed as (
        select
            customer_key,
            slot,
            sum(hours) as hours,
            sum(minutes) as minutes,
            sum(kwh) as kwh
        from restated
        group by all
        having sum(hours) > 0
    ),
{% else %}
    summed as (
        select
            hours.customer_key,
            slots.slot,
            count(*) as hours,
            sum(hours.minutes) as minutes,
            sum(hours.kwh) as kwh
        from hours
        inner join slots on {{ same_instant('hours.hour_start_at', 'slots.interval_start_at') }}
        group by all
    ),
{% endif %}

typed as (
    select
        customer_key,
        {{ month_of_slot('slot') }} as local_month,
        case when slot % 48 >= 24 then 'weekend' else 'weekday' end as day_type,
        cast(slot % 24 as smallint) as local_hour,
        cast(hours as integer) as hours,
        cast(minutes as integer) as minutes,
        cast(kwh as decimal(18, 9)) as kwh
    from summed
)

select * from typed
