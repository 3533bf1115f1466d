select
    day_shape_id,
    sampled_days,
    {{ hour_columns('') | join(',\n    ') }}
from {{ source('day_shapes', 'day_shape_centroids') }}
