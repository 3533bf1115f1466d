select
    meter_key,
    interval_start_at,
    kwh,
    batch_key,
    superseded_by_load_id
from {{ source('meter', 'superseded_readings') }}
where {{ known_by('interval_start_at') }}
