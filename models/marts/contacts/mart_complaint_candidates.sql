-- Who may stand behind a contact that does not say who, best first, with the evidence in words. A rank is not an answer: who
-- uses the list asks the person, and never opens with an account's data.
with

triage as (
    select * from {{ ref('mart_complaint_triage') }}
    where candidates > 0
),

customers as (select * from {{ ref('dim_customer') }}),

scores as (select * from {{ ref('int_complaint_scores') }}),

places as (select * from {{ ref('int_contact_places') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

limits as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', ['history_days']) }}
),

listed as (
    select
        triage.contact_id,
        triage.contacted_at,
        triage.topic,
        customers.customer_id,
        scores.*,
        streets.matched_words as street_words,
        areas.matched_words as area_words,
        limits.history_days
    from triage
    inner join scores on triage.contact_key = scores.contact_key
    inner join customers on scores.customer_key = customers.customer_key
    cross join limits
    left join places as streets
        on scores.contact_key = streets.contact_key
        and streets.place_kind = 'street'
        and scores.street = streets.place_name
    left join places as areas
        on scores.contact_key = areas.contact_key
        and areas.place_kind = 'area'
        and scores.area = areas.place_name
    where scores.rank <= triage.candidates
),

explained as (
    select
        *,
        concat_ws(
            ' ',
            case
                when outage_id is null then 'No outage of the customer''s was near.'
                else case
                    when is_recorded then 'Outage ' || outage_id || ' (' || coalesce(cause, 'cause unknown') || ')'
                    else 'No recorded outage, but readings fell to zero unexplained and that'
                end || ' began ' || cast(abs(minutes_apart) as varchar) || ' minutes '
                    || case when minutes_apart < 0 then 'after' else 'before' end || ' the contact.'
            end,
            statement_evidence,
            case when street_words is not null then 'Street ' || street || ' for the words "' || street_words || '".' end,
            case when area_words is not null then 'Area ' || area || ' for the words "' || area_words || '".' end,
            case
                when outages_before > 0
                    then cast(outages_before as varchar) || case when outages_before = 1 then ' outage' else ' outages' end
                        || ' in the ' || cast(cast(history_days as integer) as varchar) || ' days before'
                        || case
                            when same_cause_outages_before > 0
                                then ', ' || cast(same_cause_outages_before as varchar) || ' by ' || cause
                            else ''
                        end || '.'
            end,
            case
                when contacts_before > 0
                    then cast(contacts_before as varchar) || case when contacts_before = 1 then ' contact' else ' contacts' end
                        || ' before'
                        || case
                            when same_matter_contacts_before > 0
                                then ', ' || cast(same_matter_contacts_before as varchar) || ' on the same matter'
                            else ''
                        end || '.'
            end,
            case
                when last_bill_on is not null
                    then case when had_high_bill then 'A high bill' else 'A bill' end || ' came shortly before.'
            end,
            case
                when had_event
                    then 'Called in a demand response event shortly before'
                        || case when had_opted_out then ', and opted out.' else '.' end
            end,
            case when was_enrolled then 'In a program.' end,
            case when had_offer then 'Offered a program, or joined one, shortly before.' end,
            case
                when alike_customers > 1
                    then cast(alike_customers as varchar) || ' customers have this score.'
            end
        ) as evidence
    from listed
),

described as (
    select
        contact_key,
        contact_id,
        contacted_at,
        topic,
        rank,
        customer_key,
        customer_id,
        score,
        outage_points,
        place_points,
        history_points,
        bill_points,
        program_points,
        statement_points,
        alike_customers,
        considered_customers,
        outage_id,
        is_recorded as outage_is_recorded,
        minutes_apart as outage_minutes_apart,
        cause,
        outages_before,
        same_cause_outages_before,
        contacts_before,
        same_matter_contacts_before,
        evidence
    from explained
)

select * from described
