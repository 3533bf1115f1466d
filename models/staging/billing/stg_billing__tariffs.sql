select
    tariff_id,
    valid_from_date,
    valid_to_date,
    day_type,
    start_hour,
    end_hour,
    price_per_kwh,
    fixed_per_day
from {{ source('billing', 'tariffs') }}
