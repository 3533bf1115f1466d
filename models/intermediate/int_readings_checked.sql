{{ config(materialized='view') }}
-- Every reading with what Peakwise thinks of it and what its source said. A view: the millions of good readings need no copy.
with

readings as (select * from {{ ref('int_readings_held') }}),

meters as (select * from {{ ref('stg_meter__meters') }}),

batches as (select * from {{ ref('stg_meter__reading_batches') }}),

doubtful as (select * from {{ ref('int_readings_doubtful') }}),

checked as (
    select
        readings.meter_key,
        readings.interval_start_at,
        meters.service_point_id,
        meters.register_id,
        readings.customer_key,
        readings.channel,
        readings.interval_minutes,
        readings.kwh,
        coalesce(doubtful.quality_code, 'good') as quality_code,
        batches.source_flag,
        batches.version,
        batches.load_id
    from readings
    inner join meters on readings.meter_key = meters.meter_key
    inner join batches on readings.batch_key = batches.batch_key
    left join doubtful
        on readings.meter_key = doubtful.meter_key and readings.interval_start_at = doubtful.interval_start_at
)

select * from checked
