-- What speaks for each customer who may stand behind a contact without one: place, outage, what was said, and history as it
-- was known when the contact came: outages, contacts, bills, offers and events before it.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'not given'
),

named_contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'known'
),

considered as (select * from {{ ref('int_complaint_candidates') }}),

statement_history as (select * from {{ ref('int_candidate_statements') }}),

customer_outages as (select * from {{ ref('int_customer_outages') }}),

customers as (select * from {{ ref('dim_customer') }}),

bills as (select * from {{ ref('int_bills_compared') }}),

events as (select * from {{ ref('fct_program_event') }}),

enrolments as (select * from {{ ref('stg_programs__enrolments') }}),

offers as (select * from {{ ref('stg_programs__offers') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

weights as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'repeated_outage_points', 'earlier_contact_points', 'same_matter_points', 'greatest_history_points',
        'recent_bill_points', 'high_bill_points', 'event_points', 'opt_out_points', 'enrolment_points', 'offer_points',
        'history_days', 'days_after_bill', 'days_after_event', 'days_after_offer', 'occasion_half_life_days'
    ]) }}
),

candidates as (
    select
        considered.*,
        contacts.topic,
        contacts.contacted_at,
        contacts.contact_date,
        contacts.contacted_at - to_days(cast(weights.history_days as integer)) as history_start_at
    from considered
    inner join contacts on considered.contact_key = contacts.contact_key
    cross join weights
),

outage_history as (
    select
        candidates.contact_key,
        candidates.customer_key,
        count(distinct customer_outages.outage_id) as outages_before,
        count(distinct case when customer_outages.cause = candidates.cause then customer_outages.outage_id end)
            as same_cause_outages_before
    from candidates
    inner join customer_outages
        on candidates.customer_key = customer_outages.customer_key
        and candidates.contacted_at > customer_outages.started_at
        and candidates.history_start_at <= customer_outages.started_at
    where customer_outages.outage_id is distinct from candidates.outage_id
    group by
        candidates.contact_key,
        candidates.customer_key
),

contact_history as (
    select
        candidates.contact_key,
        candidates.customer_key,
        count(*) as contacts_before,
        -- Flickering light and no light are one matter.
        count(
            case
                when replace(candidates.topic, 'voltage', 'outage') = replace(named_contacts.topic, 'voltage', 'outage') then 1
            end
        ) as same_matter_contacts_before
    from candidates
    inner join named_contacts
        on candidates.customer_key = named_contacts.customer_key
        and candidates.contacted_at > named_contacts.contacted_at
        and candidates.history_start_at <= named_contacts.contacted_at
    group by
        candidates.contact_key,
        candidates.customer_key
),

bill_history as (
    select
        candidates.contact_key,
        candidates.customer_key,
        max(bills.issued_on) as last_bill_on,
        bool_or(bills.is_surprising) as had_high_bill,
        max(round(
            (
                weights.recent_bill_points
                + weights.high_bill_points * least(greatest(bills.amount_ratio, bills.former_amount_ratio, 1) - 1, 1)
            ) * power(0.5, date_diff('day', bills.issued_on, candidates.contact_date) / weights.occasion_half_life_days), 3
        )) as bill_points
    from candidates
    inner join bills
        on candidates.customer_key = bills.customer_key
        and candidates.contact_date >= bills.issued_on
    cross join weights
    where
        candidates.topic in ('bill', 'unknown')
        and bills.issued_on >= candidates.contact_date - to_days(cast(weights.days_after_bill as integer))
    group by
        candidates.contact_key,
        candidates.customer_key
),

program_facts as (
    select
        customer_key,
        'event' as fact,
        took_part,
        event_date as first_date,
        event_date as last_date
    from events
    where customer_key is not null
    union all
    select
        customers.customer_key,
        'enrolment' as fact,
        true as took_part,
        enrolments.enrolled_on as first_date,
        coalesce(enrolments.left_on, date '2200-01-01') as last_date
    from enrolments
    inner join customers on enrolments.customer_id = customers.customer_id
    union all
    select
        customers.customer_key,
        'offer' as fact,
        true as took_part,
        offers.offered_on as first_date,
        offers.offered_on as last_date
    from offers
    inner join customers on offers.customer_id = customers.customer_id
),

dated_facts as (
    select
        candidates.contact_key,
        candidates.customer_key,
        program_facts.fact,
        program_facts.took_part,
        date_diff('day', program_facts.first_date, candidates.contact_date) as days_since,
        candidates.contact_date <= program_facts.last_date as is_lasting
    from candidates
    inner join program_facts
        on candidates.customer_key = program_facts.customer_key
        and candidates.contact_date >= program_facts.first_date
    where candidates.topic = 'program'
),

