-- Each season's day of a customer, held against the segments in use: where it lies nearer to another segment than to the
-- customer's own by more than a hair, the customer changes shape with the season.
with

profiles as (select * from {{ ref('int_profiles_standardized') }}),

runs as (select * from {{ ref('int_segment_runs_current') }}),

all_runs as (select * from {{ ref('stg_segmentation__runs') }}),

assignments as (select * from {{ ref('stg_segmentation__assignments') }}),

centroids as (select * from {{ ref('stg_segmentation__centroids') }}),

segments as (select * from {{ ref('dim_segment') }}),

assigned as (select * from {{ ref('fct_customer_segment') }}),

limits as (select * from {{ ref('quality_limits') }}),

seasonal_profiles as (
    select * from profiles
    where season != 'all' and day_type in ('all', 'weekday', 'weekend')
),

-- A run over several profiles has a centroid for each; elsewhere their mean stands for the segment.
mean_centroids as (
    select
        segment_id,
        customer_class,
        {{ hour_columns('', prefix='centroid_') | join(',\n        ') }}
    from segments
    where is_current
),

distances as (
    select
        seasonal_profiles.customer_key,
        seasonal_profiles.season,
        seasonal_profiles.day_type,
        mean_centroids.segment_id,
        sqrt(
            {% for column in hour_columns('') %}
                power(
                    seasonal_profiles.{{ column }} - coalesce(centroids.{{ column }}, mean_centroids.centroid_{{ column }}), 2
                ){{ ' +' if not loop.last }}
            {% endfor %}
        ) as distance
    from seasonal_profiles
    inner join runs
        on coalesce(seasonal_profiles.customer_class, 'unclassified') = runs.customer_class
        and seasonal_profiles.standardisation = runs.standardisation
    inner join mean_centroids on runs.customer_class = mean_centroids.customer_class
    left join centroids
        on runs.run_id = centroids.run_id
        and mean_centroids.segment_id = centroids.segment_id
        and seasonal_profiles.season = centroids.season
        and seasonal_profiles.day_type = centroids.day_type
),

nearest as (
    select * from distances
    qualify row_number() over (partition by customer_key, season, day_type order by distance, segment_id) = 1
),

own_season_runs as (
    select
        assignments.customer_key,
        all_runs.profile_set,
        assignments.segment_id
    from all_runs
    inner join assignments on all_runs.run_id = assignments.run_id
    inner join segments
        on assignments.run_id = segments.run_id
        and assignments.segment_id = segments.segment_id
        and all_runs.customer_class = segments.customer_class
    where all_runs.status = 'accepted' and all_runs.purpose = 'season'
),

compared as (
    select
        nearest.customer_key,
        assigned.customer_id,
        nearest.season,
        nearest.day_type,
        assigned.segment_id as year_segment_id,
        assigned.segment_name as year_segment_name,
        nearest.segment_id,
        segments.segment_name,
        to_year.distance as year_distance,
        nearest.distance,
        nearest.segment_id != assigned.segment_id
        and nearest.distance <= to_year.distance * (1 - limits.limit_value) as changes_shape,
        assigned.descriptive_only,
        own_season_runs.segment_id as season_run_segment_id
    from nearest
    inner join assigned on nearest.customer_key = assigned.customer_key
    inner join distances as to_year
        on nearest.customer_key = to_year.customer_key
        and nearest.season = to_year.season
        and nearest.day_type = to_year.day_type
        and assigned.segment_id = to_year.segment_id
    inner join segments on nearest.segment_id = segments.segment_id and segments.is_current
    inner join limits on limits.limit_name = 'smallest_season_change_fraction'
    left join own_season_runs
        on nearest.customer_key = own_season_runs.customer_key
        and nearest.season || '/' || nearest.day_type = own_season_runs.profile_set
)

select * from compared
