-- Days on which a customer was called in an event: what she did then is the program's doing, not her habit.
with

participation as (select * from {{ ref('stg_programs__event_participation') }}),

events as (select * from {{ ref('stg_programs__events') }}),

customers as (select * from {{ ref('dim_customer') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

called as (
    select distinct
        customers.customer_key,
        cast({{ utc_to_local('events.starts_at', 'utility.time_zone') }} as date) as local_date
    from participation
    inner join events on participation.event_id = events.event_id
    inner join customers on participation.customer_id = customers.customer_id
    cross join utility
)

select * from called
