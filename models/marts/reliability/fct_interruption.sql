-- Interruptions of customers who were served, with whether they began on a major event day.
with

interruptions as (
    select * from {{ ref('int_interruptions') }}
    where is_counted
),

daily as (select * from {{ ref('int_reliability_daily') }}),

described as (
    select
        interruptions.customer_key,
        interruptions.service_point_id,
        interruptions.outage_id,
        interruptions.outage_records,
        interruptions.feeder_id,
        interruptions.transformer_id,
        interruptions.local_date as interruption_date,
        interruptions.started_at,
        interruptions.restored_at,
        interruptions.interruption_minutes,
        interruptions.is_sustained,
        interruptions.recorded_cause,
        interruptions.cause,
        interruptions.is_planned,
        daily.is_major_event_day
    from interruptions
    inner join daily on interruptions.local_date = daily.local_date
)

select * from described
