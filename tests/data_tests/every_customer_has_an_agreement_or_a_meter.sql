-- Who holds a meter is a customer, and who holds neither a meter nor an agreement is none, whatever a former file said.
with

customers as (select * from {{ ref('dim_customer') }}),

agreements as (select * from {{ ref('stg_meter__service_agreements') }}),

holders as (
    select distinct customer_key from {{ ref('int_meter_agreements') }}
    where customer_key != 0
)

select
    coalesce(customers.customer_key, holders.customer_key) as customer_key,
    case
        when customers.customer_key is null then 'holds a meter and is no customer'
        else 'a customer without agreement and without meter'
    end as failure_reason
from customers
full outer join holders on customers.customer_key = holders.customer_key
where
    customers.customer_key is null
    or (holders.customer_key is null and customers.customer_id not in (select agreements.customer_id from agreements))
