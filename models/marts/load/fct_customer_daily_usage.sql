with

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

customers as (select * from {{ ref('dim_customer') }}),

usage as (
    select
        assessed.customer_key,
        customers.customer_id,
        assessed.local_date as usage_date,
        assessed.season,
        assessed.day_type,
        assessed.kwh,
        assessed.peak_kw,
        assessed.received_minutes,
        assessed.expected_minutes,
        assessed.quality_reason,
        assessed.quality_reason is null as shapes_profile
    from assessed
    inner join customers on assessed.customer_key = customers.customer_key
)

select * from usage
