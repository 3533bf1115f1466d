select
    service_point_id,
    feeder_id,
    transformer_id,
    area,
    street,
    premise_type,
    floor_area_m2
from {{ source('premises', 'premises') }}
