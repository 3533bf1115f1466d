-- What a contact about a program may be about, by customer: events, opting out of them, offers, joining, being in a program.
with

events as (
    select * from {{ ref('fct_program_event') }}
    where customer_key is not null
),

enrolments as (select * from {{ ref('stg_programs__enrolments') }}),

offers as (select * from {{ ref('stg_programs__offers') }}),

customers as (select * from {{ ref('dim_customer') }}),

combined as (
    select
        customer_key,
        case when not took_part then 'opting out' else 'event' end as fact,
        event_date as first_date,
        event_date as last_date
    from events
    union all
    select
        customers.customer_key,
        'joining' as fact,
        enrolments.enrolled_on as first_date,
        enrolments.enrolled_on as last_date
    from enrolments
    inner join customers on enrolments.customer_id = customers.customer_id
    union all
    select
        customers.customer_key,
        'enrolment' as fact,
        enrolments.enrolled_on as first_date,
        coalesce(enrolments.left_on, date '2200-01-01') as last_date
    from enrolments
    inner join customers on enrolments.customer_id = customers.customer_id
    union all
    select
        customers.customer_key,
        'offer' as fact,
        offers.offered_on as first_date,
        offers.offered_on as last_date
    from offers
    inner join customers on offers.customer_id = customers.customer_id
),

distinct_facts as (select distinct * from combined)

select * from distinct_facts
