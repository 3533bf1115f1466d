select
    meter_key,
    service_point_id,
    channel
from {{ source('meter', 'meters') }}
