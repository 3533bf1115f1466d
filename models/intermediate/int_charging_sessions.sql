-- Nights on which the load reached the customer's steady height, with the run that did it.
with

runs as (select * from {{ ref('int_charging_runs') }}),

levels as (select * from {{ ref('int_charging_levels') }}),

equipment_limits as (select * from {{ ref('equipment_limits') }}),

limits as (
    {{ limits_as_columns('equipment_limits', 'limit_name', 'limit_value', [
        'smallest_vehicle_run_hours',
        'smallest_slow_run_hours'
    ]) }}
),

-- Where the height is known a run may be an hour shorter than those that showed it.
on_plateau as (
    select
        levels.charging_kind,
        runs.*,
        row_number() over (
            partition by runs.customer_key, levels.charging_kind, runs.night_date
            order by runs.run_kwh desc, runs.starts_at asc
        ) as run_rank
    from runs
    inner join levels
        on runs.customer_key = levels.customer_key
        and runs.kw_step between levels.kw_step - 1 and levels.kw_step + 1
    cross join limits
    where
        runs.run_hours >= case
            when levels.charging_kind = 'vehicle' then limits.smallest_vehicle_run_hours
            else limits.smallest_slow_run_hours
        end - 1
),

sessions as (
    select
        customer_key,
        charging_kind,
        night_date,
        season,
        start_hour,
        plateau_kw,
        run_kwh,
        length_hours,
        abs(
            length_hours - lag(length_hours) over (partition by customer_key, charging_kind order by night_date)
        ) as length_change_hours,
        cast(
            count(*) over (
                partition by customer_key, charging_kind order by night_date
                range between current row and interval 27 days following
            ) as smallint
        ) as sessions_in_four_weeks
    from on_plateau
    where run_rank = 1
)

select * from sessions
