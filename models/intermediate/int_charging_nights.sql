{{ config(materialized='view') }}
-- Nights of which both days are good. A night bears the date on which it begins.
with

months as (select * from {{ ref('int_customer_good_months') }}),

days as (select * from {{ ref('int_local_days') }}),

nights as (
    select
        months.customer_key,
        days.local_date as night_date,
        days.season
    from months
    inner join days on months.local_month = days.local_month
    where {{ is_day_of('months.good_night_bits', 'days.local_date') }}
)

select * from nights
