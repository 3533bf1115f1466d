-- The height at which a customer's night load is steadiest. A charger has one height: nights are on its plateau or well below
-- it. What people do at night has any height, so lower runs are more frequent than higher ones.
with

runs as (select * from {{ ref('int_charging_runs') }}),

equipment_limits as (select * from {{ ref('equipment_limits') }}),

limits as (
    {{ limits_as_columns('equipment_limits', 'limit_name', 'limit_value', [
        'smallest_vehicle_kw',
        'greatest_vehicle_kw',
        'smallest_vehicle_run_hours',
        'smallest_slow_kw',
        'greatest_slow_kw',
        'smallest_slow_run_hours',
        'smallest_sessions'
    ]) }}
),

kinds as (
    select
        'vehicle' as charging_kind,
        floor(log2(smallest_vehicle_kw) * 8) as smallest_step,
        floor(log2(greatest_vehicle_kw) * 8) as greatest_step,
        smallest_vehicle_run_hours as smallest_run_hours,
        smallest_sessions
    from limits
    union all
    select
        'slow' as charging_kind,
        floor(log2(smallest_slow_kw) * 8) as smallest_step,
        floor(log2(greatest_slow_kw) * 8) as greatest_step,
        smallest_slow_run_hours as smallest_run_hours,
        smallest_sessions
    from limits
),

-- Short runs may fall on no whole hour; what they reach says nothing of their height.
steps as (
    select
        runs.customer_key,
        kinds.charging_kind,
        runs.kw_step,
        kinds.smallest_step,
        kinds.greatest_step,
        kinds.smallest_sessions,
        count(*) as runs
    from runs
    inner join kinds on runs.run_hours >= kinds.smallest_run_hours
    group by all
),

-- Seven steps down is 0.55 of the height; three to six, where a steady load leaves a valley, 0.59 to 0.77.
compared as (
    select
        steps.customer_key,
        steps.charging_kind,
        steps.kw_step,
        steps.smallest_sessions,
        sum(case when others.kw_step between steps.kw_step - 1 and steps.kw_step + 1 then others.runs else 0 end) as plateau_runs,
        sum(case when others.kw_step between steps.kw_step - 6 and steps.kw_step - 3 then others.runs else 0 end) as valley_runs,
        sum(others.runs) as high_runs
    from steps
    inner join steps as others
        on steps.customer_key = others.customer_key
        and steps.charging_kind = others.charging_kind
        and others.kw_step >= steps.kw_step - 7
    where steps.kw_step between steps.smallest_step and steps.greatest_step
    group by all
),

ranked as (
    select
        *,
        plateau_runs / high_runs as steady_fraction,
        row_number() over (
            partition by customer_key, charging_kind
            order by (plateau_runs - valley_runs) / high_runs desc, kw_step desc
        ) as steadiness_rank
    from compared
    where plateau_runs >= smallest_sessions
),

steadiest as (
    select
        customer_key,
        charging_kind,
        kw_step,
        cast(plateau_runs as integer) as plateau_runs,
        cast(high_runs as integer) as high_runs,
        steady_fraction
    from ranked
    where steadiness_rank = 1
)

select * from steadiest
