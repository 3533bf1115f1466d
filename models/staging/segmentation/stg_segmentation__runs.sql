select
    run_id,
    customer_class,
    created_at,
    season,
    day_type,
    standardisation,
    k,
    seed,
    customers,
    silhouette,
    null_silhouette_mean,
    null_silhouette_high,
    descriptive_only,
    verdict
from {{ source('segmentation', 'segment_runs') }}
