{{ config(tags=['essential']) }}
with

history as (select * from {{ ref('dim_customer_history') }}),

customers as (select * from {{ ref('dim_customer') }}),

followed as (
    select
        *,
        lead(valid_from_date) over (partition by customer_key order by valid_from_date) as next_from_date
    from history
)

select
    customer_key,
    valid_from_date,
    'the version does not end where the next one begins' as failure_reason
from followed
where valid_to_date is distinct from next_from_date
union all
select
    customer_key,
    null as valid_from_date,
    'the customer has no history' as failure_reason
from customers
where customer_key not in (select history.customer_key from history)
