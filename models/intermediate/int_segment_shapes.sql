-- How a segment's customers spread their energy over the day, each customer counting once. Names come from this and not
-- from centroids, whose meaning changes with the method of standardisation. Runs that nobody asks for any more are left
-- out: only those in use, those that wait for a decision, and those that they are compared with.
with

assignments as (select * from {{ ref('stg_segmentation__assignments') }}),

centroids as (select * from {{ ref('stg_segmentation__centroids') }}),

runs as (select * from {{ ref('stg_segmentation__runs') }}),

profiles as (select * from {{ ref('fct_customer_load_profile') }}),

asked_for as (
    select run_id from runs
    where status in ('accepted', 'candidate')
    union
    select compared_run_id from runs
    where status in ('accepted', 'candidate') and compared_run_id is not null
),

profiles_of_run as (
    select distinct
        centroids.run_id,
        centroids.season,
        centroids.day_type
    from centroids
    inner join asked_for on centroids.run_id = asked_for.run_id
),

-- A customer's mean day over the profiles that the run put together; most runs have one.
mean_days as (
    select
        assignments.run_id,
        assignments.segment_id,
        assignments.customer_key,
        {% for column in hour_columns() %}
            avg(cast(profiles.{{ column }} as decimal(18, 9))) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from assignments
    inner join profiles_of_run on assignments.run_id = profiles_of_run.run_id
    inner join profiles
        on assignments.customer_key = profiles.customer_key
        and profiles_of_run.season = profiles.season
        and profiles_of_run.day_type = profiles.day_type
    group by
        assignments.run_id,
        assignments.segment_id,
        assignments.customer_key
),

shares as (
    select
        run_id,
        segment_id,
        {% for column in hour_columns() %}
            {{ column }} / nullif({{ hour_columns() | join(' + ') }}, 0)
                as {{ column[:7] }}{{ ',' if not loop.last }}
        {% endfor %}
    from mean_days
),

-- Averages of decimals: the same in any order of rows.
averaged as (
    select
        run_id,
        segment_id,
        count(*) as customers,
        {% for column in hour_columns('') %}
            avg(cast({{ column }} as decimal(18, 12))) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from shares
    group by
        run_id,
        segment_id
),

seasonal_evenings as (
    select
        assignments.run_id,
        assignments.segment_id,
        profiles.season,
        avg(cast(
            {{ mean_over_window('profiles', 17, 22) }} as decimal(18, 9)
        )) as evening_kw
    from assignments
    inner join asked_for on assignments.run_id = asked_for.run_id
    inner join profiles
        on assignments.customer_key = profiles.customer_key
        and profiles.season in ('all', 'summer', 'winter')
        and profiles.day_type = 'all'
    group by
        assignments.run_id,
        assignments.segment_id,
        profiles.season
),

seasonal_ratios as (
    select
        run_id,
        segment_id,
        max(case when season = 'summer' then evening_kw end)
        / nullif(max(case when season = 'all' then evening_kw end), 0) as summer_evening_ratio,
        max(case when season = 'winter' then evening_kw end)
        / nullif(max(case when season = 'all' then evening_kw end), 0) as winter_evening_ratio
    from seasonal_evenings
    group by
        run_id,
        segment_id
),

described as (
    select
        *,
        hour_00 + hour_01 + hour_02 + hour_03 + hour_04 + hour_05 as night_fraction,
        hour_06 + hour_07 + hour_08 + hour_09 as morning_fraction,
        hour_10 + hour_11 + hour_12 + hour_13 + hour_14 + hour_15 as midday_fraction,
        hour_17 + hour_18 + hour_19 + hour_20 + hour_21 as evening_fraction,
        greatest(hour_17, hour_18, hour_19, hour_20, hour_21)
        - least(hour_12, hour_13, hour_14, hour_15) as evening_ramp_fraction,
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
),

with_seasons as (
    select
        with_top.*,
        seasonal_ratios.summer_evening_ratio,
        seasonal_ratios.winter_evening_ratio
    from with_top
    left join seasonal_ratios
        on with_top.run_id = seasonal_ratios.run_id and with_top.segment_id = seasonal_ratios.segment_id
)

select * from with_seasons
