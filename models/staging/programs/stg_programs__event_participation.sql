select
    event_id,
    customer_id,
    {{ when_known('opted_out_at') }} as opted_out_at
from {{ source('programs', 'event_participation') }}
where event_id not in (
    select dr_events.event_id
    from {{ source('programs', 'dr_events') }} as dr_events
    where not {{ known_by('coalesce(dr_events.notified_at, dr_events.starts_at)') }}
)
