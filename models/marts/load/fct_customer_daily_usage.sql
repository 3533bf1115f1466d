{{ config(materialized='view') }}
-- A view: names and calendar beside what is stored already. Publishing writes it out.
with

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

days as (select * from {{ ref('int_local_days') }}),

received as (select * from {{ ref('int_customer_days_received') }}),

customers as (select * from {{ ref('dim_customer') }}),

usage as (
    select
        assessed.customer_key,
        customers.customer_id,
        assessed.local_date as usage_date,
        days.season,
        days.day_type,
        assessed.kwh,
        received.received_kwh,
        assessed.peak_kw,
        assessed.received_minutes,
        assessed.expected_minutes,
        assessed.quality_reason,
        assessed.quality_reason is null as shapes_profile
    from assessed
    inner join customers on assessed.customer_key = customers.customer_key
    inner join days on assessed.local_date = days.local_date
    left join received
        on assessed.customer_key = received.customer_key and assessed.local_date = received.local_date
)

select * from usage
