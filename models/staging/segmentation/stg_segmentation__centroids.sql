select
    run_id,
    segment_id,
    customer_class,
    customers,
    {{ hour_columns('') | join(',\n    ') }}
from {{ source('segmentation', 'segment_centroids') }}
