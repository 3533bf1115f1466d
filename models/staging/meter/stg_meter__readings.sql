select
    meter_key,
    interval_start_at,
    interval_minutes,
    kwh,
    source_flag,
    version,
    load_id
from {{ source('meter', 'readings') }}