-- Joining counts as an offer does, on top of being in the program.
program_history as (
    select
        dated_facts.contact_key,
        dated_facts.customer_key,
        bool_or(dated_facts.fact = 'event' and dated_facts.days_since <= weights.days_after_event) as had_event,
        bool_or(
            dated_facts.fact = 'event' and not dated_facts.took_part and dated_facts.days_since <= weights.days_after_event
        ) as had_opted_out,
        bool_or(dated_facts.fact = 'enrolment' and dated_facts.is_lasting) as was_enrolled,
        bool_or(dated_facts.fact in ('offer', 'enrolment') and dated_facts.days_since <= weights.days_after_offer) as had_offer,
        round(
            max(case
                when dated_facts.fact = 'event' and dated_facts.days_since <= weights.days_after_event
                    then weights.event_points + case when dated_facts.took_part then 0 else weights.opt_out_points end
                when dated_facts.fact in ('offer', 'enrolment') and dated_facts.days_since <= weights.days_after_offer
                    then weights.offer_points
                else 0
            end * power(0.5, dated_facts.days_since / weights.occasion_half_life_days))
            + max(case when dated_facts.fact = 'enrolment' and dated_facts.is_lasting then weights.enrolment_points else 0 end), 3
        ) as program_points
    from dated_facts
    cross join weights
    group by
        dated_facts.contact_key,
        dated_facts.customer_key
),

gathered as (
    select
        candidates.contact_key,
        candidates.customer_key,
        candidates.outage_id,
        candidates.is_recorded,
        candidates.minutes_apart,
        candidates.cause,
        candidates.area,
        candidates.street,
        cast(coalesce(outage_history.outages_before, 0) as integer) as outages_before,
        cast(coalesce(outage_history.same_cause_outages_before, 0) as integer) as same_cause_outages_before,
        cast(coalesce(contact_history.contacts_before, 0) as integer) as contacts_before,
        cast(coalesce(contact_history.same_matter_contacts_before, 0) as integer) as same_matter_contacts_before,
        bill_history.last_bill_on,
        coalesce(bill_history.had_high_bill, false) as had_high_bill,
        coalesce(program_history.had_event, false) as had_event,
        coalesce(program_history.had_opted_out, false) as had_opted_out,
        coalesce(program_history.was_enrolled, false) as was_enrolled,
        coalesce(program_history.had_offer, false) as had_offer,
        statement_history.statement_evidence,
        candidates.outage_points,
        candidates.place_points,
        -- Outages in the past speak for a complaint about an outage, not for one about a bill.
        least(
            case
                when candidates.topic in ('bill', 'program') then 0
                else weights.repeated_outage_points * log2(1 + coalesce(outage_history.outages_before, 0))
            end
            + weights.earlier_contact_points * log2(1 + coalesce(contact_history.contacts_before, 0))
            + weights.same_matter_points * log2(1 + coalesce(contact_history.same_matter_contacts_before, 0)),
            weights.greatest_history_points
        ) as history_points,
        coalesce(bill_history.bill_points, 0) as bill_points,
        coalesce(program_history.program_points, 0) as program_points,
        coalesce(statement_history.statement_points, 0) as statement_points
    from candidates
    cross join weights
    left join outage_history
        on candidates.contact_key = outage_history.contact_key
        and candidates.customer_key = outage_history.customer_key
    left join contact_history
        on candidates.contact_key = contact_history.contact_key
        and candidates.customer_key = contact_history.customer_key
    left join bill_history
        on candidates.contact_key = bill_history.contact_key
        and candidates.customer_key = bill_history.customer_key
    left join program_history
        on candidates.contact_key = program_history.contact_key
        and candidates.customer_key = program_history.customer_key
    left join statement_history
        on candidates.contact_key = statement_history.contact_key
        and candidates.customer_key = statement_history.customer_key
),

{% set parts = [
    'outage_points', 'place_points', 'history_points', 'bill_points', 'program_points', 'statement_points'
] %}
scored as (
    select
        gathered.* exclude ({{ parts | join(', ') }}),
        {% for part in parts %}
            cast(gathered.{{ part }} as decimal(9, 3)) as {{ part }},
        {% endfor %}
        cast(
            {% for part in parts %}
                cast(gathered.{{ part }} as decimal(9, 3)){{ ' +' if not loop.last }}
            {% endfor %}
            as decimal(9, 3)
        ) as score
    from gathered
),

ranked as (
    select
        scored.*,
        cast(row_number() over (
            partition by scored.contact_key
            order by
                -- Equal scores come in an order of chance, lest the same customers be named each time, but always the same one.
                scored.score desc,
                md5(contacts.contact_id || ' ' || customers.customer_id) asc,
                scored.customer_key asc
        ) as integer) as rank,
        cast(count(*) over (partition by scored.contact_key, scored.score) as integer) as alike_customers,
        cast(count(*) over (partition by scored.contact_key) as integer) as considered_customers
    from scored
    inner join contacts on scored.contact_key = contacts.contact_key
    inner join customers on scored.customer_key = customers.customer_key
)

select * from ranked
