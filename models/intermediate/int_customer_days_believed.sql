{{ config(materialized='view') }}
-- Customer-days whose readings can be: coincident and own peaks come from these. A peak is what the meter read, not what is
-- usual: days called in an event, with an outage, incomplete or zero throughout shape no profile, and yet the meter read what
-- it read. What a register at fault says does not count: more minutes than the day has, a total below zero, an hour beyond
-- what the service can carry, one value all day. These are asked anew, since quality_reason gives only the first reason.
with

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

believed as (
    select
        customer_key,
        local_date,
        peak_kw
    from assessed
    where
        customer_key != 0
        and received_minutes <= expected_minutes
        and kwh >= 0
        and coalesce(peak_kw <= service_limit_kw, true)
        and quality_reason is distinct from 'stuck value'
)

select * from believed
