-- Readings that count, by day, file and what Peakwise thinks of them.
with

counted as (select * from {{ ref('int_readings_counted') }}),

doubtful as (select * from {{ ref('int_readings_doubtful') }}),

readings as (select * from {{ ref('stg_meter__readings') }}),

batches as (select * from {{ ref('stg_meter__reading_batches') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

counted_doubts as (
    select
        instants.local_date,
        batches.load_id,
        doubtful.quality_code,
        count(*) as readings
    from readings
    inner join doubtful
        on readings.meter_key = doubtful.meter_key and readings.interval_start_at = doubtful.interval_start_at
    inner join batches on readings.batch_key = batches.batch_key
    inner join instants on readings.interval_start_at = instants.interval_start_at
    group by
        instants.local_date,
        batches.load_id,
        doubtful.quality_code
),

doubts_of_days as (
    select
        local_date,
        load_id,
        sum(readings) as readings
    from counted_doubts
    group by
        local_date,
        load_id
),

good as (
    select
        counted.local_date,
        counted.load_id,
        'good' as quality_code,
        counted.readings - coalesce(doubts_of_days.readings, 0) as readings
    from counted
    left join doubts_of_days
        on counted.local_date = doubts_of_days.local_date and counted.load_id = doubts_of_days.load_id
),

combined as (
    select
        local_date as usage_date,
        load_id,
        quality_code,
        cast(readings as bigint) as readings
    from good
    where readings > 0
    union all
    select
        local_date as usage_date,
        load_id,
        quality_code,
        cast(readings as bigint) as readings
    from counted_doubts
)

select * from combined
