-- Verdicts keep three answers apart: true, false, and null where readings cannot tell, with the reason.
with

customers as (select * from {{ ref('dim_customer') }}),

months as (select * from {{ ref('int_customer_good_months') }}),

bases as (select * from {{ ref('int_charging_bases') }}),

patterns as (select * from {{ ref('int_charging_patterns') }}),

solar_signs as (select * from {{ ref('int_customer_solar_signs') }}),

responses as (select * from {{ ref('int_customer_temperature_response') }}),

temperatures as (select * from {{ ref('int_daily_temperatures') }}),

equipment_limits as (select * from {{ ref('equipment_limits') }}),

limits as (
    {{ limits_as_columns('equipment_limits', 'limit_name', 'limit_value', [
        'smallest_nights', 'greatest_base_kw', 'weeks_before_new', 'smallest_received_days', 'smallest_received_fraction',
        'smallest_dip_fraction', 'smallest_sunny_days', 'days_beyond_balance', 'smallest_temperature_r_squared',
        'smallest_heating_fraction', 'smallest_cooling_fraction', 'heating_balance_celsius', 'cooling_balance_celsius'
    ]) }}
),

weather as (
    select count(*) > 0 as is_loaded
    from temperatures
),

good_days as (
    select
        customer_key,
        sum(good_days) as good_days,
        min(first_good_date) as first_good_date,
        max(last_good_date) as last_good_date,
        sum(good_nights) as good_nights,
        min(first_night_date) as first_night_date
    from months
    group by customer_key
),

usual_bases as (
    select
        customer_key,
        avg(base_kw) as base_kw
    from bases
    group by customer_key
),

vehicles as (
    select * from patterns
    where charging_kind = 'vehicle'
),

slow_charging as (
    select * from patterns
    where charging_kind = 'slow'
),

joined as (
    select
        customers.customer_key,
        customers.customer_id,
        customers.customer_class,
        cast(coalesce(good_days.good_days, 0) as integer) as good_days,
        good_days.first_good_date,
        good_days.last_good_date,
        cast(coalesce(good_days.good_nights, 0) as integer) as good_nights,
        good_days.first_night_date,
        case
            when coalesce(good_days.good_nights, 0) < limits.smallest_nights
                then 'fewer than ' || cast(cast(limits.smallest_nights as integer) as varchar) || ' good nights'
            when usual_bases.base_kw > limits.greatest_base_kw then 'load at night too high for a charger to stand out'
        end as vehicle_charging_reason,
        vehicles.customer_key is not null and vehicles.rejection_reason is null as is_vehicle_charging,
        vehicles.rejection_reason as vehicle_rejection_reason,
        vehicles.sessions as charging_sessions,
        vehicles.nights as charging_nights,
        vehicles.night_fraction as charging_night_fraction,
        vehicles.median_session_kw,
        vehicles.median_session_hours,
        vehicles.median_session_kwh,
        vehicles.median_start_hour,
        vehicles.steady_fraction as charging_steady_fraction,
        vehicles.season_ratio as charging_season_ratio,
        vehicles.temperature_r_squared as charging_temperature_r_squared,
        vehicles.since_date as first_session_date,
        vehicles.last_session_date,
        slow_charging.customer_key is not null and slow_charging.rejection_reason is null as is_slow_charging,
        slow_charging.sessions as slow_sessions,
        slow_charging.nights as slow_nights,
        slow_charging.median_session_kw as slow_session_kw,
        slow_charging.median_session_hours as slow_session_hours,
        slow_charging.since_date as slow_since_date,
        case
            when solar_signs.received_days >= limits.smallest_received_days then null
            when coalesce(solar_signs.sunny_days, 0) < limits.smallest_sunny_days
                then 'fewer than ' || cast(cast(limits.smallest_sunny_days as integer) as varchar)
                    || ' good days of spring and summer with load at night'
        end as solar_reason,
        solar_signs.received_days >= limits.smallest_received_days
        and solar_signs.received_kwh >= limits.smallest_received_fraction * coalesce(solar_signs.delivered_kwh, 0)
            as is_feeding_in,
        solar_signs.sunny_days >= limits.smallest_sunny_days
        and solar_signs.dip_days / nullif(solar_signs.sunny_days, 0) >= limits.smallest_dip_fraction as is_dipping,
        solar_signs.received_days as solar_received_days,
        solar_signs.received_kwh as solar_received_kwh,
        solar_signs.sunny_days as solar_sunny_days,
        solar_signs.dip_days as solar_dip_days,
        solar_signs.first_received_date,
        case
            when not weather.is_loaded then 'no weather is loaded'
            when coalesce(responses.cold_days, 0) < limits.days_beyond_balance
                then 'fewer than ' || cast(cast(limits.days_beyond_balance as integer) as varchar) || ' good days colder than '
                    || cast(limits.heating_balance_celsius as varchar) || ' °C'
        end as heating_reason,
        case
            when not weather.is_loaded then 'no weather is loaded'
            when coalesce(responses.warm_days, 0) < limits.days_beyond_balance
                then 'fewer than ' || cast(cast(limits.days_beyond_balance as integer) as varchar) || ' good days warmer than '
                    || cast(limits.cooling_balance_celsius as varchar) || ' °C'
        end as cooling_reason,
        responses.days as temperature_days,
        responses.temperature_r_squared,
        responses.heating_kwh_per_degree,
        responses.heating_fraction,
        responses.cooling_kwh_per_degree,
        responses.cooling_fraction,
        limits.weeks_before_new,
        limits.smallest_temperature_r_squared,
        limits.smallest_heating_fraction,
        limits.smallest_cooling_fraction,
        limits.heating_balance_celsius,
        limits.cooling_balance_celsius
    from customers
    left join good_days on customers.customer_key = good_days.customer_key
    left join usual_bases on customers.customer_key = usual_bases.customer_key
    left join vehicles on customers.customer_key = vehicles.customer_key
    left join slow_charging on customers.customer_key = slow_charging.customer_key
    left join solar_signs on customers.customer_key = solar_signs.customer_key
    left join responses on customers.customer_key = responses.customer_key
    cross join limits
    cross join weather
),

