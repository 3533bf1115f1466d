-- Nights of which both days are good. A night bears the date on which it begins.
with

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

days as (select * from {{ ref('int_local_days') }}),

good_days as (
    select
        customer_key,
        local_date
    from assessed
    where quality_reason is null and customer_key != 0
),

nights as (
    select
        good_days.customer_key,
        good_days.local_date as night_date,
        days.season
    from good_days
    inner join good_days as next_days
        on good_days.customer_key = next_days.customer_key
        and next_days.local_date = good_days.local_date + interval 1 day
    inner join days on good_days.local_date = days.local_date
)

select * from nights
