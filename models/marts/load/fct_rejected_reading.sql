with

rejected as (select * from {{ ref('stg_meter__rejected_readings') }}),

described as (
    select
        load_id,
        file_name,
        line_number,
        reason,
        service_point_id,
        label,
        kwh
    from rejected
)

select * from described
