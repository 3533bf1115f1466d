-- Runs of night hours on end in which the load stands well above the customer's base. The threshold comes before the window
-- functions: they see a tenth of the hours. A single high hour is an appliance and is left out.
with

hours as (select * from {{ ref('int_customer_hours') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

bases as (select * from {{ ref('int_charging_bases') }}),

nights as (select * from {{ ref('int_charging_nights') }}),

equipment_limits as (select * from {{ ref('equipment_limits') }}),

limits as (
    select
        max(case when limit_name = 'night_from_hour' then limit_value end) as night_from_hour,
        max(case when limit_name = 'night_to_hour' then limit_value end) as night_to_hour,
        cast(max(case when limit_name = 'smallest_excess_kw' then limit_value end) as decimal(9, 3)) as smallest_excess_kw
    from equipment_limits
),

night_hours as (
    select
        instants.hour_start_at,
        instants.local_month,
        instants.local_hour,
        cast(
            case
                when instants.local_hour >= limits.night_from_hour then instants.local_date
                else instants.local_date - interval 1 day
            end as date
        ) as night_date,
        limits.smallest_excess_kw
    from instants
    cross join limits
    where
        instants.interval_start_at = instants.hour_start_at
        and (instants.local_hour >= limits.night_from_hour or instants.local_hour < limits.night_to_hour)
),

-- An hour with a part missing has no known height.
high_hours as (
    select
        hours.customer_key,
        night_hours.night_date,
        night_hours.local_hour,
        hours.hour_start_at,
        hours.kwh - bases.base_kw as excess_kw
    from hours
    inner join night_hours on hours.hour_start_at = night_hours.hour_start_at
    inner join bases on hours.customer_key = bases.customer_key and night_hours.local_month = bases.local_month
    where hours.minutes = 60 and hours.kwh >= bases.base_kw + night_hours.smallest_excess_kw
),

-- Hours on end share what is left when their number in the night is taken off.
numbered as (
    select
        *,
        {{ minutes_between("timestamp '2000-01-01 00:00:00'", 'hour_start_at') }}
        - 60 * row_number() over (partition by customer_key, night_date order by hour_start_at) as run_number
    from high_hours
),

topped as (
    select
        *,
        max(excess_kw) over (partition by customer_key, night_date, run_number) as top_kw
    from numbered
),

-- A plateau fills its inner hours and parts of the first and last. Its height is the mean of the hours close to the
-- highest; what it lasted is its energy over that height.
runs as (
    select
        customer_key,
        night_date,
        run_number,
        min(case when excess_kw >= 0.5 * top_kw then hour_start_at end) as starts_at,
        min_by(local_hour, case when excess_kw >= 0.5 * top_kw then hour_start_at end) as start_hour,
        count(case when excess_kw >= 0.25 * top_kw then 1 end) as run_hours,
        avg(case when excess_kw >= 0.75 * top_kw then excess_kw end) as plateau_kw,
        cast(sum(case when excess_kw >= 0.25 * top_kw then excess_kw end) as decimal(18, 9)) as run_kwh
    from topped
    group by
        customer_key,
        night_date,
        run_number
),

-- Heights are compared in steps of an eighth of an octave, 9%, which suits small and large chargers alike.
described as (
    select
        runs.customer_key,
        runs.night_date,
        nights.season,
        runs.starts_at,
        cast(runs.start_hour as smallint) as start_hour,
        cast(runs.run_hours as smallint) as run_hours,
        runs.plateau_kw,
        runs.run_kwh,
        runs.run_kwh / runs.plateau_kw as length_hours,
        cast(floor(log2(runs.plateau_kw) * 8) as smallint) as kw_step
    from runs
    inner join nights on runs.customer_key = nights.customer_key and runs.night_date = nights.night_date
    where runs.run_hours >= 2
)

select * from described
