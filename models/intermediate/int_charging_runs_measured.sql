{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook=[
        "{{ forget_changed_customers(applied_relation('int_agreements_applied')) }}",
        "{{ forget_changed_charging_nights() }}"
    ],
    post_hook="{{ remember_charging_thresholds() }}"
) }}
-- depends_on: {{ ref('int_meter_agreements') }}
-- Runs of night hours on end in which the load stands well above the customer's base, on good nights and others, so that a
-- new judgement of a day moves nothing here. A single high hour is an appliance and is left out. A later build measures
-- nights of touched days anew, and those of months whose base has moved.
{% set thresholds_then = charging_thresholds_then() if is_incremental() else none %}
with

hours as (select * from {{ ref('int_customer_hours') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

bases as (select * from {{ ref('int_charging_bases') }}),

touched as (select * from {{ ref('int_customer_days_touched') }}),

days as (select * from {{ ref('int_local_days') }}),

equipment_limits as (select * from {{ ref('equipment_limits') }}),

limits as (
    {{ limits_as_columns('equipment_limits', 'limit_name', 'limit_value', [
        'night_from_hour',
        'night_to_hour'
    ]) }}
),

thresholds as (
    {{ charging_thresholds('bases', 'equipment_limits') }}
),

{% if thresholds_then %}
    changed_nights as (
        {{ changed_charging_nights(thresholds_then, 'thresholds', 'touched', 'days') }}
    ),
{% endif %}

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
        ) as night_date
    from instants
    cross join limits
    where
        instants.interval_start_at = instants.hour_start_at
        and (instants.local_hour >= limits.night_from_hour or instants.local_hour < limits.night_to_hour)
),

{% if thresholds_then %}
    wanted_hours as (
        select * from night_hours
        where night_date in (select changed_nights.night_date from changed_nights)
    ),
{% else %}
    wanted_hours as (select * from night_hours),
{% endif %}

-- Hours on end have places on end; where one does not follow the last, as at some clock changes, a place stays empty.
stepped_hours as (
    select
        *,
        case
            when
                hour_start_at
                = lag(hour_start_at) over (partition by night_date order by hour_start_at) + interval 1 hour
                then 1
            else 2
        end as step
    from wanted_hours
),

placed_hours as (
    select
        *,
        cast(sum(step) over (partition by night_date order by hour_start_at) as integer) as place
    from stepped_hours
),

-- An hour with a part missing has no known height. The lowest threshold of all sorts most hours out before the joins.
possible_hours as (
    select
        customer_key,
        hour_start_at,
        kwh
    from hours
    where minutes = 60 and kwh >= (select min(thresholds.threshold_kw) from thresholds)
),

high_hours as (
    select
        possible_hours.customer_key,
        placed_hours.night_date,
        placed_hours.local_hour,
        possible_hours.hour_start_at,
        placed_hours.place,
        possible_hours.kwh - thresholds.base_kw as excess_kw
    from possible_hours
    inner join placed_hours on possible_hours.hour_start_at = placed_hours.hour_start_at
    inner join thresholds
        on possible_hours.customer_key = thresholds.customer_key and placed_hours.local_month = thresholds.local_month
    {% if thresholds_then %}
        inner join changed_nights
            on possible_hours.customer_key = changed_nights.customer_key
            and placed_hours.night_date = changed_nights.night_date
    {% endif %}
    where possible_hours.kwh >= thresholds.threshold_kw
),

-- A bit for each place of the night: the bits beside it tell whether an hour stands alone, and where its run begins,
-- without sorting millions of hours.
nights as (
    select
        customer_key,
        night_date,
        bit_or(1 << place) as high_places
    from high_hours
    group by
        customer_key,
        night_date
),

-- The last place before the run that is not high.
numbered as (
    select
        high_hours.*,
        cast(floor(log2(~nights.high_places & ((1 << high_hours.place) - 1))) as integer) as run_number
    from high_hours
    inner join nights
        on high_hours.customer_key = nights.customer_key and high_hours.night_date = nights.night_date
    where nights.high_places & ((5 << high_hours.place) >> 1) != 0
),

tops as (
    select
        customer_key,
        night_date,
        run_number,
        max(excess_kw) as top_kw
    from numbered
    group by
        customer_key,
        night_date,
        run_number
),

topped as (
    select
        numbered.*,
        tops.top_kw
    from numbered
    inner join tops
        on numbered.customer_key = tops.customer_key
        and numbered.night_date = tops.night_date
        and numbered.run_number = tops.run_number
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
        customer_key,
        night_date,
        starts_at,
        cast(start_hour as smallint) as start_hour,
        cast(run_hours as smallint) as run_hours,
        plateau_kw,
        run_kwh,
        run_kwh / plateau_kw as length_hours,
        cast(floor(log2(plateau_kw) * 8) as smallint) as kw_step
    from runs
    where run_hours >= 2
)

select * from described
