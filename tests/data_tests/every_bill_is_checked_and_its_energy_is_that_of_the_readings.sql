-- Each bill has one verdict, and where cycles do not overlap their energy is no more than what the meters delivered.
with

bills as (select * from {{ ref('stg_billing__bills') }}),

checked as (select * from {{ ref('mart_bill_check') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

meters as (select * from {{ ref('stg_meter__meters') }}),

readings as (select * from {{ ref('stg_meter__readings') }}),

billed_once as (
    select
        service_point_id,
        sum(metered_kwh) as kwh
    from checked
    group by service_point_id
    having count(overlapped_bill_id) = 0
),

delivered as (
    select
        meters.service_point_id,
        cast(sum(readings.kwh) as double) as kwh
    from readings
    inner join meters on readings.meter_key = meters.meter_key
    where
        meters.channel = 'delivered'
        and meters.service_point_id in (select billed_once.service_point_id from billed_once)
    group by meters.service_point_id
)

select
    bills.bill_id as what,
    'the bill was not checked' as failure_reason
from bills
cross join utility
left join checked on bills.bill_id = checked.bill_id
where checked.bill_id is null
union all
select
    billed_once.service_point_id as what,
    'more energy was found for bills than the meters delivered' as failure_reason
from billed_once
inner join delivered on billed_once.service_point_id = delivered.service_point_id
where billed_once.kwh > delivered.kwh * 1.000001 + 0.001
