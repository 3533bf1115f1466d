-- Customer-days that loads have changed since the incremental models were last built. A first or full build reads
-- everything anyway, so the list is empty then.
{% set applied = load_relation(api.Relation.create(
    database=target.database, schema='intermediate', identifier='int_loads_applied'
)) %}
with

readings as (select * from {{ ref('stg_meter__readings') }}),

agreements as (select * from {{ ref('int_meter_agreements') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

touched as (
    select
        agreements.customer_key,
        instants.local_date,
        instants.local_month
    from readings
    inner join agreements
        on readings.meter_key = agreements.meter_key
        and readings.interval_start_at >= agreements.valid_from_at
        and readings.interval_start_at < agreements.valid_to_at
    inner join instants on readings.interval_start_at = instants.interval_start_at
    where
        {% if applied and not flags.FULL_REFRESH %}
            readings.load_id > (select coalesce(max(load_id), 0) from {{ applied }})
        {% else %}
            false
        {% endif %}
    group by all
)

select * from touched
