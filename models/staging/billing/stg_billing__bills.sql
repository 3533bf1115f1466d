select
    bill_id,
    service_point_id,
    customer_id,
    tariff_id,
    cycle_start_date,
    cycle_end_date,
    billed_kwh,
    amount,
    issued_on,
    due_on,
    {{ when_known('paid_on') }} as paid_on
from {{ source('billing', 'bills') }}
where {{ known_by('issued_on') }}
