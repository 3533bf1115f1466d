{{ config(tags=['essential']) }}
-- Everything downstream trusts that an interval of a meter stands once in raw.readings. Counting the distinct five-minute
-- marks of a day in a mask is exact and far cheaper than grouping by reading.
select
    meter_key,
    cast(interval_start_at as date) as utc_date,
    'an interval stands more than once' as failure_reason
from {{ ref('stg_meter__readings') }}
group by all
having
    count(*) > bit_count(
        bitstring_agg(cast(epoch_us(interval_start_at) % 86400000000 // 300000000 as integer), 0, 287)
    )
