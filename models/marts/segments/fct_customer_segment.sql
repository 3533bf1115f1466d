with

assignments as (select * from {{ ref('stg_segmentation__assignments') }}),

segments as (select * from {{ ref('dim_segment') }}),

customers as (select * from {{ ref('dim_customer') }}),

assigned as (
    select
        assignments.customer_key,
        customers.customer_id,
        assignments.run_id,
        assignments.segment_id,
        segments.segment_name,
        segments.descriptive_only,
        assignments.was_fitted,
        assignments.is_outlier,
        assignments.outlier_factor,
        assignments.distance,
        assignments.next_distance,
        assignments.silhouette
    from assignments
    inner join segments on assignments.run_id = segments.run_id and assignments.segment_id = segments.segment_id
    inner join customers on assignments.customer_key = customers.customer_key
    where segments.is_current
)

select * from assigned
