-- Metered energy of each bill's service point and cycle, in cells of equal price. The one look at the readings: each finds the
-- bills of its meter and month by equality and is then held against the moments of the cycle. Months are those of UTC, which
-- a reading tells by itself: through the local calendar DuckDB would first pair every instant of a month with all its bills.
with

readings as (select * from {{ ref('stg_meter__readings') }}),

meters as (select * from {{ ref('stg_meter__meters') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

price_cells as (select * from {{ ref('int_bill_price_cells') }}),

bills as (select * from {{ ref('int_bills_numbered') }}),

bill_months as (
    select
        bill_key,
        service_point_id,
        cycle_start_at,
        cycle_end_at,
        unnest(range(date_trunc('month', cycle_start_at), cycle_end_at, interval 1 month)) as utc_month
    from bills
),

metered_months as (
    select
        bill_months.bill_key,
        meters.meter_key,
        meters.interval_minutes,
        bill_months.cycle_start_at,
        bill_months.cycle_end_at,
        cast(extract(year from bill_months.utc_month) * 12 + extract(month from bill_months.utc_month) as integer)
            as month_number
    from bill_months
    inner join meters on bill_months.service_point_id = meters.service_point_id
    where meters.channel = 'delivered'
),

priced_instants as (
    select
        instants.interval_start_at,
        price_cells.price_cell
    from instants
    inner join price_cells
        on instants.local_date = price_cells.local_date and instants.local_hour = price_cells.local_hour
),

numbered_readings as (
    select
        meter_key,
        interval_start_at,
        kwh,
        cast(extract(year from interval_start_at) * 12 + extract(month from interval_start_at) as integer) as month_number
    from readings
),

summed as (
    select
        metered_months.bill_key,
        priced_instants.price_cell,
        cast(sum(numbered_readings.kwh) as decimal(18, 9)) as kwh,
        cast(sum(metered_months.interval_minutes) as bigint) as minutes
    from numbered_readings
    inner join metered_months
        on numbered_readings.meter_key = metered_months.meter_key
        and numbered_readings.month_number = metered_months.month_number
        and numbered_readings.interval_start_at >= metered_months.cycle_start_at
        and numbered_readings.interval_start_at < metered_months.cycle_end_at
    inner join priced_instants on numbered_readings.interval_start_at = priced_instants.interval_start_at
    group by
        metered_months.bill_key,
        priced_instants.price_cell
)

select * from summed
