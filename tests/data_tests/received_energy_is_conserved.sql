{{ config(tags=['essential']) }}
with

metered as (
    select coalesce(sum(readings.kwh), 0) as kwh
    from {{ ref('stg_meter__readings') }} as readings
    inner join {{ ref('stg_meter__meters') }} as meters on readings.meter_key = meters.meter_key
    where meters.channel = 'received'
),

by_day as (
    select coalesce(sum(received_kwh), 0) as kwh from {{ ref('int_customer_days_received') }}
)

select
    metered.kwh as metered_kwh,
    by_day.kwh,
    'energy was lost or made' as failure_reason
from metered
cross join by_day
where metered.kwh != by_day.kwh
