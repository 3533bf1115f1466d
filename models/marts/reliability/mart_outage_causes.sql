-- What interrupted customers, month by month.
with

interruptions as (select * from {{ ref('fct_interruption') }}),

summed as (
    select
        cast(date_trunc('month', interruption_date) as date) as interruption_month,
        cause,
        cast(count(distinct outage_id) as integer) as outages,
        cast(count(case when is_sustained then 1 end) as integer) as customer_interruptions,
        cast(count(case when not is_sustained then 1 end) as integer) as momentary_interruptions,
        cast(sum(case when is_sustained then interruption_minutes else 0 end) as decimal(18, 4)) as customer_minutes,
        cast(sum(case when is_sustained and is_major_event_day then interruption_minutes else 0 end) as decimal(18, 4))
            as major_event_customer_minutes,
        cast(sum(case when is_sustained and is_planned then interruption_minutes else 0 end) as decimal(18, 4))
            as planned_customer_minutes
    from interruptions
    group by all
),

compared as (
    select
        *,
        customer_interruptions / nullif(sum(customer_interruptions) over (partition by interruption_month), 0)
            as interruption_fraction,
        cast(customer_minutes as double)
        / nullif(cast(sum(customer_minutes) over (partition by interruption_month) as double), 0) as minute_fraction
    from summed
)

select * from compared
