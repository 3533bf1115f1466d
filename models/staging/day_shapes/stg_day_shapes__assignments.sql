select
    customer_key,
    local_date,
    day_shape_id
from {{ source('day_shapes', 'day_shape_assignments') }}
