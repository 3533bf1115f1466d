{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['customer_key', 'local_date'],
    pre_hook="{{ forget_changed_customers(applied_relation('int_agreements_applied')) }}"
) }}
-- depends_on: {{ ref('int_meter_agreements') }}
-- What readings say of a day, before it is judged: the judgement may change without a new reading.
with

hours as (select * from {{ ref('int_customer_hours') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

touched as (select * from {{ ref('int_customer_days_touched') }}),

metered as (
    select
        hours.customer_key,
        instants.local_date,
        cast(sum(hours.kwh) as decimal(18, 9)) as kwh,
        -- An hour with a part missing has no known peak.
        max(case when hours.minutes = 60 then hours.kwh end) as peak_kw,
        min(case when hours.minutes = 60 then hours.kwh end) as base_kw,
        cast(sum(hours.minutes) as integer) as received_minutes
    from hours
    inner join instants on {{ same_instant('hours.hour_start_at', 'instants.interval_start_at') }}
    {% if is_incremental() %}
        inner join touched on hours.customer_key = touched.customer_key and instants.local_date = touched.local_date
        where {{ within_touched_days('hours.hour_start_at') }}
    {% endif %}
    group by
        hours.customer_key,
        instants.local_date
)

select * from metered
