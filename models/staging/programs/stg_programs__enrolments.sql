select
    program_id,
    customer_id,
    enrolled_on,
    {{ when_known('left_on') }} as left_on,
    {{ when_known('leave_reason', 'left_on') }} as leave_reason
from {{ source('programs', 'program_enrolments') }}
where {{ known_by('enrolled_on') }}
