-- Indices of IEEE 1366 for each feeder and for the utility (no feeder), by month, year and over all, with and without major
-- event days. Leaving a major event day out takes its interruptions away, not its customers.
with

interruptions as (
    select * from {{ ref('int_interruptions') }}
    where is_counted
),

daily as (select * from {{ ref('int_reliability_daily') }}),

served as (select * from {{ ref('int_reliability_served') }}),

reliability_limits as (select * from {{ ref('reliability_limits') }}),

limits as (
    {{ limits_as_columns('reliability_limits', 'limit_name', 'limit_value', [
        'cemi_interruptions',
        'cemi_includes_limit'
    ]) }}
),

days_in_periods as (
    select
        local_date,
        is_major_event_day,
        unnest(['month', 'year', 'all']) as period_kind,
        unnest([
            cast(date_trunc('month', local_date) as date),
            cast(date_trunc('year', local_date) as date),
            min(local_date) over ()
        ]) as calendar_start_date
    from daily
),

periods as (
    select
        period_kind,
        calendar_start_date,
        -- The first and the last month may be known in part.
        min(local_date) as period_start_date,
        max(local_date) + 1 as period_end_date,
        count(*) as days,
        count(case when is_major_event_day then 1 end) as major_event_days
    from days_in_periods
    group by
        period_kind,
        calendar_start_date
),

interruptions_in_periods as (
    select
        interruptions.service_point_id,
        interruptions.outage_id,
        interruptions.feeder_id,
        interruptions.is_sustained,
        interruptions.interruption_minutes,
        days_in_periods.period_kind,
        days_in_periods.calendar_start_date,
        days_in_periods.is_major_event_day
    from interruptions
    inner join days_in_periods on interruptions.local_date = days_in_periods.local_date
),

-- Once for the feeder, once for the utility; once with all days, and once more when the day is no major event day.
counted_ways as (
    select
        true as includes_major_event_days,
        unnest([feeder_id, null]) as feeder_id,
        service_point_id,
        outage_id,
        is_sustained,
        interruption_minutes,
        period_kind,
        calendar_start_date
    from interruptions_in_periods
    union all
    select
        false as includes_major_event_days,
        unnest([feeder_id, null]) as feeder_id,
        service_point_id,
        outage_id,
        is_sustained,
        interruption_minutes,
        period_kind,
        calendar_start_date
    from interruptions_in_periods
    where not is_major_event_day
),

by_service_point as (
    select
        feeder_id,
        period_kind,
        calendar_start_date,
        includes_major_event_days,
        service_point_id,
        count(case when is_sustained then 1 end) as interruptions,
        count(case when not is_sustained then 1 end) as momentary_interruptions,
        sum(case when is_sustained then interruption_minutes else 0 end) as minutes
    from counted_ways
    group by all
),

summed as (
    select
        by_service_point.feeder_id,
        by_service_point.period_kind,
        by_service_point.calendar_start_date,
        by_service_point.includes_major_event_days,
        sum(by_service_point.interruptions) as customer_interruptions,
        sum(by_service_point.momentary_interruptions) as momentary_interruptions,
        sum(by_service_point.minutes) as customer_minutes,
        count(case when by_service_point.interruptions > 0 then 1 end) as service_points_interrupted,
        count(
            case
                when
                    by_service_point.interruptions > limits.cemi_interruptions
                    or (limits.cemi_includes_limit = 1 and by_service_point.interruptions = limits.cemi_interruptions)
                    then 1
            end
        ) as service_points_interrupted_often
    from by_service_point
    cross join limits
    group by all
),

outages_counted as (
    select
        feeder_id,
        period_kind,
        calendar_start_date,
        includes_major_event_days,
        count(distinct outage_id) as outages
    from counted_ways
    group by all
),

served_in_periods as (
    select
        unnest([served.feeder_id, null]) as feeder_id,
        periods.period_kind,
        periods.calendar_start_date,
        served.service_point_id,
        cast({{ minutes_between(
            'greatest(served.valid_from_date, periods.period_start_date)',
            'least(served.valid_to_date, periods.period_end_date)'
        ) }} / 1440 as integer) as days_served
    from periods
    inner join served
        on periods.period_start_date < served.valid_to_date
        and periods.period_end_date > served.valid_from_date
),

customers as (
    select
        feeder_id,
        period_kind,
        calendar_start_date,
        sum(days_served) as days_served,
        count(distinct service_point_id) as service_points_served
    from served_in_periods
    group by all
),

ways as (
    select unnest([true, false]) as includes_major_event_days
),

combined as (
    select
        customers.feeder_id,
        periods.period_kind,
        case periods.period_kind
            when 'month' then substr(cast(periods.calendar_start_date as varchar), 1, 7)
            when 'year' then substr(cast(periods.calendar_start_date as varchar), 1, 4)
            else 'all'
        end as period,
        periods.period_start_date,
        periods.period_end_date,
        ways.includes_major_event_days,
        cast(periods.days as integer) as days,
        cast(periods.major_event_days as integer) as major_event_days,
        cast(customers.days_served as double) / periods.days as customers_served,
        cast(customers.service_points_served as integer) as service_points_served,
        cast(coalesce(outages_counted.outages, 0) as integer) as outages,
        cast(coalesce(summed.customer_interruptions, 0) as integer) as customer_interruptions,
        cast(coalesce(summed.momentary_interruptions, 0) as integer) as momentary_interruptions,
        cast(coalesce(summed.customer_minutes, 0) as decimal(18, 4)) as customer_minutes,
        cast(coalesce(summed.service_points_interrupted, 0) as integer) as service_points_interrupted,
        cast(coalesce(summed.service_points_interrupted_often, 0) as integer) as service_points_interrupted_often
    from customers
    inner join periods
        on customers.period_kind = periods.period_kind and customers.calendar_start_date = periods.calendar_start_date
    cross join ways
    left join summed
        on customers.feeder_id is not distinct from summed.feeder_id
        and customers.period_kind = summed.period_kind
        and customers.calendar_start_date = summed.calendar_start_date
        and ways.includes_major_event_days = summed.includes_major_event_days
    left join outages_counted
        on customers.feeder_id is not distinct from outages_counted.feeder_id
        and customers.period_kind = outages_counted.period_kind
        and customers.calendar_start_date = outages_counted.calendar_start_date
        and ways.includes_major_event_days = outages_counted.includes_major_event_days
),

indices as (
    select
        *,
        customer_interruptions / customers_served as saifi,
        cast(customer_minutes as double) / customers_served as saidi_minutes,
        cast(customer_minutes as double) / nullif(customer_interruptions, 0) as caidi_minutes,
        1 - cast(customer_minutes as double) / customers_served / (days * 1440) as asai,
        momentary_interruptions / customers_served as maifi,
        cast(service_points_interrupted_often as double) / service_points_served as cemi_fraction
    from combined
)

select * from indices
