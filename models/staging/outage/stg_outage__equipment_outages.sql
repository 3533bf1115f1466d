select
    outage_id,
    equipment_id,
    equipment_kind,
    started_at,
    {{ when_known('restored_at') }} as restored_at,
    cause
from {{ source('outage', 'equipment_outages') }}
where {{ known_by('started_at') }}
