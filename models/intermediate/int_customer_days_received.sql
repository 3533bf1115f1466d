-- Energy that customers fed into the grid. A channel of its own: it is neither negative load nor an error.
with

readings as (select * from {{ ref('stg_meter__readings') }}),

agreements as (
    select * from {{ ref('int_meter_agreements') }}
    where channel = 'received'
),

instants as (select * from {{ ref('int_instants_localized') }}),

summed as (
    select
        agreements.customer_key,
        instants.local_date,
        cast(sum(readings.kwh) as decimal(18, 9)) as received_kwh
    from readings
    inner join agreements
        on readings.meter_key = agreements.meter_key
        and readings.interval_start_at >= agreements.valid_from_at
        and readings.interval_start_at < agreements.valid_to_at
    inner join instants on readings.interval_start_at = instants.interval_start_at
    group by
        agreements.customer_key,
        instants.local_date
)

select * from summed
