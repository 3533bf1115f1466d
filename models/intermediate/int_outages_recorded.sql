-- Outages by service point, however the utility records them: by service point, or by feeder or transformer with the premises
-- saying what hangs on it. Of one outage the narrower record counts, for it knows who was restored earlier.
with

outages as (select * from {{ ref('stg_outage__outages') }}),

equipment_outages as (select * from {{ ref('stg_outage__equipment_outages') }}),

premises as (select * from {{ ref('stg_premises__premises') }}),

together as (
    select
        1 as breadth,
        outage_id,
        service_point_id,
        started_at,
        restored_at,
        cause
    from outages
    union all
    select
        2 as breadth,
        equipment_outages.outage_id,
        premises.service_point_id,
        equipment_outages.started_at,
        equipment_outages.restored_at,
        equipment_outages.cause
    from equipment_outages
    inner join premises on equipment_outages.equipment_id = premises.transformer_id
    where equipment_outages.equipment_kind = 'transformer'
    union all
    select
        3 as breadth,
        equipment_outages.outage_id,
        premises.service_point_id,
        equipment_outages.started_at,
        equipment_outages.restored_at,
        equipment_outages.cause
    from equipment_outages
    inner join premises on equipment_outages.equipment_id = premises.feeder_id
    where equipment_outages.equipment_kind = 'feeder'
),

narrowest as (
    select
        outage_id,
        service_point_id,
        started_at,
        restored_at,
        cause
    from together
    qualify row_number() over (partition by outage_id, service_point_id order by breadth) = 1
)

select * from narrowest
