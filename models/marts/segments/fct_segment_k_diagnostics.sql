with

diagnostics as (select * from {{ ref('stg_segmentation__k_diagnostics') }})

select * from diagnostics
