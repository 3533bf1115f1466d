select
    outage_id,
    service_point_id,
    started_at,
    restored_at,
    cause
from {{ source('outage', 'outages') }}
