{{ config(materialized='view') }}
-- A view: names and calendar beside what is stored already. Publishing writes it out.
with

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

days as (select * from {{ ref('int_local_days') }}),

received as (select * from {{ ref('int_customer_days_received') }}),

usage_ranges as (select * from {{ ref('int_customer_usage_ranges') }}),

estimated_hours as (select * from {{ ref('int_customer_hours_estimated') }}),

estimated as (
    select
        customer_key,
        local_date,
        sum(estimated_kwh) as estimated_kwh,
        sum(missing_minutes) as estimated_minutes
    from estimated_hours
    group by
        customer_key,
        local_date
),

customers as (select * from {{ ref('dim_customer') }}),

-- Days without a delivered reading stand here with what they received, or with an estimate.
other_days as (
    select
        customer_key,
        local_date
    from received
    union
    select
        customer_key,
        local_date
    from estimated
),

customer_days as (
    select
        customer_key,
        local_date,
        kwh,
        peak_kw,
        received_minutes,
        quality_reason
    from assessed
    union all
    select
        other_days.customer_key,
        other_days.local_date,
        null as kwh,
        null as peak_kw,
        0 as received_minutes,
        'no readings' as quality_reason
    from other_days
    left join assessed
        on other_days.customer_key = assessed.customer_key and other_days.local_date = assessed.local_date
    where assessed.customer_key is null
),

days_used as (
    select
        customer_days.*,
        received.received_kwh,
        estimated.estimated_kwh,
        estimated.estimated_minutes
    from customer_days
    left join received
        on customer_days.customer_key = received.customer_key and customer_days.local_date = received.local_date
    left join estimated
        on customer_days.customer_key = estimated.customer_key and customer_days.local_date = estimated.local_date
),

usage as (
    select
        days_used.customer_key,
        customers.customer_id,
        days_used.local_date as usage_date,
        days.season,
        days.day_type,
        days_used.kwh,
        days_used.received_kwh,
        cast(days_used.estimated_kwh as decimal(18, 9)) as estimated_kwh,
        days_used.peak_kw,
        days_used.received_minutes,
        cast(days_used.estimated_minutes as integer) as estimated_minutes,
        days.local_day_minutes as expected_minutes,
        days_used.quality_reason,
        days_used.quality_reason is null as shapes_profile,
        case
            when days_used.kwh > usage_ranges.high_kwh then 'far above usual'
            when days_used.kwh < usage_ranges.low_kwh then 'far below usual'
        end as review_reason
    from days_used
    inner join customers on days_used.customer_key = customers.customer_key
    inner join days on days_used.local_date = days.local_date
    left join usage_ranges
        on days_used.customer_key = usage_ranges.customer_key and days.season = usage_ranges.season
)

select * from usage
