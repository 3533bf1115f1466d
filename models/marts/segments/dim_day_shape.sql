-- Day shapes with names and how common they are. A name is the first rule of the seed that the shape meets.
with

centroids as (select * from {{ ref('stg_day_shapes__centroids') }}),

runs as (select * from {{ ref('stg_day_shapes__runs') }}),

assignments as (select * from {{ ref('stg_day_shapes__assignments') }}),

rules as (select * from {{ ref('day_shape_names') }}),

counted as (
    select
        day_shape_id,
        count(*) as days
    from assignments
    group by day_shape_id
),

measured as (
    select
        *,
        greatest({{ hour_columns('') | join(', ') }}) as top_fraction,
        hour_00 + hour_01 + hour_02 + hour_03 + hour_04 + hour_05 as night_fraction,
        hour_06 + hour_07 + hour_08 + hour_09 as morning_fraction,
        hour_10 + hour_11 + hour_12 + hour_13 + hour_14 + hour_15 as midday_fraction,
        hour_17 + hour_18 + hour_19 + hour_20 + hour_21 as evening_fraction
    from centroids
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
    from measured
),

-- An empty cell of the seed sets no bound.
matched as (
    select
        with_top.day_shape_id,
        min(rules.priority) as priority
    from with_top
    inner join rules
        on (rules.smallest_top_hour is null or with_top.top_hour >= rules.smallest_top_hour)
        and (rules.greatest_top_hour is null or with_top.top_hour <= rules.greatest_top_hour)
        and (rules.greatest_top_to_mean is null or with_top.top_to_mean <= rules.greatest_top_to_mean)
    group by with_top.day_shape_id
),

described as (
    select
        with_top.day_shape_id,
        rules.day_shape_name || ', ' || cast(round(100 * with_top.top_fraction) as integer) || '% at '
        || lpad(cast(with_top.top_hour as varchar), 2, '0') || ':00' as day_shape_name,
        runs.run_id,
        cast(coalesce(counted.days, 0) as bigint) as days,
        coalesce(counted.days, 0) / runs.days as day_fraction,
        with_top.top_hour,
        with_top.top_fraction,
        with_top.top_to_mean,
        with_top.night_fraction,
        with_top.morning_fraction,
        with_top.midday_fraction,
        with_top.evening_fraction,
        {{ hour_columns('', prefix='with_top.') | join(',\n        ') }}
    from with_top
    cross join runs
    left join counted on with_top.day_shape_id = counted.day_shape_id
    left join matched on with_top.day_shape_id = matched.day_shape_id
    left join rules on matched.priority = rules.priority
)

select * from described
