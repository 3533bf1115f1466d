{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['customer_key', 'local_date'],
    pre_hook="{{ forget_changed_customers(applied_relation('int_agreements_applied')) }}"
) }}
-- depends_on: {{ ref('int_meter_agreements') }}
-- Energy that customers fed into the grid. A channel of its own: it is neither negative load nor an error.
with

readings as (select * from {{ ref('int_readings_held') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

touched as (select * from {{ ref('int_customer_days_touched') }}),

summed as (
    select
        readings.customer_key,
        instants.local_date,
        cast(sum(readings.kwh) as decimal(18, 9)) as received_kwh
    from readings
    inner join instants on readings.interval_start_at = instants.interval_start_at
    {% if is_incremental() %}
        inner join touched
            on readings.customer_key = touched.customer_key and instants.local_date = touched.local_date
    {% endif %}
    where
        readings.channel = 'received'
        {% if is_incremental() %}and {{ within_touched_days('readings.interval_start_at') }}{% endif %}
    group by
        readings.customer_key,
        instants.local_date
)

select * from summed
