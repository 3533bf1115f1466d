with

centroids as (select * from {{ ref('stg_segmentation__centroids') }}),

segments as (select * from {{ ref('dim_segment') }}),

placed as (
    select
        centroids.run_id,
        centroids.segment_id,
        centroids.season,
        centroids.day_type,
        segments.segment_name,
        centroids.matched_distance,
        {{ hour_columns('', prefix='centroids.') | join(',\n        ') }}
    from centroids
    inner join segments on centroids.run_id = segments.run_id and centroids.segment_id = segments.segment_id
)

select * from placed
