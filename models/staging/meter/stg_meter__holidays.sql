select
    holiday_date,
    holiday_name
from {{ source('meter', 'holidays') }}
