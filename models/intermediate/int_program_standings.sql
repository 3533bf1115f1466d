-- What a customer's best occasion to speak of a program was, by judgement, on each day on which somebody who says who did so.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'known'
),

matters as (
    select * from {{ ref('int_contact_matters') }}
    where matter = 'program'
),

program_facts as (select * from {{ ref('int_program_facts') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

weights as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'event_points', 'opt_out_points', 'offer_points', 'days_after_event', 'days_after_offer',
        'occasion_half_life_days'
    ]) }}
),

contact_days as (
    select distinct contacts.contact_date
    from contacts
    inner join matters on contacts.contact_key = matters.contact_key
),

program_days as (
    select
        contact_days.contact_date,
        program_facts.customer_key,
        program_facts.fact,
        date_diff('day', program_facts.first_date, contact_days.contact_date) as days,
        {{ judged_occasion_points(
            'program_facts.fact', "date_diff('day', program_facts.first_date, contact_days.contact_date)"
        ) }} as points
    from contact_days
    cross join weights
    inner join program_facts
        on contact_days.contact_date >= program_facts.first_date
        and contact_days.contact_date <= {{ last_day_of_program_fact('program_facts') }}
),

-- Whether or not she is in a program besides.
standing as (
    select
        contact_date,
        customer_key,
        arg_max(fact, (points, fact)) filter (where fact != 'enrolment') as occasion,
        arg_max(days, (points, fact)) filter (where fact != 'enrolment') as days,
        bool_or(fact = 'enrolment') as is_enrolled
    from program_days
    group by
        contact_date,
        customer_key
)

select * from standing
