-- Nights of which both days are good. A night bears the date on which it begins.
with

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

days as (select * from {{ ref('int_local_days') }}),

good_days as (
    select
        customer_key,
        local_date,
        lead(local_date) over (partition by customer_key order by local_date) as next_good_date
    from assessed
    where quality_reason is null and customer_key != 0
),

nights as (
    select
        good_days.customer_key,
        good_days.local_date as night_date,
        days.season
    from good_days
    inner join days on good_days.local_date = days.local_date
    where good_days.next_good_date = good_days.local_date + interval 1 day
)

select * from nights
