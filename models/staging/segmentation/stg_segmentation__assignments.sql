select
    run_id,
    customer_key,
    segment_id,
    distance,
    next_distance,
    silhouette
from {{ source('segmentation', 'segment_assignments') }}
