-- Segments of the latest run. A name is the first rule of the seed that the segment's shape meets, with its top hour.
with

centroids as (select * from {{ ref('stg_segmentation__centroids') }}),

runs as (select * from {{ ref('int_segment_runs_latest') }}),

shapes as (select * from {{ ref('int_segment_shapes') }}),

rules as (select * from {{ ref('segment_names') }}),

matched as (
    select
        shapes.segment_id,
        min_by(rules.segment_name, rules.priority) as rule_name
    from shapes
    inner join rules
        on coalesce(shapes.night_fraction >= rules.smallest_night_fraction, true)
        and coalesce(shapes.morning_fraction >= rules.smallest_morning_fraction, true)
        and coalesce(shapes.midday_fraction <= rules.greatest_midday_fraction, true)
        and coalesce(shapes.midday_fraction >= rules.smallest_midday_fraction, true)
        and coalesce(shapes.evening_fraction >= rules.smallest_evening_fraction, true)
        and coalesce(shapes.top_to_mean <= rules.greatest_top_to_mean, true)
    group by shapes.segment_id
),

described as (
    select
        centroids.run_id,
        centroids.segment_id,
        centroids.customer_class,
        matched.rule_name || ', top at ' || lpad(cast(shapes.top_hour as varchar), 2, '0') || ':00' as segment_name,
        runs.season,
        runs.day_type,
        runs.standardisation,
        centroids.customers,
        shapes.top_hour,
        shapes.night_fraction,
        shapes.morning_fraction,
        shapes.midday_fraction,
        shapes.evening_fraction,
        shapes.top_to_mean,
        runs.silhouette,
        runs.null_silhouette_mean,
        runs.descriptive_only,
        runs.verdict,
        {% for column in hour_columns('') %}
            centroids.{{ column }} as centroid_{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from centroids
    inner join runs on centroids.run_id = runs.run_id and centroids.customer_class = runs.customer_class
    left join shapes on centroids.segment_id = shapes.segment_id
    left join matched on centroids.segment_id = matched.segment_id
)

select * from described
