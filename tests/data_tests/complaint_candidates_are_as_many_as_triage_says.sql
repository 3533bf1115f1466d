{{ config(tags=['essential']) }}
with

triage as (select * from {{ ref('mart_complaint_triage') }}),

candidates as (select * from {{ ref('mart_complaint_candidates') }}),

contacts as (select * from {{ ref('fct_contact') }}),

counted as (
    select
        contact_key,
        count(*) as candidates,
        max(rank) as last_rank
    from candidates
    group by contact_key
)

select
    coalesce(triage.contact_key, counted.contact_key) as contact_key,
    'candidates are missing, or ranks have gaps' as failure_reason
from triage
full outer join counted on triage.contact_key = counted.contact_key
where
    triage.contact_key is null
    or triage.candidates != coalesce(counted.candidates, 0)
    or triage.candidates != coalesce(counted.last_rank, 0)
union all
select
    contacts.contact_key,
    'the contact says who, or it does not and nobody looked' as failure_reason
from contacts
full outer join triage on contacts.contact_key = triage.contact_key
where (contacts.customer_status = 'not given') is distinct from (triage.contact_key is not null)
