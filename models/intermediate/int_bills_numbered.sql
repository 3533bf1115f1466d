-- Bills with a number for the joins, the moments their cycle lies between, and the registers that measure the service point.
with

bills as (select * from {{ ref('stg_billing__bills') }}),

meters as (select * from {{ ref('stg_meter__meters') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

-- A register whose step changed has a meter key for each step, and is one register all the same.
registers as (
    select
        service_point_id,
        cast(count(distinct coalesce(register_id, '')) as integer) as registers
    from meters
    where channel = 'delivered'
    group by service_point_id
),

cycle_dates as (
    select cycle_start_date as local_date from bills
    union
    select cycle_end_date as local_date from bills
),

-- The zone is computed once a date, not once a bill.
moments as (
    select
        cycle_dates.local_date,
        {{ local_day_start('cycle_dates.local_date', 'utility.time_zone') }} as day_start_at
    from cycle_dates
    cross join utility
),

numbered as (
    select
        cast(row_number() over (order by bills.bill_id) as integer) as bill_key,
        bills.*,
        cast({{ minutes_between('bills.cycle_start_date', 'bills.cycle_end_date') }} / 1440 as integer) as cycle_days,
        starts.day_start_at as cycle_start_at,
        ends.day_start_at as cycle_end_at,
        cast({{ minutes_between('starts.day_start_at', 'ends.day_start_at') }} as bigint) as cycle_minutes,
        coalesce(registers.registers, 0) as registers
    from bills
    inner join moments as starts on bills.cycle_start_date = starts.local_date
    inner join moments as ends on bills.cycle_end_date = ends.local_date
    left join registers on bills.service_point_id = registers.service_point_id
)

select * from numbered
