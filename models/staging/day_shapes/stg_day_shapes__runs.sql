select
    run_id,
    created_at,
    k,
    k_reason,
    seed,
    customers,
    days,
    sampled_days,
    explained_fraction,
    first_local_date,
    last_local_date
from {{ source('day_shapes', 'day_shape_runs') }}
where {{ known_by('created_at') }}
