select
    program_id,
    program_name,
    program_type,
    launched_on
from {{ source('programs', 'programs') }}
