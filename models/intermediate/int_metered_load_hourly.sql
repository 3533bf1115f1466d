{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['local_date']) }}
-- The sum of the meters. A day that any load touched is summed anew, over all customers.
with

hours as (select * from {{ ref('int_customer_hours') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

touched as (select * from {{ ref('int_customer_days_touched') }}),

summed as (
    select
        hours.hour_start_at,
        count(*) as customers,
        sum(hours.kwh) as metered_kwh
    from hours
    {% if is_incremental() %}
        inner join instants on hours.hour_start_at = instants.interval_start_at
        where instants.local_date in (select touched.local_date from touched)
    {% endif %}
    group by hours.hour_start_at
),

placed as (
    select
        summed.hour_start_at,
        instants.local_date,
        cast(summed.customers as integer) as customers,
        cast(summed.metered_kwh as decimal(18, 9)) as metered_kwh
    from summed
    inner join instants on summed.hour_start_at = instants.interval_start_at
)

select * from placed
