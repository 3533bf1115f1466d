select
    interval_start_at,
    interval_minutes,
    kwh
from {{ source('meter', 'system_load') }}
where {{ known_by('interval_start_at') }}
