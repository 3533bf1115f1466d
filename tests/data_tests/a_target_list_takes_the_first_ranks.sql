-- Nobody who was passed over ranks above a target, and cumulative kW never falls.
with

ranked as (
    select
        *,
        lag(is_target, 1, true) over (partition by customer_class order by rank) as previous_is_target,
        lag(cumulative_kw, 1, 0) over (partition by customer_class order by rank) as previous_cumulative_kw
    from {{ ref('mart_dr_targets') }}
)

select
    customer_key,
    customer_class,
    rank,
    'the list skips a rank, or its kW falls' as failure_reason
from ranked
where (is_target and not previous_is_target) or cumulative_kw < previous_cumulative_kw
