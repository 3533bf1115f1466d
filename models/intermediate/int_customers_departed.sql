-- Customers who are none any more: each of their agreements has ended by today. Who is known by readings alone, or was listed
-- without an agreement, has not left.
with

agreements as (select * from {{ ref('stg_meter__service_agreements') }}),

customers as (select * from {{ ref('dim_customer') }}),

known as (select * from {{ ref('int_known_until') }}),

last_ends as (
    select
        customers.customer_key,
        max(coalesce(agreements.valid_to, date '2200-01-01')) as left_on
    from agreements
    inner join customers on agreements.customer_id = customers.customer_id
    group by customers.customer_key
),

departed as (
    select
        last_ends.customer_key,
        last_ends.left_on
    from last_ends
    cross join known
    where last_ends.left_on <= known.known_until_date
)

select * from departed
