-- An offer is accepted when the customer joined that program on its day or after, before the next offer of the same program.
-- Events ahead are not counted yet.
with

enrolments as (select * from {{ ref('stg_programs__enrolments') }}),

offers as (select * from {{ ref('stg_programs__offers') }}),

programs as (select * from {{ ref('stg_programs__programs') }}),

customers as (select * from {{ ref('dim_customer') }}),

events as (select * from {{ ref('fct_program_event') }}),

known as (select * from {{ ref('int_known_until') }}),

enrolled as (
    select
        customers.customer_key,
        cast(count(distinct enrolments.program_id) as integer) as programs,
        cast(count(distinct case
            when coalesce(enrolments.left_on > known.known_until_date, true) then enrolments.program_id
        end) as integer) as programs_now,
        string_agg(
            distinct case
                when coalesce(enrolments.left_on > known.known_until_date, true)
                    then coalesce(programs.program_name, enrolments.program_id)
            end, ', '
            order by
                case
                    when coalesce(enrolments.left_on > known.known_until_date, true)
                        then coalesce(programs.program_name, enrolments.program_id)
                end
        ) as program_names_now,
        min(enrolments.enrolled_on) as first_enrolled_on,
        max(enrolments.left_on) as last_left_on
    from enrolments
    inner join customers on enrolments.customer_id = customers.customer_id
    left join programs on enrolments.program_id = programs.program_id
    cross join known
    where enrolments.enrolled_on <= known.known_until_date
    group by customers.customer_key
),

numbered_offers as (
    select
        customers.customer_key,
        offers.offer_id,
        offers.customer_id,
        offers.program_id,
        offers.offered_on,
        lead(offers.offered_on) over (
            partition by offers.customer_id, offers.program_id
            order by offers.offered_on, offers.offer_id
        ) as next_offered_on
    from offers
    inner join customers on offers.customer_id = customers.customer_id
),

answered as (
    select
        numbered_offers.customer_key,
        numbered_offers.offer_id,
        numbered_offers.offered_on,
        count(enrolments.enrolled_on) > 0 as is_accepted
    from numbered_offers
    left join enrolments
        on numbered_offers.customer_id = enrolments.customer_id
        and numbered_offers.program_id = enrolments.program_id
        and numbered_offers.offered_on <= enrolments.enrolled_on
        and enrolments.enrolled_on < coalesce(numbered_offers.next_offered_on, date '2200-01-01')
    group by
        numbered_offers.customer_key,
        numbered_offers.offer_id,
        numbered_offers.offered_on
),

offered as (
    select
        customer_key,
        cast(count(*) as integer) as offers,
        cast(count(case when is_accepted then 1 end) as integer) as offers_accepted,
        max(offered_on) as last_offered_on
    from answered
    group by customer_key
),

called as (
    select
        events.customer_key,
        cast(count(*) as integer) as events_called,
        cast(count(case when events.took_part then 1 end) as integer) as events_taken,
        cast(count(case when not events.took_part then 1 end) as integer) as events_opted_out,
        max(events.event_date) as last_event_date
    from events
    cross join known
    where
        events.customer_key is not null
        and events.event_date <= known.known_until_date
    group by events.customer_key
),

mentioned as (
    select customer_key from enrolled
    union
    select customer_key from offered
    union
    select customer_key from called
),

joined as (
    select
        mentioned.customer_key,
        coalesce(enrolled.programs_now, 0) > 0 as is_enrolled_now,
        coalesce(enrolled.programs_now, 0) as programs_now,
        enrolled.program_names_now,
        coalesce(enrolled.programs, 0) as programs,
        enrolled.first_enrolled_on,
        enrolled.last_left_on,
        coalesce(offered.offers, 0) as offers,
        coalesce(offered.offers_accepted, 0) as offers_accepted,
        offered.last_offered_on,
        coalesce(called.events_called, 0) as events_called,
        coalesce(called.events_taken, 0) as events_taken,
        coalesce(called.events_opted_out, 0) as events_opted_out,
        cast(called.events_opted_out as double) / called.events_called as opt_out_fraction,
        called.last_event_date
    from mentioned
    left join enrolled on mentioned.customer_key = enrolled.customer_key
    left join offered on mentioned.customer_key = offered.customer_key
    left join called on mentioned.customer_key = called.customer_key
)

select * from joined
