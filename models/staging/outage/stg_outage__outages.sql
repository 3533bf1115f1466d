select
    outage_id,
    service_point_id,
    started_at,
    {{ when_known('restored_at') }} as restored_at,
    cause
from {{ source('outage', 'outages') }}
where {{ known_by('started_at') }}
