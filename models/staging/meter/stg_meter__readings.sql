select
    meter_key,
    interval_start_at,
    kwh,
    batch_key
from {{ source('meter', 'readings') }}
where {{ known_by('interval_start_at') }}
