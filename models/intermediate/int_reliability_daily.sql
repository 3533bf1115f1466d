-- SAIDI of each local day, and whether the day is a major event day by the 2.5 beta method of IEEE 1366. All minutes of an
-- interruption belong to the day on which it began, also those after midnight. A year's threshold rests on up to five years
-- before it, and on the year itself only where nothing earlier is known.
with

interruptions as (
    select * from {{ ref('int_interruptions') }}
    where is_counted
),

outages as (select * from {{ ref('int_outages_recorded') }}),

served as (select * from {{ ref('int_reliability_served') }}),

loads as (select * from {{ ref('stg_meter__loads') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

reliability_limits as (select * from {{ ref('reliability_limits') }}),

limits as (
    {{ limits_as_columns('reliability_limits', 'limit_name', 'limit_value', [
        'major_event_beta_multiple',
        'major_event_sample_deviation',
        'major_event_smallest_days',
        'major_event_greatest_years'
    ]) }}
),

-- Without any recorded outage there is no record, and so no index, rather than one of zero.
recorded as (
    select
        min(started_at) as first_at,
        max(started_at) as last_at
    from outages
    having count(*) > 0
),

metered as (
    select
        min(first_interval_start_at) as first_at,
        max(last_interval_end_at) - interval '1 second' as last_at
    from loads
),

span as (
    select
        cast({{ utc_to_local('least(recorded.first_at, metered.first_at)', 'utility.time_zone') }} as date) as first_date,
        cast({{ utc_to_local('greatest(recorded.last_at, metered.last_at)', 'utility.time_zone') }} as date) as last_date
    from recorded
    cross join metered
    cross join utility
),

days as (
    select
        cast({{ instants_between(
            'cast(first_date as timestamp)', "cast(last_date as timestamp) + interval '1 day'", 1440
        ) }} as date) as local_date
    from span
),

-- One row per date on which the number of customers changes, and one per day, so that a running sum tells it for each day.
changes as (
    select
        valid_from_date as change_date,
        1 as change
    from served
    union all
    select
        valid_to_date as change_date,
        -1 as change
    from served
    union all
    select
        local_date as change_date,
        0 as change
    from days
),

changes_by_date as (
    select
        change_date,
        sum(change) as change
    from changes
    group by change_date
),

served_by_date as (
    select
        change_date,
        sum(change) over (order by change_date) as customers_served
    from changes_by_date
),

summed as (
    select
        local_date,
        sum(case when is_sustained then 1 else 0 end) as customer_interruptions,
        sum(case when is_sustained then interruption_minutes else 0 end) as customer_minutes,
        sum(case when is_sustained then 0 else 1 end) as momentary_interruptions
    from interruptions
    group by local_date
),

measured as (
    select
        days.local_date,
        cast(extract(year from days.local_date) as integer) as local_year,
        cast(served_by_date.customers_served as integer) as customers_served,
        cast(coalesce(summed.customer_interruptions, 0) as integer) as customer_interruptions,
        cast(coalesce(summed.customer_minutes, 0) as decimal(18, 4)) as customer_minutes,
        cast(coalesce(summed.momentary_interruptions, 0) as integer) as momentary_interruptions,
        coalesce(cast(summed.customer_minutes as double) / nullif(served_by_date.customers_served, 0), 0) as saidi_minutes
    from days
    inner join served_by_date on days.local_date = served_by_date.change_date
    left join summed on days.local_date = summed.local_date
),

-- Decimal, so that sums do not depend on the order of days.
logarithms as (
    select
        local_year,
        cast(ln(saidi_minutes) as decimal(18, 9)) as log_saidi
    from measured
    where saidi_minutes > 0
),

years as (
    select distinct local_year from measured
),

earlier_and_own as (
    select
        years.local_year,
        logarithms.local_year < years.local_year as is_earlier,
        logarithms.log_saidi
    from years
    cross join limits
    inner join logarithms
        on years.local_year >= logarithms.local_year
        and years.local_year - limits.major_event_greatest_years <= logarithms.local_year
),

chosen as (
    select
        earlier_and_own.*,
        count(case when earlier_and_own.is_earlier then 1 end) over (partition by earlier_and_own.local_year)
        >= limits.major_event_smallest_days as rests_on_earlier_years
    from earlier_and_own
    cross join limits
),

moments as (
    select
        local_year,
        bool_and(rests_on_earlier_years) as rests_on_earlier_years,
        count(*) as days,
        sum(log_saidi) as sum_of_logs,
        sum(log_saidi * log_saidi) as sum_of_squares
    from chosen
    where is_earlier = rests_on_earlier_years
    group by local_year
),

deviations as (
    select
        moments.local_year,
        moments.rests_on_earlier_years,
        moments.days,
        cast(moments.sum_of_logs as double) / moments.days as alpha,
        sqrt(
            greatest(
                cast(moments.sum_of_squares - moments.sum_of_logs * moments.sum_of_logs / moments.days as double), 0
            ) / nullif(moments.days - limits.major_event_sample_deviation, 0)
        ) as beta
    from moments
    cross join limits
),

thresholds as (
    select
        deviations.local_year,
        deviations.days,
        deviations.rests_on_earlier_years,
        case
            when deviations.days >= limits.major_event_smallest_days
                then round(exp(deviations.alpha + limits.major_event_beta_multiple * deviations.beta), 6)
        end as major_event_threshold_minutes
    from deviations
    cross join limits
),

judged as (
    select
        measured.local_date,
        measured.customers_served,
        measured.customer_interruptions,
        measured.customer_minutes,
        measured.momentary_interruptions,
        measured.saidi_minutes,
        thresholds.major_event_threshold_minutes,
        case
            when thresholds.major_event_threshold_minutes is null then 'too few days with interruptions'
            when thresholds.rests_on_earlier_years then 'years before'
            else 'same year'
        end as threshold_basis,
        cast(coalesce(thresholds.days, 0) as integer) as threshold_days,
        coalesce(measured.saidi_minutes > thresholds.major_event_threshold_minutes, false) as is_major_event_day
    from measured
    left join thresholds on measured.local_year = thresholds.local_year
)

select * from judged
