-- How a segment's customers spread their energy over the day, each customer counting once. Names come from this and not
-- from centroids, whose meaning changes with the method of standardisation.
with

assignments as (select * from {{ ref('stg_segmentation__assignments') }}),

runs as (select * from {{ ref('int_segment_runs_latest') }}),

profiles as (select * from {{ ref('fct_customer_load_profile') }}),

one_run as (
    select distinct
        run_id,
        season,
        day_type
    from runs
),

shares as (
    select
        assignments.segment_id,
        {% for column in hour_columns() %}
            profiles.{{ column }} / ({{ hour_columns(prefix='profiles.') | join(' + ') }})
                as {{ column[:7] }}{{ ',' if not loop.last }}
        {% endfor %}
    from assignments
    inner join one_run on assignments.run_id = one_run.run_id
    inner join profiles
        on assignments.customer_key = profiles.customer_key
        and one_run.season = profiles.season
        and one_run.day_type = profiles.day_type
),

averaged as (
    select
        segment_id,
        count(*) as customers,
        {% for column in hour_columns('') %}
            avg({{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from shares
    group by segment_id
),

described as (
    select
        *,
        hour_00 + hour_01 + hour_02 + hour_03 + hour_04 + hour_05 as night_fraction,
        hour_06 + hour_07 + hour_08 + hour_09 as morning_fraction,
        hour_10 + hour_11 + hour_12 + hour_13 + hour_14 + hour_15 as midday_fraction,
        hour_17 + hour_18 + hour_19 + hour_20 + hour_21 as evening_fraction,
        greatest({{ hour_columns('') | join(', ') }}) as top_fraction
    from averaged
),

with_top as (
    select
        *,
        top_fraction * 24 as top_to_mean,
        cast(
            case
                {% for hour in hours() %}
                    when {{ hour_column(hour, '') }} = top_fraction then {{ hour }}
                {% endfor %}
            end as smallint
        ) as top_hour
    from described
)

select * from with_top
