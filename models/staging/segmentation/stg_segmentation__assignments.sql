select
    run_id,
    customer_key,
    segment_id,
    was_fitted,
    is_outlier,
    outlier_factor,
    distance,
    next_distance,
    silhouette
from {{ source('segmentation', 'segment_assignments') }}
