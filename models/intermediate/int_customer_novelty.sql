-- How far a customer's recent days lie from those of her segment, against how far its members usually do. Means are taken
-- over decimals, which are exact in any order of rows.
with

runs as (select * from {{ ref('int_segment_runs_current') }}),

assignments as (select * from {{ ref('stg_segmentation__assignments') }}),

customers as (select * from {{ ref('dim_customer') }}),

shapes as (select * from {{ ref('int_customer_recent_shapes') }}),

equipment_limits as (select * from {{ ref('equipment_limits') }}),

limits as (
    {{ limits_as_columns('equipment_limits', 'limit_name', 'limit_value', [
        'smallest_segment_members',
        'novelty_interquartile_ranges'
    ]) }}
),

-- Classes may be in use from different runs.
members as (
    select
        assignments.run_id,
        assignments.customer_key,
        assignments.segment_id,
        assignments.is_outlier,
        assignments.distance as distance_at_run
    from assignments
    inner join customers on assignments.customer_key = customers.customer_key
    inner join runs on assignments.run_id = runs.run_id and customers.customer_class = runs.customer_class
),

segment_shapes as (
    select
        members.segment_id,
        count(*) as compared_members,
        {% for hour in hours() %}
            avg(shapes.{{ hour_column(hour, '') }}) as {{ hour_column(hour, '') }}{{ ',' if not loop.last }}
        {% endfor %}
    from members
    inner join shapes on members.customer_key = shapes.customer_key
    where shapes.has_shape
    group by members.segment_id
),

-- Signed departures hour by hour; the distance is their root of squares.
departures as (
    select
        members.*,
        shapes.good_days as recent_good_days,
        shapes.first_month as first_recent_month,
        shapes.last_month as last_recent_month,
        coalesce(shapes.has_shape, false) as has_shape,
        coalesce(segment_shapes.compared_members, 0) as compared_members,
        {% for hour in hours() %}
            cast(shapes.{{ hour_column(hour, '') }} as double) as {{ hour_column(hour, '') }},
            cast(shapes.{{ hour_column(hour, '') }} as double) - segment_shapes.{{ hour_column(hour, '') }}
                as {{ hour_column(hour, '_departure') }}{{ ',' if not loop.last }}
        {% endfor %}
    from members
    left join shapes on members.customer_key = shapes.customer_key
    left join segment_shapes on members.segment_id = segment_shapes.segment_id
),

measured as (
    select
        *,
        round(sqrt(
            {% for hour in hours() %}
                power({{ hour_column(hour, '_departure') }}, 2){{ ' +' if not loop.last }}
            {% endfor %}
        ), 9) as recent_distance,
        greatest(
            {% for hour in hours() %}
                abs({{ hour_column(hour, '_departure') }}){{ ',' if not loop.last }}
            {% endfor %}
        ) as greatest_departure
    from departures
),

segment_limits as (
    select
        measured.segment_id,
        percentile_cont(0.75) within group (order by measured.recent_distance)
        + max(limits.novelty_interquartile_ranges) * (
            percentile_cont(0.75) within group (order by measured.recent_distance)
            - percentile_cont(0.25) within group (order by measured.recent_distance)
        ) as distance_limit
    from measured
    cross join limits
    where measured.has_shape
    group by measured.segment_id
),

-- The hour that departs most, the earliest of several.
located as (
    select
        *,
        case
            {% for hour in hours() %}
                when abs({{ hour_column(hour, '_departure') }}) = greatest_departure then {{ hour }}
            {% endfor %}
        end as departure_hour,
        case
            {% for hour in hours() %}
                when abs({{ hour_column(hour, '_departure') }}) = greatest_departure then {{ hour_column(hour, '') }}
            {% endfor %}
        end as departure_hour_fraction,
        case
            {% for hour in hours() %}
                when abs({{ hour_column(hour, '_departure') }}) = greatest_departure
                    then {{ hour_column(hour, '') }} - {{ hour_column(hour, '_departure') }}
            {% endfor %}
        end as segment_hour_fraction
    from measured
),

scored as (
    select
        located.customer_key,
        located.run_id,
        located.segment_id,
        located.is_outlier,
        located.distance_at_run,
        located.first_recent_month,
        located.last_recent_month,
        coalesce(located.recent_good_days, 0) as recent_good_days,
        cast(located.compared_members as integer) as compared_members,
        located.recent_distance,
        case
            when located.compared_members >= limits.smallest_segment_members then segment_limits.distance_limit
        end as distance_limit,
        case
            when located.has_shape and located.compared_members >= limits.smallest_segment_members
                then round(located.recent_distance / nullif(segment_limits.distance_limit, 0), 6)
        end as novelty_score,
        case
            when not located.has_shape then 'too few good days in the recent months'
            when located.compared_members < limits.smallest_segment_members then 'too few members of the segment to compare with'
            when segment_limits.distance_limit = 0 then 'all members of the segment are alike'
        end as novelty_reason,
        cast(located.departure_hour as smallint) as departure_hour,
        round(located.departure_hour_fraction, 6) as departure_hour_fraction,
        round(located.segment_hour_fraction, 6) as segment_hour_fraction
    from located
    left join segment_limits on located.segment_id = segment_limits.segment_id
    cross join limits
)

select * from scored
