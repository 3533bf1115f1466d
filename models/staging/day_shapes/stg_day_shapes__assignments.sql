select
    customer_key,
    local_date,
    day_shape_id
from {{ source('day_shapes', 'day_shape_assignments') }}
{% if as_of_date() is not none %}
    -- Day shapes found later rest on days that were not known yet.
    where (select min(created_at) from {{ source('day_shapes', 'day_shape_runs') }} where {{ known_by('created_at') }}) is not null
{% endif %}
