-- What each customer adds to the system's peaks. Own peak and mean load come from metered hours of good days, never from
-- mean profiles, which flatten peaks.
with

customers as (select * from {{ ref('dim_customer') }}),

daily_usage as (select * from {{ ref('fct_customer_daily_usage') }}),

peak_hour_load as (select * from {{ ref('fct_customer_peak_hour_load') }}),

own_load as (
    select
        customer_key,
        max(peak_kw) as own_peak_kw,
        cast(sum(kwh) as double) * 60 / sum(received_minutes) as mean_kw
    from daily_usage
    where shapes_profile
    group by customer_key
),

-- The first of equal peaks, so that every build names the same day.
own_peak_days as (
    select
        own_load.customer_key,
        min(daily_usage.usage_date) as own_peak_date
    from own_load
    inner join daily_usage
        on own_load.customer_key = daily_usage.customer_key and own_load.own_peak_kw = daily_usage.peak_kw
    where daily_usage.shapes_profile
    group by own_load.customer_key
),

coincident as (
    select
        customer_key,
        max(case when peak_rank = 1 then customer_kw end) as coincident_1cp_kw,
        avg(case when peak_rank <= 4 then customer_kw end) as coincident_4cp_kw,
        avg(case when peak_rank <= 12 then customer_kw end) as coincident_12cp_kw,
        cast(count(case when peak_rank <= 12 then customer_kw end) as integer) as peak_hours_metered,
        max(case when peak_rank = 1 then system_peak_fraction end) as system_peak_fraction
    from peak_hour_load
    group by customer_key
),

contributed as (
    select
        customers.customer_key,
        customers.customer_id,
        customers.customer_class,
        cast(own_load.own_peak_kw as double) as own_peak_kw,
        own_peak_days.own_peak_date,
        own_load.mean_kw,
        own_load.mean_kw / nullif(cast(own_load.own_peak_kw as double), 0) as load_factor,
        cast(coincident.coincident_1cp_kw as double) as coincident_1cp_kw,
        coincident.coincident_4cp_kw,
        coincident.coincident_12cp_kw,
        coincident.peak_hours_metered,
        cast(coincident.coincident_1cp_kw as double) / nullif(cast(own_load.own_peak_kw as double), 0)
            as coincidence_factor,
        coincident.system_peak_fraction
    from customers
    left join own_load on customers.customer_key = own_load.customer_key
    left join own_peak_days on customers.customer_key = own_peak_days.customer_key
    left join coincident on customers.customer_key = coincident.customer_key
)

select * from contributed
