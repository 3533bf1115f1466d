-- Who may be asked has an agreement that goes on beyond today, or was never known by one.
with

targets as (select * from {{ ref('mart_dr_targets') }}),

agreements as (select * from {{ ref('stg_meter__service_agreements') }}),

known as (select * from {{ ref('int_known_until') }})

select
    targets.customer_key,
    targets.customer_id,
    'eligible, and yet all agreements have ended' as failure_reason
from targets
where
    targets.is_eligible
    and targets.customer_id in (select agreements.customer_id from agreements)
    and targets.customer_id not in (
        select agreements.customer_id
        from agreements
        cross join known
        where agreements.valid_to is null or agreements.valid_to > known.known_until_date
    )
