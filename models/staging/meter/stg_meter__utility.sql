select
    time_zone,
    holiday_calendar,
    currency,
    peak_season,
    peak_window_start_hour,
    standardisation,
    target_count,
    target_kw,
    coalesce(estimates_gaps, false) as estimates_gaps
from {{ source('meter', 'utility') }}
