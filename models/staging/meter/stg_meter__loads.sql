select
    load_id,
    file_name,
    file_format,
    label,
    label_time_zone,
    grid_minutes,
    rows_in,
    rows_accepted,
    rows_duplicate,
    rows_superseded,
    rows_rejected,
    rows_ambiguous,
    first_interval_start_at,
    {{ at_most_known('last_interval_end_at') }} as last_interval_end_at,
    loaded_at
from {{ source('meter', 'load_manifest') }}
where {{ known_by('first_interval_start_at') }}
