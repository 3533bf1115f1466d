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

program_facts as (select * from {{ ref('int_program_facts') }}),

matters as (select * from {{ ref('int_contact_matters') }}),

habits as (select * from {{ ref('int_contact_habits') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

weights as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'repeated_outage_points', 'earlier_contact_points', 'same_matter_points', 'greatest_history_points',
        'recent_bill_points', 'high_bill_points', 'event_points', 'opt_out_points', 'enrolment_points', 'offer_points',
        'history_days', 'days_after_bill', 'days_after_event', 'days_after_offer', 'occasion_half_life_days'
    ]) }}
),

high_bill_limits as (select * from {{ ref('high_bill_limits') }}),

high_bill as (
    {{ limits_as_columns('high_bill_limits', 'limit_name', 'limit_value', ['high_bill_ratio']) }}
),

candidates as (
    select
        considered.*,
        contacts.topic,
        contacts.contacted_at,
        contacts.contact_date,
        contacts.contacted_at - to_days(cast(weights.history_days as integer)) as history_start_at,
        matters.matter,
        matters.manner
    from considered
    inner join contacts on considered.contact_key = contacts.contact_key
    inner join matters on considered.contact_key = matters.contact_key
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

recent_bills as (
    select
        candidates.contact_key,
        candidates.customer_key,
        candidates.matter,
        candidates.manner,
        bills.issued_on,
        bills.is_surprising,
        {{ days_cell("date_diff('day', bills.issued_on, candidates.contact_date)") }} as days_cell,
        {{ ratio_cell('greatest(bills.amount_ratio, bills.former_amount_ratio, 1)') }} as ratio_cell,
        {{ judged_bill_points(
            'greatest(bills.amount_ratio, bills.former_amount_ratio, 1)',
            "date_diff('day', bills.issued_on, candidates.contact_date)",
            "candidates.manner = 'said to be high'"
        ) }} as judged_points
    from candidates
    cross join weights
    cross join high_bill
    inner join bills
        on candidates.customer_key = bills.customer_key
        and candidates.contact_date >= bills.issued_on
    where
        candidates.matter in ('bill', 'unknown')
        and bills.issued_on >= candidates.contact_date - to_days(cast(weights.days_after_bill as integer))
),

bill_history as (
    select
        recent_bills.contact_key,
        recent_bills.customer_key,
        max(recent_bills.issued_on) as last_bill_on,
        bool_or(recent_bills.is_surprising) as had_high_bill,
        max(round(
            recent_bills.judged_points + coalesce(day_habits.points, 0) + coalesce(occasion_habits.points, 0), 3
        )) as bill_points
    from recent_bills
    left join habits as day_habits
        on recent_bills.matter = day_habits.matter
        and day_habits.trait = 'days'
        and recent_bills.days_cell = day_habits.cell
    left join habits as occasion_habits
        on recent_bills.matter = occasion_habits.matter
        and recent_bills.manner = occasion_habits.manner
        and occasion_habits.trait = 'occasion'
        and recent_bills.ratio_cell = occasion_habits.cell
    group by
        recent_bills.contact_key,
        recent_bills.customer_key
),

dated_facts as (
    select
        candidates.contact_key,
        candidates.customer_key,
        candidates.manner,
        program_facts.fact,
        date_diff('day', program_facts.first_date, candidates.contact_date) as days_since
    from candidates
    cross join weights
    inner join program_facts
        on candidates.customer_key = program_facts.customer_key
        and candidates.contact_date >= program_facts.first_date
        and candidates.contact_date <= {{ last_day_of_program_fact('program_facts') }}
    where candidates.matter = 'program'
),

-- Joining counts as an offer does, on top of being in the program.
program_history as (
    select
        dated_facts.contact_key,
        dated_facts.customer_key,
        bool_or(dated_facts.fact in ('event', 'opting out')) as had_event,
        bool_or(dated_facts.fact = 'opting out') as had_opted_out,
        bool_or(dated_facts.fact = 'enrolment') as was_enrolled,
        bool_or(dated_facts.fact in ('offer', 'joining')) as had_offer,
        max(case
            when dated_facts.fact != 'enrolment'
                then round(
                    {{ judged_occasion_points('dated_facts.fact', 'dated_facts.days_since') }}
                    + coalesce(day_habits.points, 0) + coalesce(occasion_habits.points, 0), 3
                )
        end) as occasion_points,
        max(case when dated_facts.fact = 'enrolment' then weights.enrolment_points else 0 end) as enrolment_points
    from dated_facts
    cross join weights
    left join habits as day_habits
        on day_habits.matter = 'program'
        and day_habits.trait = 'days'
        and day_habits.cell = {{ days_cell('dated_facts.days_since') }}
    left join habits as occasion_habits
        on occasion_habits.matter = 'program'
        and dated_facts.manner = occasion_habits.manner
        and occasion_habits.trait = 'occasion'
        and dated_facts.fact = occasion_habits.cell
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
                when candidates.matter in ('bill', 'program') then 0
                else weights.repeated_outage_points * log2(1 + coalesce(outage_history.outages_before, 0))
            end
            + weights.earlier_contact_points * log2(1 + coalesce(contact_history.contacts_before, 0))
            + weights.same_matter_points * log2(1 + coalesce(contact_history.same_matter_contacts_before, 0)),
            weights.greatest_history_points
        ) as history_points,
        case
            when candidates.matter in ('bill', 'unknown')
                then coalesce(bill_history.bill_points, habits_of_no_days.points + habits_of_no_occasion.points, 0)
            else 0
        end as bill_points,
        case
            when candidates.matter = 'program'
                then
                    coalesce(program_history.occasion_points, habits_of_no_days.points + habits_of_no_occasion.points, 0)
                    + coalesce(program_history.enrolment_points, 0)
            else 0
        end as program_points,
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
    -- What habits say of customers without any such occasion.
    left join habits as habits_of_no_days
        on candidates.matter = habits_of_no_days.matter
        and habits_of_no_days.trait = 'days'
        and habits_of_no_days.cell = 'none'
    left join habits as habits_of_no_occasion
        on candidates.matter = habits_of_no_occasion.matter
        and candidates.manner = habits_of_no_occasion.manner
        and habits_of_no_occasion.trait = 'occasion'
        and habits_of_no_occasion.cell = 'none'
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
