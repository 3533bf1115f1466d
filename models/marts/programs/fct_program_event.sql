-- Customers called in events, with what was known of them when they were told, or when the event began if that is not known:
-- nothing that came later, so that a model fitted on these rows could have been used then.
with

participation as (select * from {{ ref('stg_programs__event_participation') }}),

events as (select * from {{ ref('stg_programs__events') }}),

programs as (select * from {{ ref('stg_programs__programs') }}),

enrolments as (select * from {{ ref('stg_programs__enrolments') }}),

customers as (select * from {{ ref('dim_customer') }}),

history as (select * from {{ ref('dim_customer_history') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

known as (select * from {{ ref('int_known_until') }}),

dated_events as (
    select
        events.*,
        programs.program_type,
        cast({{ utc_to_local('events.starts_at', "coalesce(utility.time_zone, 'UTC')") }} as date) as event_date,
        cast({{ utc_to_local(
            'least(coalesce(events.notified_at, events.starts_at), events.starts_at)', "coalesce(utility.time_zone, 'UTC')"
        ) }} as date) as known_on_date
    from events
    left join programs on events.program_id = programs.program_id
    left join utility on true
),

called as (
    select
        dated_events.event_id,
        participation.customer_id,
        customers.customer_key,
        dated_events.program_id,
        dated_events.program_type,
        dated_events.direction,
        dated_events.starts_at,
        dated_events.ends_at,
        dated_events.notified_at,
        dated_events.event_date,
        dated_events.known_on_date,
        participation.opted_out_at,
        -- Of an event ahead only those who opted out are known.
        case
            when participation.opted_out_at is not null then false
            when dated_events.event_date <= known.known_until_date then true
        end as took_part,
        -- Who opts out after the event has no part in its outcome.
        coalesce(participation.opted_out_at < dated_events.starts_at, false) as opted_out_before_start
    from participation
    inner join dated_events on participation.event_id = dated_events.event_id
    left join customers on participation.customer_id = customers.customer_id
    cross join known
),

with_enrolment as (
    select
        called.event_id,
        called.customer_id,
        max(enrolments.enrolled_on) as enrolled_on
    from called
    inner join enrolments
        on called.customer_id = enrolments.customer_id
        and called.program_id = enrolments.program_id
        and called.event_date >= enrolments.enrolled_on
        and called.event_date < coalesce(enrolments.left_on, date '2200-01-01')
    group by
        called.event_id,
        called.customer_id
),

described as (
    select
        called.event_id,
        called.customer_key,
        called.customer_id,
        called.program_id,
        called.program_type,
        called.direction,
        called.starts_at,
        called.ends_at,
        called.notified_at,
        called.event_date,
        called.known_on_date,
        called.opted_out_at,
        called.took_part,
        called.opted_out_before_start,
        with_enrolment.enrolled_on is not null as is_enrolled,
        with_enrolment.enrolled_on,
        history.valid_from_date as attributes_valid_from_date,
        history.customer_class,
        history.service_points,
        history.tenure,
        history.household_size,
        history.income_band,
        history.is_low_income,
        history.has_medical_need,
        history.has_consent,
        history.language
    from called
    left join with_enrolment
        on called.event_id = with_enrolment.event_id
        and called.customer_id = with_enrolment.customer_id
    left join history
        on called.customer_key = history.customer_key
        and called.known_on_date >= history.valid_from_date
        and called.known_on_date < coalesce(history.valid_to_date, date '2200-01-01')
)

select * from described
