-- Outages by service point, however the utility records them: by service point, or by feeder or transformer with the premises
-- saying what hangs on it. Of one outage the narrower record counts, for it knows who was restored earlier.
with

outages as (select * from {{ ref('stg_outage__outages') }}),

equipment_outages as (select * from {{ ref('stg_outage__equipment_outages') }}),

premises as (select * from {{ ref('stg_premises__premises') }}),

-- What hangs on which equipment; the narrower record goes first.
attached as (
    select
        2 as breadth,
        'transformer' as equipment_kind,
        transformer_id as equipment_id,
        service_point_id
    from premises
    union all
    select
        3 as breadth,
        'feeder' as equipment_kind,
        feeder_id as equipment_id,
        service_point_id
    from premises
),

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
        attached.breadth,
        equipment_outages.outage_id,
        attached.service_point_id,
        equipment_outages.started_at,
        equipment_outages.restored_at,
        equipment_outages.cause
    from equipment_outages
    inner join attached
        on equipment_outages.equipment_kind = attached.equipment_kind
        and equipment_outages.equipment_id = attached.equipment_id
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
