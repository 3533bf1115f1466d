-- Outages close in time to a contact without a customer, and what it is worth to be out in one.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'not given'
),

customer_outages as (select * from {{ ref('int_customer_outages') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

weights as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'outage_points', 'suspected_outage_points', 'minutes_before_outage', 'hours_after_outage', 'half_life_hours',
        'longest_open_outage_hours'
    ]) }}
),

outage_spans as (
    select
        customer_outages.outage_id,
        customer_outages.is_recorded,
        min(customer_outages.started_at) as started_at,
        max(coalesce(
            customer_outages.restored_at,
            customer_outages.started_at + to_hours(cast(weights.longest_open_outage_hours as integer))
        )) as restored_at
    from customer_outages
    cross join weights
    group by
        customer_outages.outage_id,
        customer_outages.is_recorded
),

outage_windows as (
    select
        outage_spans.*,
        outage_spans.started_at - to_minutes(cast(weights.minutes_before_outage as integer)) as window_start_at,
        outage_spans.restored_at + to_hours(cast(weights.hours_after_outage as integer)) as window_end_at
    from outage_spans
    cross join weights
),

-- Records may lag behind the telephone, and people write when the light is back.
near_outages as (
    select
        contacts.contact_key,
        outage_windows.outage_id,
        outage_windows.is_recorded,
        {{ minutes_between('outage_windows.started_at', 'contacts.contacted_at') }} as minutes_apart,
        {{ minutes_between('outage_windows.restored_at', 'contacts.contacted_at') }} as minutes_since_restored
    from contacts
    inner join outage_windows
        on contacts.contacted_at >= outage_windows.window_start_at
        and contacts.contacted_at <= outage_windows.window_end_at
    where contacts.topic in ('outage', 'voltage', 'other', 'unknown')
),

-- Half of the points for being out at all, half for its having just begun; outside the outage only the first half, fading.
weighed_outages as (
    select
        near_outages.contact_key,
        near_outages.outage_id,
        near_outages.is_recorded,
        near_outages.minutes_apart,
        round(
            case when near_outages.is_recorded then weights.outage_points else weights.suspected_outage_points end / 2
            * case
                when near_outages.minutes_apart < 0 then power(0.5, -near_outages.minutes_apart / 60.0 / weights.half_life_hours)
                when near_outages.minutes_since_restored > 0
                    then power(0.5, near_outages.minutes_since_restored / 60.0 / weights.half_life_hours)
                else 1 + power(0.5, near_outages.minutes_apart / 60.0 / weights.half_life_hours)
            end, 3
        ) as outage_points
    from near_outages
    cross join weights
)

select * from weighed_outages
