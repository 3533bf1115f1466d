-- What the segments weigh today. Who has left keeps a segment, for her days shaped it, but adds to no count, sum or mean here:
-- her home has another customer, and both would stand for one load. They are counted apart.
with

segments as (
    select * from {{ ref('dim_segment') }}
    where is_current
),

centroids as (select * from {{ ref('fct_segment_centroid') }}),

departed as (select * from {{ ref('int_customers_departed') }}),

segmented as (
    select * from {{ ref('mart_customer_360') }}
    where segment_id is not null
),

profiles as (select * from {{ ref('fct_customer_load_profile') }}),

customers as (
    select * from segmented
    where customer_key not in (select departed.customer_key from departed)
),

former as (
    select
        segmented.segment_id,
        count(*) as customers
    from segmented
    inner join departed on segmented.customer_key = departed.customer_key
    group by segmented.segment_id
),

totals as (
    select
        segment_id,
        count(*) as customers,
        sum(annualised_kwh) as annualised_kwh,
        sum(peak_window_kw) as peak_window_kw,
        avg(peak_window_kw) as mean_peak_window_kw,
        avg(load_factor) as mean_load_factor,
        -- Both of the same customers: who was not metered in the hour of the peak would only add to the own peaks.
        sum(coincident_1cp_kw)
        / nullif(sum(case when coincident_1cp_kw is not null then own_peak_kw end), 0) as coincidence_factor
    from customers
    group by segment_id
),

-- The mean over the profiles that were clustered; most runs cluster one.
mean_profiles as (
    select
        customers.segment_id,
        {% for column in hour_columns() %}
            avg(cast(profiles.{{ column }} as decimal(18, 9))) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from customers
    inner join segments on customers.segment_id = segments.segment_id
    inner join centroids on segments.run_id = centroids.run_id and segments.segment_id = centroids.segment_id
    inner join profiles
        on customers.customer_key = profiles.customer_key
        and centroids.season = profiles.season
        and centroids.day_type = profiles.day_type
    group by customers.segment_id
),

summarised as (
    select
        segments.run_id,
        segments.segment_id,
        segments.segment_name,
        segments.customer_class,
        segments.descriptive_only,
        segments.verdict,
        cast(coalesce(totals.customers, 0) as integer) as customers,
        cast(coalesce(former.customers, 0) as integer) as former_customers,
        coalesce(totals.customers, 0) / nullif(sum(totals.customers) over (), 0) as customer_fraction,
        totals.annualised_kwh,
        totals.annualised_kwh / nullif(sum(totals.annualised_kwh) over (), 0) as energy_fraction,
        totals.peak_window_kw,
        totals.peak_window_kw / nullif(sum(totals.peak_window_kw) over (), 0) as peak_window_fraction,
        totals.mean_peak_window_kw,
        totals.mean_load_factor,
        totals.coincidence_factor,
        segments.top_hour,
        segments.program,
        segments.message_theme,
        segments.channel,
        segments.incentive,
        segments.advice_reason,
        {{ hour_columns(prefix='mean_profiles.') | join(',\n        ') }}
    from segments
    left join totals on segments.segment_id = totals.segment_id
    left join former on segments.segment_id = former.segment_id
    left join mean_profiles on segments.segment_id = mean_profiles.segment_id
)

select * from summarised
