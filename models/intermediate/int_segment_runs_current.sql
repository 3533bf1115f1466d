with

runs as (select * from {{ ref('stg_segmentation__runs') }}),

latest as (
    select * from runs
    where created_at = (select max(newest.created_at) from runs as newest)
)

select * from latest
