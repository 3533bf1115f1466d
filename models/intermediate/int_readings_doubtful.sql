-- Readings that something speaks against, each with the first code that fits. Few rows, so that a code costs nothing beside
-- the millions of good readings. Zero has four causes, and they are kept apart: a known outage, a long run (vacant,
-- disconnected or a dead register), a meter that usually reads zero at times (no code), and what nobody explains.
with

-- Read several times and each time in part, so a copy would cost more than it saves.
readings as not materialized (select * from {{ ref('stg_meter__readings') }}),

readings_held as not materialized (select * from {{ ref('int_readings_held') }}),

superseded as (select * from {{ ref('stg_meter__superseded_readings') }}),

batches as (select * from {{ ref('stg_meter__reading_batches') }}),

meters as (select * from {{ ref('stg_meter__meters') }}),

outages as (select * from {{ ref('int_outages_recorded') }}),

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

customers as (select * from {{ ref('dim_customer') }}),

service_limits as (select * from {{ ref('service_limits') }}),

source_flags as (select * from {{ ref('source_flags') }}),

quality_codes as (select * from {{ ref('quality_codes') }}),

quality_limits as (select * from {{ ref('quality_limits') }}),

limits as (
    {{ limits_as_columns('quality_limits', 'limit_name', 'limit_value', [
        'long_zero_hours',
        'usual_zero_fraction'
    ]) }}
),

-- What follows looks at these alone. Each of the two looks at all readings and compares with one number, which takes a third
-- of the time that reckoning takes: what the smallest service can carry in the shortest interval.
not_above_zero as materialized (
    select
        meter_key,
        interval_start_at,
        interval_minutes,
        kwh
    from readings_held
    where channel = 'delivered' and kwh <= 0
),

high as (
    select
        meter_key,
        interval_start_at,
        interval_minutes,
        kwh,
        customer_key
    from readings_held
    where
        channel = 'delivered'
        and kwh > (
            select cast(floor(min(service_limits.greatest_kw) * min(meters.interval_minutes) / 60) as decimal(18, 9))
            from service_limits
            cross join meters
        )
),

beyond_limits as (
    select
        meter_key,
        interval_start_at,
        'negative' as quality_code
    from not_above_zero
    where kwh < 0
    union all
    select
        high.meter_key,
        high.interval_start_at,
        'above_service_limit' as quality_code
    from high
    left join customers on high.customer_key = customers.customer_key
    left join service_limits as of_class on customers.customer_class = of_class.customer_class
    left join service_limits as of_others on of_others.customer_class = 'unclassified'
    where high.kwh * 60 > high.interval_minutes * coalesce(of_class.greatest_kw, of_others.greatest_kw)
),

stuck_instants as (
    select
        assessed.customer_key,
        instants.interval_start_at
    from assessed
    inner join instants on assessed.local_date = instants.local_date
    where assessed.quality_reason = 'stuck value'
),

stuck as (
    select
        readings_held.meter_key,
        readings_held.interval_start_at,
        'stuck' as quality_code
    from readings_held
    inner join stuck_instants
        on readings_held.customer_key = stuck_instants.customer_key
        and readings_held.interval_start_at = stuck_instants.interval_start_at
    where readings_held.channel = 'delivered'
),

-- A service point that feeds in has supply: its zero of delivery says nothing. Without these a solar roof would be a meter
-- that usually reads zero, and its outages at night could not be told.
feeding_in as (
    select
        delivering.meter_key,
        readings_held.interval_start_at
    from readings_held
    inner join meters as receiving on readings_held.meter_key = receiving.meter_key
    inner join meters as delivering on receiving.service_point_id = delivering.service_point_id
    where readings_held.channel = 'received' and readings_held.kwh > 0 and delivering.channel = 'delivered'
),

zeros as (
    select
        not_above_zero.meter_key,
        not_above_zero.interval_start_at,
        not_above_zero.interval_minutes,
        not_above_zero.interval_start_at
        - to_minutes(
            not_above_zero.interval_minutes
            * row_number() over (partition by not_above_zero.meter_key order by not_above_zero.interval_start_at)
        ) as run_key
    from not_above_zero
    left join feeding_in
        on not_above_zero.meter_key = feeding_in.meter_key
        and not_above_zero.interval_start_at = feeding_in.interval_start_at
    where not_above_zero.kwh = 0 and feeding_in.meter_key is null
),

zero_meters as (
    select
        meter_key,
        count(*) as zero_readings
    from zeros
    group by meter_key
),

usual_zero_meters as (
    select readings.meter_key
    from readings
    inner join zero_meters on readings.meter_key = zero_meters.meter_key
    cross join limits
    group by
        readings.meter_key,
        zero_meters.zero_readings,
        limits.usual_zero_fraction
    having zero_meters.zero_readings > limits.usual_zero_fraction * count(*)
),

measured_runs as (
    select
        *,
        sum(interval_minutes) over (partition by meter_key, run_key) as run_minutes
    from zeros
),

zeros_out as (
    select distinct
        zeros.meter_key,
        zeros.interval_start_at
    from outages
    inner join meters on outages.service_point_id = meters.service_point_id
    inner join zeros
        on meters.meter_key = zeros.meter_key
        and outages.started_at < zeros.interval_start_at + to_minutes(zeros.interval_minutes)
        and coalesce(outages.restored_at, timestamp '2200-01-01') > zeros.interval_start_at
),

judged_zeros as (
    select
        measured_runs.meter_key,
        measured_runs.interval_start_at,
        case
            when zeros_out.meter_key is not null then 'zero_in_outage'
            when measured_runs.run_minutes >= 60 * limits.long_zero_hours then 'zero_run'
            when usual_zero_meters.meter_key is null then 'zero_unexplained'
        end as quality_code
    from measured_runs
    left join zeros_out
        on measured_runs.meter_key = zeros_out.meter_key
        and measured_runs.interval_start_at = zeros_out.interval_start_at
    left join usual_zero_meters on measured_runs.meter_key = usual_zero_meters.meter_key
    cross join limits
),

estimated_batches as (
    select distinct batches.batch_key
    from batches
    inner join source_flags on batches.source_flag like source_flags.source_flag_pattern
    where source_flags.flag_meaning = 'estimated'
),

estimated as (
    select
        readings.meter_key,
        readings.interval_start_at,
        'estimated_by_source' as quality_code
    from readings
    inner join estimated_batches on readings.batch_key = estimated_batches.batch_key
),

-- A version that differs by its stamp or flag alone corrected nothing.
corrected as (
    select
        readings.meter_key,
        readings.interval_start_at,
        'corrected' as quality_code
    from readings
    inner join superseded
        on readings.meter_key = superseded.meter_key
        and readings.interval_start_at = superseded.interval_start_at
        and readings.kwh != superseded.kwh
),

doubts as (
    select * from beyond_limits
    union all
    select * from stuck
    union all
    select * from judged_zeros
    where quality_code is not null
    union all
    select * from estimated
    union all
    select * from corrected
),

first_doubts as (
    select
        doubts.meter_key,
        doubts.interval_start_at,
        min_by(doubts.quality_code, quality_codes.priority) as quality_code
    from doubts
    inner join quality_codes on doubts.quality_code = quality_codes.quality_code
    group by
        doubts.meter_key,
        doubts.interval_start_at
)

select * from first_doubts
