with

runs as (select * from {{ ref('stg_segmentation__runs') }}),

in_use as (
    select * from runs
    where status = 'accepted' and purpose = 'targeting'
)

select * from in_use
