with

summarised as (
    select coalesce(sum(customers), 0) as customers from {{ ref('mart_segment_summary') }}
),

clustered as (
    select coalesce(sum(customers), 0) as customers from {{ ref('int_segment_runs_latest') }}
)

select
    summarised.customers as customers_summarised,
    clustered.customers as customers_clustered,
    'segments do not hold everyone who was clustered' as failure_reason
from summarised
cross join clustered
where summarised.customers != clustered.customers
