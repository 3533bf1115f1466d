with

candidates as (select * from {{ ref('mart_complaint_candidates') }}),

followed as (
    select
        *,
        lead(score) over (partition by contact_key order by rank) as next_score
    from candidates
)

select
    contact_key,
    rank,
    'the next candidate has a higher score' as failure_reason
from followed
where next_score > score
