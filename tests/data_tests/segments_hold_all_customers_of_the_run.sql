with

summarised as (
    select coalesce(sum(customers), 0) as customers from {{ ref('mart_segment_summary') }}
),

fitted as (
    select coalesce(sum(customers), 0) as customers from {{ ref('int_segment_runs_current') }}
),

assigned_later as (
    select count(*) as customers from {{ ref('fct_customer_segment') }}
    where not was_fitted and not is_outlier
)

select
    summarised.customers as customers_summarised,
    fitted.customers as customers_fitted,
    assigned_later.customers as customers_assigned_later,
    'segments do not hold everyone who was clustered or assigned' as failure_reason
from summarised
cross join fitted
cross join assigned_later
where summarised.customers != fitted.customers + assigned_later.customers
