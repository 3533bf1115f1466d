with

loads as (select * from {{ ref('stg_source_loads__manifest') }}),

rejected_rows as (select * from {{ ref('stg_source_loads__rejected_rows') }}),

listed as (
    select
        load_id,
        count(*) as rows_listed
    from rejected_rows
    group by all
),

compared as (
    select
        coalesce(loads.load_id, listed.load_id) as load_id,
        coalesce(loads.rows_rejected, 0) as rows_rejected,
        coalesce(listed.rows_listed, 0) as rows_listed,
        'rejected rows of the load are not those that are listed' as failure_reason
    from loads
    full outer join listed on loads.load_id = listed.load_id
)

select * from compared
where rows_rejected != rows_listed
