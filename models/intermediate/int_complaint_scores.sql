-- Customers who may stand behind a contact without a customer, with what speaks for each: place, outage, what was said, and
-- history as it was known when the contact came: outages, contacts, bills, offers and events before it.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'not given'
),

named_contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'known'
),

groups as (
    select * from {{ ref('int_complaint_groups') }}
    where is_considered
),

agreements as (select * from {{ ref('int_complaint_agreements') }}),

statements as (select * from {{ ref('int_contact_statements') }}),

weighed_statements as (
    select * from {{ ref('int_statements_weighed') }}
    where exact_points > 0 or near_points > 0
),

facts as (select * from {{ ref('int_customer_facts') }}),

customer_outages as (select * from {{ ref('int_customer_outages') }}),

occasions as (select * from {{ ref('int_customer_occasions') }}),

holders as (select * from {{ ref('int_service_point_holders') }}),

premises as (select * from {{ ref('stg_premises__premises') }}),

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

by_outage as (
    select
        groups.contact_key,
        customer_outages.customer_key,
        groups.outage_id,
        groups.is_recorded,
        groups.minutes_apart,
        customer_outages.cause,
        groups.area,
        groups.street,
        groups.outage_points,
        groups.place_points
    from groups
    inner join customer_outages
        on groups.outage_id = customer_outages.outage_id
        and groups.is_recorded = customer_outages.is_recorded
        and groups.area = customer_outages.area
        and groups.street = customer_outages.street
    where groups.occasion = ''
),

by_place as (
    select
        groups.contact_key,
        holders.customer_key,
        cast(null as varchar) as outage_id,
        cast(null as boolean) as is_recorded,
        cast(null as integer) as minutes_apart,
        cast(null as varchar) as cause,
        groups.area,
        groups.street,
        0.0 as outage_points,
        groups.place_points
    from groups
    inner join contacts on groups.contact_key = contacts.contact_key
    inner join premises
        on groups.area = coalesce(premises.area, '')
        and groups.street = coalesce(premises.street, '')
    inner join holders
        on premises.service_point_id = holders.service_point_id
        and contacts.contacted_at >= holders.valid_from_at
        and contacts.contacted_at < holders.valid_to_at
    where groups.outage_id = '' and groups.occasion = ''
),

by_statement as (
    select
        groups.contact_key,
        agreements.customer_key,
        agreements.outage_id,
        agreements.is_recorded,
        agreements.minutes_apart,
        max(customer_outages.cause) as cause,
        groups.area,
        groups.street,
        groups.outage_points,
        groups.place_points
    from groups
    inner join agreements
        on groups.contact_key = agreements.contact_key
        and groups.area = agreements.area
        and groups.street = agreements.street
        and groups.statement_points = agreements.statement_points
        and groups.outage_id = coalesce(agreements.outage_id, '')
    left join customer_outages
        on agreements.customer_key = customer_outages.customer_key
        and agreements.outage_id = customer_outages.outage_id
    where groups.occasion = 'said'
    group by all
),

-- The occasion itself is weighed with the customer's history below.
by_occasion as (
    select distinct
        groups.contact_key,
        occasions.customer_key,
        cast(null as varchar) as outage_id,
        cast(null as boolean) as is_recorded,
        cast(null as integer) as minutes_apart,
        cast(null as varchar) as cause,
        groups.area,
        groups.street,
        0.0 as outage_points,
        groups.place_points
    from groups
    cross join weights
    inner join contacts on groups.contact_key = contacts.contact_key
    inner join occasions
        on groups.occasion = occasions.occasion
        and groups.area = occasions.area
        and groups.street = occasions.street
        and contacts.contact_date >= occasions.occasion_date
        and contacts.contact_date <= occasions.occasion_date + to_days(cast(
            case groups.occasion
                when 'high bill' then weights.days_after_bill
                when 'event' then weights.days_after_event
                else weights.days_after_offer
            end as integer
        ))
),

combined as (
    select * from by_occasion
    union all
    select * from by_outage
    union all
    select * from by_place
    union all
    select * from by_statement
),

-- A customer counts once, with what speaks most for her.
best as (
    select combined.*
    from combined
    inner join customers on combined.customer_key = customers.customer_key
    qualify
        row_number() over (
            partition by combined.contact_key, combined.customer_key
            order by
                combined.outage_points + combined.place_points desc,
                combined.outage_points desc,
                combined.minutes_apart asc,
                combined.outage_id asc,
                combined.area asc,
                combined.street asc
        ) = 1
),

candidates as (
    select
        best.*,
        contacts.topic,
        contacts.contacted_at,
        contacts.contact_date,
        contacts.contacted_at - to_days(cast(weights.history_days as integer)) as history_start_at
    from best
    inner join contacts on best.contact_key = contacts.contact_key
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

-- Who fits a statement, whether or not it made her a candidate: once, exactly rather than nearly, by the latest fact.
fitting_facts as (
    select
        candidates.contact_key,
        candidates.customer_key,
        statements.statement_number,
        statements.statement_kind,
        statements.said_words,
        {{ fact_fits_nearly('statements', 'facts') }} as is_near,
        facts.known_on,
        facts.number,
        case
            when {{ fact_fits_nearly('statements', 'facts') }} then weighed_statements.near_points
            else weighed_statements.exact_points
        end as points
    from candidates
    inner join weighed_statements on candidates.contact_key = weighed_statements.contact_key
    inner join statements
        on weighed_statements.contact_key = statements.contact_key
        and weighed_statements.statement_number = statements.statement_number
    inner join facts
        on candidates.customer_key = facts.customer_key
        and {{ fact_fits('statements', 'facts') }}
),

fitting_statements as (
    select *
    from fitting_facts
    where points > 0
    qualify
        row_number() over (
            partition by contact_key, customer_key, statement_number
            order by points desc, known_on desc, number asc
        ) = 1
),

statement_words as (
    select
        contact_key,
        customer_key,
        statement_number,
        points,
        case statement_kind
            when 'bill amount' then 'A bill of ' || cast(number as varchar) || ' issued on ' || cast(known_on as varchar)
            when 'bill date' then 'A bill issued on ' || cast(known_on as varchar)
            when 'bill due date'
                then 'A bill due on ' || cast(date '1970-01-01' + cast(number as integer) as varchar)
            when 'incentive' then 'An offer of ' || cast(number as varchar) || ' on ' || cast(known_on as varchar)
            when 'offer channel' then 'The channel of an offer of ' || cast(known_on as varchar)
            when 'program' then 'The program'
            when 'joining' then 'Joining a program on ' || cast(known_on as varchar)
            when 'event' then 'An event on ' || cast(known_on as varchar)
            when 'opting out' then 'Opting out of the event on ' || cast(known_on as varchar)
            when 'outage start' then 'The start of an outage'
            when 'outages in a month' then 'Outage number ' || cast(cast(number as integer) as varchar) || ' in 31 days'
            when 'outages in a year' then 'Outage number ' || cast(cast(number as integer) as varchar) || ' in 365 days'
            else 'Equipment seen since ' || cast(known_on as varchar)
        end || case when is_near then ' nearly' else '' end || ' fits "' || said_words || '".' as evidence
    from fitting_statements
),

statement_history as (
    select
        contact_key,
        customer_key,
        sum(points) as statement_points,
        string_agg(evidence, ' ' order by statement_number) as statement_evidence
    from statement_words
    group by
        contact_key,
        customer_key
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
