{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['customer_key', 'local_date']) }}
with

hours as (select * from {{ ref('int_customer_hours') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

touched as (select * from {{ ref('int_customer_days_touched') }}),

counted as (
    select
        hours.customer_key,
        instants.local_date,
        sum(hours.kwh) as kwh,
        -- An hour with a part missing has no known peak.
        max(case when hours.minutes = 60 then hours.kwh end) as peak_kw,
        sum(hours.minutes) as received_minutes
    from hours
    inner join instants on hours.hour_start_at = instants.interval_start_at
    {% if is_incremental() %}
        inner join touched on hours.customer_key = touched.customer_key and instants.local_date = touched.local_date
    {% endif %}
    group by
        hours.customer_key,
        instants.local_date
),

typed as (
    select
        customer_key,
        local_date,
        cast(kwh as decimal(18, 9)) as kwh,
        cast(peak_kw as decimal(18, 9)) as peak_kw,
        cast(received_minutes as integer) as received_minutes
    from counted
)

select * from typed
