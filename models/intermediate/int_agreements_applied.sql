-- Agreements that all incremental models rest on; built after all of them, like int_loads_applied.
-- depends_on: {{ ref('int_loads_applied') }}
with

agreements as (select * from {{ ref('int_meter_agreements') }})

select * from agreements
