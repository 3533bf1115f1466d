select
    service_point_id,
    customer_id,
    customer_class,
    valid_from,
    {{ when_known('valid_to') }} as valid_to
from {{ source('meter', 'service_agreements') }}
where {{ known_by("coalesce(valid_from, date '1900-01-01')") }}
