select
    load_id,
    table_name,
    file_name,
    line_number,
    reason,
    row_text
from {{ source('source_loads', 'rejected_source_rows') }}
