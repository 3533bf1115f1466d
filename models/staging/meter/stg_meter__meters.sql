select
    meter_key,
    service_point_id,
    register_id,
    channel,
    interval_minutes
from {{ source('meter', 'meters') }}
