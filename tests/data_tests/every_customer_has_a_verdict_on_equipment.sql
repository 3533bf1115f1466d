-- Customers who cannot be judged are in the table, too, with the reason.
with

customers as (select * from {{ ref('dim_customer') }}),

equipment as (select * from {{ ref('mart_customer_equipment') }})

select
    coalesce(customers.customer_key, equipment.customer_key) as customer_key,
    case when equipment.customer_key is null then 'no row on equipment' else 'not a customer' end as failure_reason
from customers
full outer join equipment on customers.customer_key = equipment.customer_key
where customers.customer_key is null or equipment.customer_key is null
