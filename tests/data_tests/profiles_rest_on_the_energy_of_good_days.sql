-- For each customer, the sums behind the profiles hold exactly the energy and time of the days that may shape them.
with

daily as (
    select
        customer_key,
        sum(kwh) as kwh,
        sum(received_minutes) as minutes
    from {{ ref('fct_customer_daily_usage') }}
    where shapes_profile
    group by customer_key
),

sums as (
    select
        customer_key,
        sum(kwh) as kwh,
        sum(minutes) as minutes
    from {{ ref('int_load_sums_monthly') }}
    where shapes_profile
    group by customer_key
)

select
    coalesce(daily.customer_key, sums.customer_key) as customer_key,
    'profiles and daily usage rest on different days' as failure_reason
from daily
full outer join sums on daily.customer_key = sums.customer_key
where daily.kwh is distinct from sums.kwh or daily.minutes is distinct from sums.minutes
