select
    time_zone,
    holiday_calendar,
    currency,
    peak_season,
    peak_window_start_hour,
    standardisation,
    target_count,
    target_kw
from {{ source('meter', 'utility') }}
