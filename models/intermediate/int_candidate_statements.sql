-- What a contact without a customer says that fits a customer considered for it, whether or not it made her one: points and a
-- sentence for each statement.
with

candidates as (select * from {{ ref('int_complaint_candidates') }}),

statements as (select * from {{ ref('int_contact_statements') }}),

weighed_statements as (
    select * from {{ ref('int_statements_weighed') }}
    where exact_points > 0 or near_points > 0
),

facts as (select * from {{ ref('int_customer_facts') }}),

-- Once, exactly rather than nearly, by the latest fact.
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
            when 'high bill' then 'A bill higher than expected, issued on ' || cast(known_on as varchar)
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
        cast(sum(points) as decimal(9, 3)) as statement_points,
        string_agg(evidence, ' ' order by statement_number) as statement_evidence
    from statement_words
    group by
        contact_key,
        customer_key
)

select * from statement_history
