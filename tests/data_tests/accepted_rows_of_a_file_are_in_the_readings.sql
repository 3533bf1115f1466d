{{ config(tags=['essential']) }}
with

loads as (select * from {{ ref('stg_meter__loads') }}),

readings as (select * from {{ ref('stg_meter__readings') }}),

stored as (
    select
        load_id,
        count(*) as rows_stored
    from readings
    group by load_id
)

select
    loads.load_id,
    loads.rows_accepted,
    coalesce(stored.rows_stored, 0) as rows_stored,
    'the manifest and the readings disagree' as failure_reason
from loads
left join stored on loads.load_id = stored.load_id
where loads.rows_accepted != coalesce(stored.rows_stored, 0)
