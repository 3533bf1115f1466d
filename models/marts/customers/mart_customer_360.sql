-- All that is known of a customer. Sources that were not loaded leave their columns null, and sources_present says which
-- were there; with a source there, a customer whom it does not mention has none of it.
with

customers as (select * from {{ ref('dim_customer') }}),

daily_usage as (select * from {{ ref('fct_customer_daily_usage') }}),

profiles as (select * from {{ ref('fct_customer_load_profile') }}),

contributions as (select * from {{ ref('mart_peak_contribution') }}),

system_peaks as (select * from {{ ref('mart_system_peak') }}),

segments as (select * from {{ ref('fct_customer_segment') }}),

day_shapes as (select * from {{ ref('mart_customer_day_shapes') }}),

equipment as (select * from {{ ref('mart_customer_equipment') }}),

seasons as (select * from {{ ref('mart_customer_segment_by_season') }}),

history as (select * from {{ ref('dim_customer_history') }}),

bills as (select * from {{ ref('int_customer_bills') }}),

reliability as (select * from {{ ref('mart_reliability_customer') }}),

programs as (select * from {{ ref('int_customer_programs') }}),

contacts as (select * from {{ ref('int_customer_contacts') }}),

loaded as (select * from {{ ref('int_sources_loaded') }}),

attributes as (
    select * from history
    where is_current and has_attributes
),

last_days as (
    select max(usage_date) as last_date
    from daily_usage
),

aged_usage as (
    select
        daily_usage.*,
        (last_days.last_date - daily_usage.usage_date) // 365 as years_ago
    from daily_usage
    cross join last_days
),

-- Days that have an estimate alone are no days with readings.
usage as (
    select
        customer_key,
        min(usage_date) as first_usage_date,
        max(usage_date) as last_usage_date,
        count(*) as usage_days,
        count(case when shapes_profile then 1 end) as good_days,
        sum(kwh) as kwh,
        sum(received_kwh) as received_kwh,
        cast(sum(kwh) as double) * 60 * 24 * 365 / sum(received_minutes) as annualised_kwh,
        count(case when years_ago = 0 and received_minutes > 0 then 1 end) as latest_days,
        count(case when years_ago = 1 and received_minutes > 0 then 1 end) as former_days,
        cast(sum(case when years_ago = 0 then kwh end) as double)
        / sum(case when years_ago = 0 then received_minutes end) as latest_kwh_per_minute,
        cast(sum(case when years_ago = 1 then kwh end) as double)
        / sum(case when years_ago = 1 then received_minutes end) as former_kwh_per_minute
    from aged_usage
    where received_minutes > 0 or received_kwh is not null
    group by customer_key
),

-- Against the year before: metered energy a day, where both years are there for the most part.
trends as (
    select
        customer_key,
        latest_kwh_per_minute / nullif(former_kwh_per_minute, 0) - 1 as usage_trend_fraction
    from usage
    where latest_days >= 300 and former_days >= 300
),

seasonal_load as (
    select
        customer_key,
        {% for season in ('winter', 'spring', 'summer', 'autumn') %}
            max(case when season = '{{ season }}' then ({{ hour_columns() | join(' + ') }}) / 24 end)
                as {{ season }}_mean_kw{{ ',' if not loop.last }}
        {% endfor %}
    from profiles
    where day_type = 'all' and shape_reason is null
    group by customer_key
),

seasonal_changes as (
    select
        customer_key,
        count(case when changes_shape then 1 end) as seasons_of_another_shape
    from seasons
    where day_type = 'all'
    group by customer_key
),

whole_profiles as (
    select
        customer_key,
        shape_reason,
        least({{ hour_columns() | join(', ') }}) as base_kw
    from profiles
    where season = 'all' and day_type = 'all'
),

peak_window as (
    select
        profiles.customer_key,
        {{ mean_over_window('profiles', 'system_peaks.peak_window_start_hour', 'system_peaks.peak_window_end_hour') }}
            as peak_window_kw,
        profiles.shape_reason
    from profiles
    inner join system_peaks on profiles.season = system_peaks.season
    where system_peaks.is_peak_season and profiles.day_type = 'peak_day'
),

