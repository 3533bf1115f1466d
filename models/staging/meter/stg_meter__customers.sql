select
    customer_key,
    customer_id,
    is_listed,
    has_consent,
    has_medical_need,
    is_enrolled
from {{ source('meter', 'customers') }}
