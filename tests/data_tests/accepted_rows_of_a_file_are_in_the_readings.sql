{{ config(tags=['essential']) }}
with

loads as (select * from {{ ref('stg_meter__loads') }}),

batches as (select * from {{ ref('stg_meter__reading_batches') }}),

stored_in_batches as (
    select
        batch_key,
        count(*) as rows_stored
    from {{ ref('stg_meter__readings') }}
    group by batch_key
),

stored as (
    select
        batches.load_id,
        sum(stored_in_batches.rows_stored) as rows_stored
    from stored_in_batches
    inner join batches on stored_in_batches.batch_key = batches.batch_key
    group by batches.load_id
)

select
    loads.load_id,
    loads.rows_accepted,
    coalesce(stored.rows_stored, 0) as rows_stored,
    'the manifest and the readings disagree' as failure_reason
from loads
left join stored on loads.load_id = stored.load_id
where loads.rows_accepted != coalesce(stored.rows_stored, 0)
