select
    offer_id,
    program_id,
    customer_id,
    offered_on,
    channel,
    incentive,
    assignment
from {{ source('programs', 'program_offers') }}
where {{ known_by('offered_on') }}
