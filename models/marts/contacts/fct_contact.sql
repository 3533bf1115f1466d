-- Contacts with their customer where the contact says who. What was said stays in staging: nothing after this needs it.
with

contacts as (select * from {{ ref('stg_contacts__contacts') }}),

customers as (select * from {{ ref('dim_customer') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

joined as (
    select
        cast(row_number() over (order by contacts.contact_id) as integer) as contact_key,
        contacts.contact_id,
        customers.customer_key,
        contacts.customer_id,
        case
            when contacts.customer_id is null then 'not given'
            when customers.customer_key is null then 'not among the customers'
            else 'known'
        end as customer_status,
        contacts.contacted_at,
        cast({{ utc_to_local('contacts.contacted_at', "coalesce(utility.time_zone, 'UTC')") }} as date) as contact_date,
        contacts.channel,
        coalesce(contacts.topic, 'unknown') as topic,
        contacts.tone,
        -- Who is pleased does not complain; where the tone is not known, the topic decides.
        coalesce(contacts.topic in ('outage', 'voltage', 'bill'), true) and coalesce(contacts.tone <= 0, true) as is_complaint,
        contacts.place_words,
        contacts.contact_text is not null as has_text
    from contacts
    left join customers on contacts.customer_id = customers.customer_id
    left join utility on true
)

select * from joined
