-- What readings and the customers file tell so far. Sources that were not loaded leave their columns null, and
-- sources_present says which were there.
with

customers as (select * from {{ ref('dim_customer') }}),

daily_usage as (select * from {{ ref('fct_customer_daily_usage') }}),

profiles as (select * from {{ ref('fct_customer_load_profile') }}),

contributions as (select * from {{ ref('mart_peak_contribution') }}),

system_peaks as (select * from {{ ref('mart_system_peak') }}),

segments as (select * from {{ ref('fct_customer_segment') }}),

day_shapes as (select * from {{ ref('mart_customer_day_shapes') }}),

equipment as (select * from {{ ref('mart_customer_equipment') }}),

usage as (
    select
        customer_key,
        min(usage_date) as first_usage_date,
        max(usage_date) as last_usage_date,
        count(*) as usage_days,
        count(case when shapes_profile then 1 end) as good_days,
        sum(kwh) as kwh,
        sum(received_kwh) as received_kwh,
        cast(sum(kwh) as double) * 60 * 24 * 365 / sum(received_minutes) as annualised_kwh
    from daily_usage
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
        customers.has_consent,
        customers.has_medical_need,
        customers.is_enrolled,
        case
            when usage.customer_key is null then 'customers'
            when customers.is_listed then 'readings, customers'
            else 'readings'
        end as sources_present,
        usage.first_usage_date,
        usage.last_usage_date,
        cast(coalesce(usage.usage_days, 0) as integer) as usage_days,
        cast(coalesce(usage.good_days, 0) as integer) as good_days,
        cast(usage.kwh as decimal(18, 9)) as kwh,
        cast(usage.received_kwh as decimal(18, 9)) as received_kwh,
        usage.annualised_kwh,
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
        day_shapes.dominant_day_shape_name,
        day_shapes.dominant_fraction as dominant_day_shape_fraction,
        day_shapes.entropy_fraction as day_shape_entropy_fraction,
        equipment.has_vehicle_charging,
        equipment.has_solar,
        equipment.has_electric_heating,
        equipment.has_electric_cooling
    from customers
    left join usage on customers.customer_key = usage.customer_key
    left join whole_profiles on customers.customer_key = whole_profiles.customer_key
    left join peak_window on customers.customer_key = peak_window.customer_key
    left join contributions on customers.customer_key = contributions.customer_key
    left join segments on customers.customer_key = segments.customer_key
    left join equipment on customers.customer_key = equipment.customer_key
    left join day_shapes on customers.customer_key = day_shapes.customer_key and day_shapes.has_enough_days
)

select * from joined
