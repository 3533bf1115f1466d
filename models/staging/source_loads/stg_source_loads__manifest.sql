select
    load_id,
    table_name,
    file_name,
    content_hash,
    rows_in,
    rows_accepted,
    rows_replaced,
    rows_rejected,
    loaded_at
from {{ source('source_loads', 'source_manifest') }}