-- A vehicle that is sure makes a second, slow plateau of the same nights no news.
judged as (
    select
        *,
        case when vehicle_charging_reason is null then is_vehicle_charging end as has_vehicle_charging,
        case
            when vehicle_charging_reason is null then is_slow_charging and not is_vehicle_charging
        end as has_slow_charging,
        case when solar_reason is null then coalesce(is_feeding_in, false) or coalesce(is_dipping, false) end as has_solar,
        case
            when heating_reason is null
                then coalesce(
                    heating_fraction >= smallest_heating_fraction and temperature_r_squared >= smallest_temperature_r_squared,
                    false
                )
        end as has_electric_heating,
        case
            when cooling_reason is null
                then coalesce(
                    cooling_fraction >= smallest_cooling_fraction and temperature_r_squared >= smallest_temperature_r_squared,
                    false
                )
        end as has_electric_cooling
    from joined
),

described as (
    select
        customer_key,
        customer_id,
        customer_class,
        good_days,
        good_nights,
        last_good_date,
        has_vehicle_charging,
        vehicle_charging_reason,
        case
            when charging_sessions is null then 'No load above 3 kW came back at one height at night.'
            else
                cast(charging_sessions as varchar) || ' of ' || cast(charging_nights as varchar) || ' good nights since '
                || cast(first_session_date as varchar) || ' had about ' || cast(round(median_session_kw, 1) as varchar)
                || ' kW for about ' || cast(round(median_session_hours, 1) as varchar) || ' h, mostly from '
                || cast(median_start_hour as varchar) || ' h; of the nights with a high load '
                || cast(cast(round(100 * charging_steady_fraction) as integer) as varchar) || '% were at this height.'
                || case
                    when vehicle_rejection_reason is null then ''
                    else ' Not taken for a vehicle: ' || vehicle_rejection_reason || '.'
                end
        end as vehicle_charging_evidence,
        charging_sessions,
        charging_nights,
        charging_night_fraction,
        median_session_kw,
        median_session_hours,
        median_session_kwh,
        median_start_hour,
        charging_steady_fraction,
        charging_season_ratio,
        charging_temperature_r_squared,
        first_session_date,
        last_session_date,
        case when has_vehicle_charging then first_session_date end as vehicle_charging_since,
        case
            when has_vehicle_charging
                then first_session_date >= first_night_date + cast(7 * weeks_before_new as integer) * interval 1 day
        end as vehicle_charging_is_new,
        has_slow_charging,
        case
            when has_slow_charging
                then 'Perhaps a vehicle at a household socket, which readings cannot prove: ' || cast(slow_sessions as varchar)
                    || ' of ' || cast(slow_nights as varchar) || ' good nights since ' || cast(slow_since_date as varchar)
                    || ' had about ' || cast(round(slow_session_kw, 1) as varchar) || ' kW for about '
                    || cast(round(slow_session_hours, 1) as varchar) || ' h.'
        end as slow_charging_evidence,
        case when has_slow_charging then slow_since_date end as slow_charging_since,
        has_solar,
        solar_reason,
        case
            when is_feeding_in
                then cast(round(solar_received_kwh, 0) as varchar) || ' kWh fed in on '
                    || cast(solar_received_days as varchar) || ' days, first on ' || cast(first_received_date as varchar) || '.'
            when solar_sunny_days > 0
                then 'On ' || cast(solar_dip_days as varchar) || ' of ' || cast(solar_sunny_days as varchar)
                    || ' days of spring and summer load around noon fell far below the lowest hour of the night.'
        end as solar_evidence,
        solar_received_kwh,
        solar_received_days,
        solar_sunny_days,
        solar_dip_days,
        case when is_feeding_in then first_received_date end as solar_since,
        case
            when is_feeding_in
                then coalesce(
                    first_received_date >= first_good_date + cast(7 * weeks_before_new as integer) * interval 1 day, false
                )
        end as solar_is_new,
        has_electric_heating,
        heating_reason,
        case
            when heating_reason is null
                then cast(round(heating_kwh_per_degree, 1) as varchar) || ' kWh a day for each degree below '
                    || cast(heating_balance_celsius as varchar) || ' °C, '
                    || cast(cast(round(100 * heating_fraction) as integer) as varchar)
                    || '% of the energy; temperature explains '
                    || cast(cast(round(100 * temperature_r_squared) as integer) as varchar) || '% of the variance of days.'
        end as heating_evidence,
        case when heating_reason is null then heating_kwh_per_degree end as heating_kwh_per_degree,
        case when heating_reason is null then heating_fraction end as heating_fraction,
        has_electric_cooling,
        cooling_reason,
        case
            when cooling_reason is null
                then cast(round(cooling_kwh_per_degree, 1) as varchar) || ' kWh a day for each degree above '
                    || cast(cooling_balance_celsius as varchar) || ' °C, '
                    || cast(cast(round(100 * cooling_fraction) as integer) as varchar)
                    || '% of the energy; temperature explains '
                    || cast(cast(round(100 * temperature_r_squared) as integer) as varchar) || '% of the variance of days.'
        end as cooling_evidence,
        case when cooling_reason is null then cooling_kwh_per_degree end as cooling_kwh_per_degree,
        case when cooling_reason is null then cooling_fraction end as cooling_fraction,
        temperature_r_squared,
        temperature_days
    from judged
)

select * from described
