-- Customer-days that loads have changed since the incremental models were last built. A first or full build reads
-- everything anyway, so the list is empty then.
{% set loads_applied = applied_relation('int_loads_applied') %}
{% set agreements_applied = applied_relation('int_agreements_applied') %}
with

readings as (select * from {{ ref('int_readings_held') }}),

batches as (select * from {{ ref('stg_meter__reading_batches') }}),

agreements as (select * from {{ ref('int_meter_agreements') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

touched as (
    select
        readings.customer_key,
        instants.local_date
    from readings
    inner join instants on readings.interval_start_at = instants.interval_start_at
    where
        {% if loads_applied and agreements_applied and not flags.FULL_REFRESH %}
            -- Keys of batches rise from load to load.
            readings.batch_key >= (
                select min(batches.batch_key) from batches
                where batches.load_id > (select coalesce(max(applied.load_id), 0) from {{ loads_applied }} as applied)
            )
            or readings.customer_key in ({{ customers_with_changed_agreements(agreements_applied, 'agreements') }})
        {% else %}
            false
        {% endif %}
    group by all
)

select * from touched
