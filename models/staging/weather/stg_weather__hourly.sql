select
    station_id,
    date_trunc('hour', observed_at) as hour_start_at,
    -- rounded, because sums of floating-point numbers depend on their order
    round(avg(temperature_c), 4) as temperature_c,
    count(*) as observations
from {{ source('weather', 'weather') }}
where {{ known_by('observed_at') }}
group by station_id, date_trunc('hour', observed_at)
