with

runs as (select * from {{ ref('stg_day_shapes__runs') }}),

held as (
    select coalesce(sum(days), 0) as days from {{ ref('fct_customer_day_shape') }}
)

select
    runs.days as days_clustered,
    held.days as days_held,
    'customers do not hold every day that was clustered' as failure_reason
from runs
cross join held
where runs.days != held.days
