{{ config(tags=['essential']) }}
-- Every record of an outage is part of one interruption, and every counted interruption is in the facts and the indices.
with

records as (
    select count(*) as found from {{ ref('int_outages_recorded') }}
),

interruptions as (
    select
        coalesce(sum(outage_records), 0) as records,
        count(case when is_counted then 1 end) as counted
    from {{ ref('int_interruptions') }}
),

facts as (
    select count(*) as found from {{ ref('fct_interruption') }}
),

indices as (
    select coalesce(sum(customer_interruptions + momentary_interruptions), 0) as found
    from {{ ref('mart_reliability_system') }}
    where period_kind = 'all' and includes_major_event_days
),

utility as (select count(*) as utilities from {{ ref('stg_meter__utility') }})

select
    records.found as records,
    interruptions.records as records_in_interruptions,
    interruptions.counted,
    facts.found as facts,
    indices.found as interruptions_in_indices,
    'interruptions were lost or made' as failure_reason
from records
cross join interruptions
cross join facts
cross join indices
cross join utility
where
    -- Without a utility there is no clock, and nothing is placed.
    utility.utilities > 0
    and (
        records.found != interruptions.records
        or interruptions.counted != facts.found
        or facts.found != indices.found
    )
