select
    customer_id,
    known_from_date,
    tenure,
    household_size,
    income_band,
    is_low_income,
    has_medical_need,
    has_consent,
    language
from {{ source('customer', 'customer_attributes') }}
where {{ known_by('known_from_date') }}