joined as (
    select
        customers.customer_key,
        customers.customer_id,
        customers.customer_class,
        customers.service_points,
        nullif(reliability.feeder_id, 'unknown') as feeder_id,
        coalesce(attributes.has_consent, customers.has_consent) as has_consent,
        coalesce(attributes.has_medical_need, customers.has_medical_need) as has_medical_need,
        case when loaded.has_programs then coalesce(programs.is_enrolled_now, false) else customers.is_enrolled end
            as is_enrolled,
        concat_ws(
            ', ',
            case when usage.customer_key is not null then 'readings' end,
            case when customers.is_listed then 'customers' end,
            {% for name in ('premises', 'attributes', 'bills', 'outages', 'programs', 'contacts', 'weather') %}
                case when loaded.has_{{ name }} then '{{ name }}' end{{ ',' if not loop.last }}
            {% endfor %}
        ) as sources_present,
        attributes.tenure,
        attributes.household_size,
        attributes.is_low_income,
        attributes.language,
        usage.first_usage_date,
        usage.last_usage_date,
        cast(coalesce(usage.usage_days, 0) as integer) as usage_days,
        cast(coalesce(usage.good_days, 0) as integer) as good_days,
        cast(usage.kwh as decimal(18, 9)) as kwh,
        cast(usage.received_kwh as decimal(18, 9)) as received_kwh,
        usage.annualised_kwh,
        trends.usage_trend_fraction,
        seasonal_load.winter_mean_kw,
        seasonal_load.spring_mean_kw,
        seasonal_load.summer_mean_kw,
        seasonal_load.autumn_mean_kw,
        contributions.mean_kw,
        contributions.own_peak_kw,
        contributions.load_factor,
        whole_profiles.base_kw,
        case when peak_window.shape_reason is null then peak_window.peak_window_kw end as peak_window_kw,
        case
            when usage.customer_key is null then 'no readings'
            when peak_window.customer_key is null then 'no good peak days'
            else peak_window.shape_reason
        end as peak_window_reason,
        contributions.coincident_1cp_kw,
        contributions.coincidence_factor,
        segments.segment_id,
        segments.segment_name,
        case
            when usage.customer_key is null then 'no readings'
            when whole_profiles.customer_key is null then 'no good days'
            when segments.segment_id is not null then null
            else coalesce(whole_profiles.shape_reason, 'not segmented')
        end as segment_reason,
        segments.descriptive_only as segment_descriptive_only,
        segments.is_outlier as segment_is_outlier,
        1 - segments.distance / nullif(segments.next_distance, 0) as segment_margin_fraction,
        cast(seasonal_changes.seasons_of_another_shape as integer) as seasons_of_another_shape,
        day_shapes.dominant_day_shape_name,
        day_shapes.dominant_fraction as dominant_day_shape_fraction,
        day_shapes.entropy_fraction as day_shape_entropy_fraction,
        equipment.has_vehicle_charging,
        equipment.has_solar,
        equipment.has_electric_heating,
        equipment.has_electric_cooling,
        bills.last_amount as last_bill_amount,
        bills.mean_amount as mean_bill_amount,
        bills.last_issued_on as last_bill_issued_on,
        case when loaded.has_bills then coalesce(bills.arrears_amount, 0) end as arrears_amount,
        bills.has_high_bill_alert,
        case when loaded.has_outages then coalesce(reliability.interruptions, 0) end as interruptions,
        case when loaded.has_outages then cast(coalesce(reliability.interruption_minutes, 0) as double) end
            as interruption_minutes,
        reliability.last_started_at as last_interruption_at,
        reliability.causes as interruption_causes,
        case when loaded.has_outages then reliability.feeder_rank end as feeder_rank,
        case when loaded.has_outages then reliability.is_interrupted_often end as is_interrupted_often,
        programs.program_names_now,
        case when loaded.has_programs then coalesce(programs.offers, 0) end as offers,
        case when loaded.has_programs then coalesce(programs.offers_accepted, 0) end as offers_accepted,
        case when loaded.has_programs then coalesce(programs.events_called, 0) end as events_called,
        case when loaded.has_programs then coalesce(programs.events_taken, 0) end as events_taken,
        programs.opt_out_fraction,
        programs.last_event_date,
        case when loaded.has_contacts then coalesce(contacts.contacts, 0) end as contacts,
        case when loaded.has_contacts then coalesce(contacts.complaints, 0) end as complaints,
        contacts.mean_tone as mean_contact_tone,
        contacts.last_contact_date
    from customers
    cross join loaded
    left join usage on customers.customer_key = usage.customer_key
    left join whole_profiles on customers.customer_key = whole_profiles.customer_key
    left join peak_window on customers.customer_key = peak_window.customer_key
    left join contributions on customers.customer_key = contributions.customer_key
    left join segments on customers.customer_key = segments.customer_key
    left join trends on customers.customer_key = trends.customer_key
    left join seasonal_load on customers.customer_key = seasonal_load.customer_key
    left join seasonal_changes on customers.customer_key = seasonal_changes.customer_key
    left join attributes on customers.customer_key = attributes.customer_key
    left join bills on customers.customer_key = bills.customer_key
    left join reliability on customers.customer_key = reliability.customer_key
    left join programs on customers.customer_key = programs.customer_key
    left join contacts on customers.customer_key = contacts.customer_key
    left join equipment on customers.customer_key = equipment.customer_key
    left join day_shapes on customers.customer_key = day_shapes.customer_key and day_shapes.has_enough_days
)

select * from joined
