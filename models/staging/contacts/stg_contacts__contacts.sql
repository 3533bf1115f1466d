select
    contact_id,
    customer_id,
    contacted_at,
    channel,
    topic,
    place_words,
    contact_text,
    tone
from {{ source('contacts', 'contacts') }}
where {{ known_by('contacted_at') }}
