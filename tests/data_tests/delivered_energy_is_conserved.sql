{{ config(tags=['essential']) }}
-- What was metered is in the daily table, in the sums behind the profiles and in system load, to the last digit.
with

readings as (select * from {{ ref('stg_meter__readings') }}),

meters as (select * from {{ ref('stg_meter__meters') }}),

metered as (
    select coalesce(sum(readings.kwh), 0) as kwh
    from readings
    inner join meters on readings.meter_key = meters.meter_key
    where meters.channel = 'delivered'
),

totals as (
    select
        'int_customer_days_assessed' as model,
        coalesce(sum(kwh), 0) as kwh
    from {{ ref('int_customer_days_assessed') }}
    union all
    select
        'int_load_sums_monthly' as model,
        coalesce(sum(kwh), 0) as kwh
    from {{ ref('int_load_sums_monthly') }}
    union all
    select
        'int_system_load_hourly' as model,
        coalesce(sum(metered_kwh), 0) as kwh
    from {{ ref('int_system_load_hourly') }}
    union all
    select
        'fct_customer_daily_usage and days without agreement' as model,
        coalesce((select sum(usage.kwh) from {{ ref('fct_customer_daily_usage') }} as usage), 0)
        + coalesce((
            select sum(vacant.kwh) from {{ ref('int_customer_days_assessed') }} as vacant
            where vacant.customer_key = 0
        ), 0) as kwh
)

select
    totals.model,
    totals.kwh,
    metered.kwh as metered_kwh,
    'energy was lost or made' as failure_reason
from totals
cross join metered
where totals.kwh != metered.kwh
