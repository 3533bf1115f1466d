-- What each customer adds to the system's peaks. All comes from metered hours, never from mean profiles, which flatten peaks:
-- peaks from every day whose readings can be, so that coincident load is never above the own peak; mean load from good days.
with

customers as (select * from {{ ref('dim_customer') }}),

months as (select * from {{ ref('int_customer_good_months') }}),

believed_days as (select * from {{ ref('int_customer_days_believed') }}),

peak_hour_load as (select * from {{ ref('fct_customer_peak_hour_load') }}),

mean_loads as (
    select
        customer_key,
        cast(sum(kwh) as double) * 60 / sum(received_minutes) as mean_kw
    from months
    group by customer_key
),

own_peaks as (
    select
        customer_key,
        max(peak_kw) as own_peak_kw
    from believed_days
    group by customer_key
),

-- The first of equal peaks, so that every build names the same day.
own_peak_days as (
    select
        own_peaks.customer_key,
        min(believed_days.local_date) as own_peak_date
    from own_peaks
    inner join believed_days
        on own_peaks.customer_key = believed_days.customer_key and own_peaks.own_peak_kw = believed_days.peak_kw
    group by own_peaks.customer_key
),

-- Months before the latest twelve have no rank.
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
        cast(own_peaks.own_peak_kw as double) as own_peak_kw,
        own_peak_days.own_peak_date,
        mean_loads.mean_kw,
        mean_loads.mean_kw / nullif(cast(own_peaks.own_peak_kw as double), 0) as load_factor,
        cast(coincident.coincident_1cp_kw as double) as coincident_1cp_kw,
        coincident.coincident_4cp_kw,
        coincident.coincident_12cp_kw,
        coalesce(coincident.peak_hours_metered, 0) as peak_hours_metered,
        cast(coincident.coincident_1cp_kw as double) / nullif(cast(own_peaks.own_peak_kw as double), 0)
            as coincidence_factor,
        coincident.system_peak_fraction
    from customers
    left join mean_loads on customers.customer_key = mean_loads.customer_key
    left join own_peaks on customers.customer_key = own_peaks.customer_key
    left join own_peak_days on customers.customer_key = own_peak_days.customer_key
    left join coincident on customers.customer_key = coincident.customer_key
)

select * from contributed
