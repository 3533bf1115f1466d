{{ config(tags=['essential']) }}
with

customers as (select * from {{ ref('dim_customer') }}),

profiled as (select * from {{ ref('mart_customer_360') }}),

targets as (select * from {{ ref('mart_dr_targets') }})

select
    coalesce(customers.customer_key, profiled.customer_key, targets.customer_key) as customer_key,
    'missing from one of dim_customer, mart_customer_360 and mart_dr_targets' as failure_reason
from customers
full outer join profiled on customers.customer_key = profiled.customer_key
full outer join targets on coalesce(customers.customer_key, profiled.customer_key) = targets.customer_key
where customers.customer_key is null or profiled.customer_key is null or targets.customer_key is null
