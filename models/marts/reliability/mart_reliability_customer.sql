-- Who was without supply how often, how long and why. Every customer is here, also those never interrupted.
with

customers as (select * from {{ ref('dim_customer') }}),

interruptions as (select * from {{ ref('fct_interruption') }}),

days as (select * from {{ ref('fct_reliability_day') }}),

served as (select * from {{ ref('int_reliability_served') }}),

reliability_limits as (select * from {{ ref('reliability_limits') }}),

limits as (
    {{ limits_as_columns('reliability_limits', 'limit_name', 'limit_value', [
        'recent_days',
        'cemi_interruptions',
        'cemi_includes_limit'
    ]) }}
),

span as (
    select
        max(days.local_date) as last_date,
        greatest(min(days.local_date), max(days.local_date) - cast(max(limits.recent_days) as integer) + 1) as recent_from_date
    from days
    cross join limits
),

-- The feeder of the newest agreement; of two as new, the first by name.
feeders as (
    select
        customer_key,
        feeder_id
    from served
    qualify row_number() over (
        partition by customer_key order by valid_to_date desc, valid_from_date desc, feeder_id asc, service_point_id asc
    ) = 1
),

counted as (
    select
        interruptions.customer_key,
        count(case when interruptions.is_sustained then 1 end) as interruptions,
        count(case when not interruptions.is_sustained then 1 end) as momentary_interruptions,
        sum(case when interruptions.is_sustained then interruptions.interruption_minutes else 0 end) as interruption_minutes,
        max(case when interruptions.is_sustained then interruptions.interruption_minutes end) as longest_minutes,
        max(interruptions.started_at) as last_started_at,
        max_by(interruptions.cause, (interruptions.started_at, interruptions.service_point_id)) as last_cause,
        count(
            case when interruptions.is_sustained and interruptions.interruption_date >= span.recent_from_date then 1 end
        ) as recent_interruptions,
        count(
            case when not interruptions.is_sustained and interruptions.interruption_date >= span.recent_from_date then 1 end
        ) as recent_momentary_interruptions,
        sum(
            case
                when interruptions.is_sustained and interruptions.interruption_date >= span.recent_from_date
                    then interruptions.interruption_minutes
                else 0
            end
        ) as recent_minutes,
        count(
            case
                when
                    interruptions.is_sustained
                    and interruptions.is_major_event_day
                    and interruptions.interruption_date >= span.recent_from_date
                    then 1
            end
        ) as recent_on_major_event_days
    from interruptions
    cross join span
    group by interruptions.customer_key
),

counted_causes as (
    select
        customer_key,
        cause,
        count(*) as interruptions
    from interruptions
    where is_sustained
    group by
        customer_key,
        cause
),

listed_causes as (
    select
        customer_key,
        string_agg(cause || ' (' || interruptions || ')', ', ' order by interruptions desc, cause asc) as causes,
        min_by(cause, (-interruptions, cause)) as main_cause
    from counted_causes
    group by customer_key
),

described as (
    select
        customers.customer_key,
        customers.customer_id,
        customers.customer_class,
        feeders.feeder_id,
        span.recent_from_date,
        span.last_date as known_until_date,
        cast(coalesce(counted.interruptions, 0) as integer) as interruptions,
        cast(coalesce(counted.momentary_interruptions, 0) as integer) as momentary_interruptions,
        cast(coalesce(counted.interruption_minutes, 0) as decimal(18, 4)) as interruption_minutes,
        cast(counted.longest_minutes as decimal(18, 4)) as longest_minutes,
        counted.last_started_at,
        counted.last_cause,
        listed_causes.main_cause,
        listed_causes.causes,
        cast(coalesce(counted.recent_interruptions, 0) as integer) as recent_interruptions,
        cast(coalesce(counted.recent_momentary_interruptions, 0) as integer) as recent_momentary_interruptions,
        cast(coalesce(counted.recent_minutes, 0) as decimal(18, 4)) as recent_minutes,
        cast(coalesce(counted.recent_on_major_event_days, 0) as integer) as recent_on_major_event_days,
        coalesce(counted.recent_interruptions, 0) > limits.cemi_interruptions
        or (limits.cemi_includes_limit = 1 and coalesce(counted.recent_interruptions, 0) = limits.cemi_interruptions)
            as is_interrupted_often
    from customers
    cross join span
    cross join limits
    left join feeders on customers.customer_key = feeders.customer_key
    left join counted on customers.customer_key = counted.customer_key
    left join listed_causes on customers.customer_key = listed_causes.customer_key
),

ranked as (
    select
        *,
        -- Customers of whom no feeder is known have none in common.
        case
            when feeder_id != 'unknown'
                then cast(
                    rank() over (
                        partition by feeder_id order by recent_interruptions desc, recent_minutes desc
                    ) as integer
                )
        end as feeder_rank,
        case
            when known_until_date is null then 'no outage is recorded'
            when interruptions = 0 and momentary_interruptions = 0 then 'never interrupted in the record'
            else
                recent_interruptions || ' interruptions and ' || cast(round(recent_minutes) as integer)
                || ' minutes from ' || recent_from_date || ' to ' || known_until_date
                || case
                    when recent_on_major_event_days > 0 then ', ' || recent_on_major_event_days || ' on major event days'
                    else ''
                end
                || case
                    when recent_momentary_interruptions > 0 then '; ' || recent_momentary_interruptions || ' momentary'
                    else ''
                end
                || coalesce('; causes of all: ' || causes, '')
        end as reason
    from described
)

select * from ranked
