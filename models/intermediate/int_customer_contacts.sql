with

contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_key is not null
),

summed as (
    select
        customer_key,
        cast(count(*) as integer) as contacts,
        max(contacted_at) as last_contacted_at,
        max(contact_date) as last_contact_date,
        cast(count(case when is_complaint then 1 end) as integer) as complaints,
        cast(count(case when is_complaint and topic in ('outage', 'voltage') then 1 end) as integer) as outage_complaints,
        cast(count(case when is_complaint and topic = 'bill' then 1 end) as integer) as bill_complaints,
        -- decimals, because sums of floating-point numbers depend on their order
        round(cast(sum(cast(tone as decimal(9, 6))) as double) / nullif(count(tone), 0), 6) as mean_tone
    from contacts
    group by customer_key
)

select * from summed
