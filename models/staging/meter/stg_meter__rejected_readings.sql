select
    load_id,
    file_name,
    line_number,
    reason,
    service_point_id,
    label,
    kwh
from {{ source('meter', 'rejected_readings') }}
