{{ config(tags=['essential']) }}
-- Interruptions, minutes and customers of the feeders are those of the utility in every period, and the months hold all of them.
with

feeders as (select * from {{ ref('mart_reliability_feeder') }}),

utility as (select * from {{ ref('mart_reliability_system') }}),

summed as (
    select
        period_kind,
        period,
        includes_major_event_days,
        sum(customer_interruptions) as customer_interruptions,
        sum(momentary_interruptions) as momentary_interruptions,
        sum(customer_minutes) as customer_minutes,
        sum(service_points_served) as service_points_served
    from feeders
    group by all
),

months as (
    select
        includes_major_event_days,
        sum(customer_interruptions) as customer_interruptions,
        sum(customer_minutes) as customer_minutes
    from utility
    where period_kind = 'month'
    group by includes_major_event_days
)

select
    utility.period_kind,
    utility.period,
    utility.includes_major_event_days,
    'the feeders together differ from the utility' as failure_reason
from utility
left join summed
    on utility.period_kind = summed.period_kind
    and utility.period = summed.period
    and utility.includes_major_event_days = summed.includes_major_event_days
where
    utility.customer_interruptions is distinct from summed.customer_interruptions
    or utility.momentary_interruptions is distinct from summed.momentary_interruptions
    or utility.customer_minutes is distinct from summed.customer_minutes
    or utility.service_points_served is distinct from summed.service_points_served
union all
select
    utility.period_kind,
    utility.period,
    utility.includes_major_event_days,
    'the months together differ from the whole record' as failure_reason
from utility
left join months on utility.includes_major_event_days = months.includes_major_event_days
where
    utility.period_kind = 'all'
    and (
        utility.customer_interruptions is distinct from months.customer_interruptions
        or utility.customer_minutes is distinct from months.customer_minutes
    )
