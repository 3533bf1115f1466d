select
    event_id,
    program_id,
    starts_at,
    ends_at,
    notified_at,
    direction
from {{ source('programs', 'dr_events') }}
where {{ known_by('coalesce(notified_at, starts_at)') }}
