-- Customer-days that loads have changed since the incremental models were last built. A first or full build reads
-- everything anyway, so the list is empty then.
{% set loads_applied = applied_relation('int_loads_applied') %}
{% set agreements_applied = applied_relation('int_agreements_applied') %}
with

-- Looked at twice, and each time at few rows, so a copy would cost more than it saves.
readings as not materialized (select * from {{ ref('int_readings_held') }}),

batches as (select * from {{ ref('stg_meter__reading_batches') }}),

agreements as (select * from {{ ref('int_meter_agreements') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

{% if loads_applied and agreements_applied and not flags.FULL_REFRESH %}
    new_batches as (
        -- Keys of batches rise from load to load.
        select min(batches.batch_key) as first_batch_key
        from batches
        where batches.load_id > (select coalesce(max(applied.load_id), 0) from {{ loads_applied }} as applied)
    ),

    changed_customers as (
        {{ customers_with_changed_agreements(agreements_applied, 'agreements') }}
    ),

    changed_readings as (
        select
            customer_key,
            interval_start_at
        from readings
        where batch_key >= (select new_batches.first_batch_key from new_batches)
        union all
        select
            readings.customer_key,
            readings.interval_start_at
        from readings
        inner join changed_customers on readings.customer_key = changed_customers.customer_key
    ),
{% else %}
    changed_readings as (
        select
            customer_key,
            interval_start_at
        from readings
        where false
    ),
{% endif %}

touched as (
    select distinct
        changed_readings.customer_key,
        instants.local_date
    from changed_readings
    inner join instants on changed_readings.interval_start_at = instants.interval_start_at
)

select * from touched
