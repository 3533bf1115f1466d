select
    batch_key,
    load_id,
    version,
    source_flag
from {{ source('meter', 'reading_batches') }}
