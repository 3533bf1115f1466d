with

indices as (
    select * from {{ ref('int_reliability_indices') }}
    where feeder_id is not null
),

chosen as (
    select
        feeder_id,
        period_kind,
        period,
        period_start_date,
        period_end_date,
        includes_major_event_days,
        days,
        major_event_days,
        customers_served,
        service_points_served,
        outages,
        customer_interruptions,
        momentary_interruptions,
        customer_minutes,
        service_points_interrupted,
        service_points_interrupted_often,
        saifi,
        saidi_minutes,
        caidi_minutes,
        asai,
        maifi,
        cemi_fraction
    from indices
)

select * from chosen
