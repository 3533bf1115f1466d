-- Customers who no longer behave as their segment does, or whose vehicle or solar panels have just come.
with

equipment as (select * from {{ ref('mart_customer_equipment') }}),

novelty as (select * from {{ ref('int_customer_novelty') }}),

segments as (select * from {{ ref('fct_customer_segment') }}),

equipment_limits as (select * from {{ ref('equipment_limits') }}),

limits as (
    {{ limits_as_columns('equipment_limits', 'limit_name', 'limit_value', ['weeks_counted_as_new']) }}
),

latest as (
    select max(last_good_date) as last_good_date
    from equipment
),

joined as (
    select
        equipment.customer_key,
        equipment.customer_id,
        equipment.customer_class,
        novelty.run_id,
        novelty.segment_id,
        segments.segment_name,
        novelty.is_outlier,
        novelty.distance_at_run,
        novelty.recent_distance,
        novelty.distance_limit,
        novelty.novelty_score,
        coalesce(novelty.novelty_reason, case when novelty.customer_key is null then 'not segmented' end) as novelty_reason,
        novelty.first_recent_month,
        novelty.last_recent_month,
        novelty.recent_good_days,
        novelty.departure_hour,
        novelty.departure_hour_fraction,
        novelty.segment_hour_fraction,
        coalesce(novelty.novelty_score > 1, false) as is_unlike_segment,
        coalesce(
            equipment.vehicle_charging_is_new
            and equipment.vehicle_charging_since
            >= latest.last_good_date - cast(7 * limits.weeks_counted_as_new as integer) * interval 1 day,
            false
        ) as has_new_vehicle_charging,
        coalesce(
            equipment.solar_is_new
            and equipment.solar_since
            >= latest.last_good_date - cast(7 * limits.weeks_counted_as_new as integer) * interval 1 day,
            false
        ) as has_new_solar,
        equipment.has_vehicle_charging,
        equipment.vehicle_charging_since,
        equipment.vehicle_charging_evidence,
        equipment.has_slow_charging,
        equipment.has_solar,
        equipment.solar_since,
        equipment.solar_evidence,
        equipment.has_electric_heating,
        equipment.has_electric_cooling
    from equipment
    left join novelty on equipment.customer_key = novelty.customer_key
    left join segments on equipment.customer_key = segments.customer_key
    cross join latest
    cross join limits
),

noteworthy as (
    select
        customer_key,
        customer_id,
        customer_class,
        run_id,
        segment_id,
        segment_name,
        is_unlike_segment,
        has_new_vehicle_charging,
        has_new_solar,
        novelty_score,
        novelty_reason,
        trim(
            case
                when has_new_vehicle_charging
                    then 'Vehicle charging is new. ' || vehicle_charging_evidence || ' '
                else ''
            end
            || case when has_new_solar then 'Solar panels are new: ' || solar_evidence || ' ' else '' end
            || case
                when is_unlike_segment
                    then 'Recent days, from ' || cast(first_recent_month as varchar) || ' on, lie '
                        || cast(round(novelty_score, 1) as varchar)
                        || ' times as far from those of the segment as the limit; most at '
                        || cast(departure_hour as varchar) || ' h, with '
                        || cast(round(100 * departure_hour_fraction, 1) as varchar) || '% of the day''s energy against '
                        || cast(round(100 * segment_hour_fraction, 1) as varchar) || '%.'
                else ''
            end
        ) as evidence,
        is_outlier,
        distance_at_run,
        recent_distance,
        distance_limit,
        first_recent_month,
        last_recent_month,
        recent_good_days,
        departure_hour,
        departure_hour_fraction,
        segment_hour_fraction,
        has_vehicle_charging,
        vehicle_charging_since,
        has_slow_charging,
        has_solar,
        solar_since,
        has_electric_heating,
        has_electric_cooling
    from joined
    where is_unlike_segment or has_new_vehicle_charging or has_new_solar
)

select * from noteworthy
