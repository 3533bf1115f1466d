-- What each customer adds to the system's peaks. Own peak and mean load come from metered hours of good days, never from
-- mean profiles, which flatten peaks.
with

customers as (select * from {{ ref('dim_customer') }}),

daily_usage as (select * from {{ ref('fct_customer_daily_usage') }}),

peak_hour_load as (select * from {{ ref('fct_customer_peak_hour_load') }}),

own_load as (
    select
        customer_key,
        cast(max(peak_kw) as double) as own_peak_kw,
        max_by(usage_date, peak_kw) as own_peak_date,
        cast(sum(kwh) as double) * 60 / sum(received_minutes) as mean_kw
    from daily_usage
    where shapes_profile
    group by customer_key
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
        own_load.own_peak_kw,
        own_load.own_peak_date,
        own_load.mean_kw,
        own_load.mean_kw / nullif(own_load.own_peak_kw, 0) as load_factor,
        coincident.coincident_1cp_kw,
        coincident.coincident_4cp_kw,
        coincident.coincident_12cp_kw,
        coincident.peak_hours_metered,
        coincident.coincident_1cp_kw / nullif(own_load.own_peak_kw, 0) as coincidence_factor,
        coincident.system_peak_fraction
    from customers
    left join own_load on customers.customer_key = own_load.customer_key
    left join coincident on customers.customer_key = coincident.customer_key
)

select * from contributed
