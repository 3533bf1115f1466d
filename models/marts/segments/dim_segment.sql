-- Segments of the run in use, of candidates, and of the runs that these are compared with. A name is the first rule of
-- the seed that the segment's shape meets, with its top hour. Where the null test finds no groups, nothing is advised.
with

centroids as (select * from {{ ref('stg_segmentation__centroids') }}),

runs as (select * from {{ ref('stg_segmentation__runs') }}),

shapes as (select * from {{ ref('int_segment_shapes') }}),

rules as (select * from {{ ref('segment_names') }}),

mean_centroids as (
    select
        run_id,
        segment_id,
        customer_class,
        min(customers) as customers,
        {% for column in hour_columns('') %}
            avg(cast({{ column }} as decimal(24, 15))) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from centroids
    group by
        run_id,
        segment_id,
        customer_class
),

{% set features = (
    'top_hour', 'top_fraction', 'night_fraction', 'morning_fraction', 'midday_fraction', 'evening_fraction',
    'evening_ramp_fraction', 'summer_evening_ratio', 'winter_evening_ratio', 'top_to_mean'
) %}
{% set least = features[:-1] %}
{% set most = ('top_hour', 'midday_fraction', 'top_to_mean') %}
-- An empty cell of the seed sets no bound; a bound on what is not known, such as summer in a winter's data, is not met.
matched as (
    select
        shapes.run_id,
        shapes.segment_id,
        min(rules.priority) as priority
    from shapes
    inner join rules
        on true
        {% for feature in least %}
            and (rules.smallest_{{ feature }} is null or shapes.{{ feature }} >= rules.smallest_{{ feature }})
        {% endfor %}
        {% for feature in most %}
            and (rules.greatest_{{ feature }} is null or shapes.{{ feature }} <= rules.greatest_{{ feature }})
        {% endfor %}
    group by
        shapes.run_id,
        shapes.segment_id
),

described as (
    select
        mean_centroids.run_id,
        mean_centroids.segment_id,
        runs.status,
        runs.purpose,
        runs.status = 'accepted' and runs.purpose = 'targeting' as is_current,
        mean_centroids.customer_class,
        rules.segment_name || ', top at ' || lpad(cast(shapes.top_hour as varchar), 2, '0') || ':00' as segment_name,
        runs.profile_set,
        runs.standardisation,
        runs.algorithm,
        mean_centroids.customers,
        {% for feature in features %}
            shapes.{{ feature }},
        {% endfor %}
        runs.silhouette,
        runs.null_silhouette_mean,
        runs.descriptive_only,
        runs.verdict,
        runs.k_reason,
        {% for column in ('program', 'message_theme', 'channel', 'incentive') %}
            case when not runs.descriptive_only then rules.{{ column }} end as {{ column }},
        {% endfor %}
        case
            when runs.descriptive_only
                then 'no program: these segments describe customers, the null test found no groups'
        end as advice_reason,
        {% for column in hour_columns('') %}
            mean_centroids.{{ column }} as centroid_{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from mean_centroids
    inner join runs
        on mean_centroids.run_id = runs.run_id and mean_centroids.customer_class = runs.customer_class
    inner join shapes
        on mean_centroids.run_id = shapes.run_id and mean_centroids.segment_id = shapes.segment_id
    left join matched
        on mean_centroids.run_id = matched.run_id and mean_centroids.segment_id = matched.segment_id
    left join rules on matched.priority = rules.priority
)

select * from described
