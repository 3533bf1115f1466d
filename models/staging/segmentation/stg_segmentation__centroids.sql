select
    run_id,
    segment_id,
    season,
    day_type,
    customer_class,
    customers,
    matched_distance,
    {{ hour_columns('') | join(',\n    ') }}
from {{ source('segmentation', 'segment_centroids') }}
