-- What a customer's sessions look like from the first steady ones to the end of her readings, and the first reason why they
-- are not those of a vehicle. Storage heaters run in the cold season and every night of it, water heaters every night for
-- about as long, heating and cooling with the temperature, people at any height.
with

sessions as (select * from {{ ref('int_charging_sessions') }}),

levels as (select * from {{ ref('int_charging_levels') }}),

runs as (select * from {{ ref('int_charging_runs') }}),

nights as (select * from {{ ref('int_charging_nights') }}),

temperatures as (select * from {{ ref('int_daily_temperatures') }}),

equipment_limits as (select * from {{ ref('equipment_limits') }}),

limits as (
    {{ limits_as_columns('equipment_limits', 'limit_name', 'limit_value', [
        'sessions_in_four_weeks', 'smallest_sessions', 'smallest_steady_fraction', 'smallest_night_fraction',
        'greatest_busy_fraction', 'timer_below_kw', 'smallest_length_change', 'smallest_length_range', 'nights_of_season',
        'smallest_season_ratio', 'greatest_temperature_r_squared', 'smallest_vehicle_kw', 'smallest_slow_kw'
    ]) }}
),

-- Single runs of the same height by chance come before a charger does; several within four weeks seldom do.
begun as (
    select
        sessions.customer_key,
        sessions.charging_kind,
        min(sessions.night_date) as since_date
    from sessions
    cross join limits
    where sessions.sessions_in_four_weeks >= limits.sessions_in_four_weeks
    group by all
),

summarised as (
    select
        begun.customer_key,
        begun.charging_kind,
        begun.since_date,
        max(sessions.night_date) as last_session_date,
        count(*) as sessions,
        percentile_cont(0.5) within group (order by sessions.plateau_kw) as median_session_kw,
        percentile_cont(0.5) within group (order by sessions.length_hours) as median_session_hours,
        percentile_cont(0.1) within group (order by sessions.length_hours) as short_session_hours,
        percentile_cont(0.9) within group (order by sessions.length_hours) as long_session_hours,
        percentile_cont(0.5) within group (order by sessions.length_change_hours) as length_change_hours,
        percentile_cont(0.5) within group (order by cast(sessions.run_kwh as double)) as median_session_kwh,
        -- counted from noon, for a night crosses midnight
        cast(
            (percentile_cont(0.5) within group (order by (sessions.start_hour + 12) % 24) + 12) % 24 as smallint
        ) as median_start_hour
    from begun
    inner join sessions
        on begun.customer_key = sessions.customer_key
        and begun.charging_kind = sessions.charging_kind
        and begun.since_date <= sessions.night_date
    group by all
),

nights_since as (
    select
        begun.customer_key,
        begun.charging_kind,
        nights.night_date,
        nights.season,
        sessions.night_date is not null as has_session,
        coalesce(sessions.run_kwh, 0) as run_kwh,
        temperatures.temperature_c
    from begun
    inner join nights on begun.customer_key = nights.customer_key and begun.since_date <= nights.night_date
    left join sessions
        on begun.customer_key = sessions.customer_key
        and begun.charging_kind = sessions.charging_kind
        and nights.night_date = sessions.night_date
    left join temperatures on nights.night_date = temperatures.local_date
),

counted as (
    select
        customer_key,
        charging_kind,
        count(*) as nights,
        -- rounded, because sums of floating-point numbers depend on their order
        round(regr_r2(cast(run_kwh as double), temperature_c), 6) as temperature_r_squared
    from nights_since
    group by all
),

seasons as (
    select
        nights_since.customer_key,
        nights_since.charging_kind,
        nights_since.season,
        count(case when nights_since.has_session then 1 end) / count(*) as session_fraction
    from nights_since
    cross join limits
    group by
        nights_since.customer_key,
        nights_since.charging_kind,
        nights_since.season,
        limits.nights_of_season
    having count(*) >= limits.nights_of_season
),

rarest_seasons as (
    select
        customer_key,
        charging_kind,
        count(*) as seasons_seen,
        min(session_fraction) as rarest_season_fraction
    from seasons
    group by all
),

-- A night may have several runs, so nights are counted as bits of their months.
busy_months as (
    select
        begun.customer_key,
        begun.charging_kind,
        bit_or({{ day_as_bit('runs.night_date') }}) as busy_night_bits
    from begun
    inner join levels on begun.customer_key = levels.customer_key and begun.charging_kind = levels.charging_kind
    inner join runs
        on begun.customer_key = runs.customer_key
        and begun.since_date <= runs.night_date
        and runs.kw_step >= levels.kw_step - 7
    group by
        begun.customer_key,
        begun.charging_kind,
        date_trunc('month', runs.night_date)
),

busy as (
    select
        customer_key,
        charging_kind,
        sum(bit_count(busy_night_bits)) as busy_nights
    from busy_months
    group by
        customer_key,
        charging_kind
),

measured as (
    select
        summarised.customer_key,
        summarised.charging_kind,
        summarised.since_date,
        summarised.last_session_date,
        cast(summarised.sessions as integer) as sessions,
        cast(counted.nights as integer) as nights,
        summarised.sessions / counted.nights as night_fraction,
        busy.busy_nights / counted.nights as busy_fraction,
        levels.steady_fraction,
        summarised.median_session_kw,
        summarised.median_session_hours,
        summarised.median_session_kwh,
        summarised.median_start_hour,
        summarised.length_change_hours / summarised.median_session_hours as length_change,
        (summarised.long_session_hours - summarised.short_session_hours) / summarised.median_session_hours as length_range,
        cast(coalesce(rarest_seasons.seasons_seen, 0) as smallint) as seasons_seen,
        rarest_seasons.rarest_season_fraction * counted.nights / summarised.sessions as season_ratio,
        counted.temperature_r_squared
    from summarised
    inner join counted
        on summarised.customer_key = counted.customer_key and summarised.charging_kind = counted.charging_kind
    inner join levels on summarised.customer_key = levels.customer_key and summarised.charging_kind = levels.charging_kind
    inner join busy on summarised.customer_key = busy.customer_key and summarised.charging_kind = busy.charging_kind
    left join rarest_seasons
        on summarised.customer_key = rarest_seasons.customer_key
        and summarised.charging_kind = rarest_seasons.charging_kind
),

judged as (
    select
        measured.*,
        case
            when measured.sessions < limits.smallest_sessions then 'too few sessions'
            when
                measured.median_session_kw < case
                    when measured.charging_kind = 'vehicle' then limits.smallest_vehicle_kw
                    else limits.smallest_slow_kw
                end
                then 'too weak'
            when measured.steady_fraction < limits.smallest_steady_fraction then 'no steady height, as when people are active'
            when measured.night_fraction < limits.smallest_night_fraction then 'on too few nights'
            when measured.season_ratio < limits.smallest_season_ratio then 'not in every season, as heating, cooling or a pump'
            when
                measured.median_session_kw < limits.timer_below_kw
                and measured.busy_fraction > limits.greatest_busy_fraction
                then 'every night, as a water heater on a timer'
            when
                measured.length_change < limits.smallest_length_change
                or measured.length_range < limits.smallest_length_range
                then 'about as long every time, as a timer or a thermostat has it'
            when
                measured.temperature_r_squared > limits.greatest_temperature_r_squared
                then 'with the temperature, as heating or cooling'
        end as rejection_reason
    from measured
    cross join limits
)

select * from judged
