select
    service_point_id,
    customer_id,
    customer_class,
    valid_from,
    valid_to
from {{ source('meter', 'service_agreements') }}
