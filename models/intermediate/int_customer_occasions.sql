-- What a contact about a bill or a program may be about: a high bill, a demand response event, an offer, joining. Kept with
-- the place, so that contacts without a customer can be matched in groups.
with

bills as (select * from {{ ref('int_bills_compared') }}),

events as (select * from {{ ref('fct_program_event') }}),

offers as (select * from {{ ref('stg_programs__offers') }}),

enrolments as (select * from {{ ref('stg_programs__enrolments') }}),

customers as (select * from {{ ref('dim_customer') }}),

holders as (select * from {{ ref('int_service_point_holders') }}),

premises as (select * from {{ ref('stg_premises__premises') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

tenures as (
    select
        holders.customer_key,
        holders.service_point_id,
        cast({{ utc_to_local('holders.valid_from_at', 'utility.time_zone') }} as date) as valid_from_date,
        cast({{ utc_to_local('holders.valid_to_at', 'utility.time_zone') }} as date) as valid_to_date
    from holders
    cross join utility
),

program_occasions as (
    select
        customer_key,
        'event' as occasion,
        event_date as occasion_date
    from events
    where customer_key is not null
    union all
    select
        customers.customer_key,
        'offer' as occasion,
        offers.offered_on as occasion_date
    from offers
    inner join customers on offers.customer_id = customers.customer_id
    union all
    select
        customers.customer_key,
        'joining' as occasion,
        enrolments.enrolled_on as occasion_date
    from enrolments
    inner join customers on enrolments.customer_id = customers.customer_id
),

combined as (
    select
        customer_key,
        service_point_id,
        'high bill' as occasion,
        issued_on as occasion_date
    from bills
    where is_surprising
    union all
    select
        program_occasions.customer_key,
        tenures.service_point_id,
        program_occasions.occasion,
        program_occasions.occasion_date
    from program_occasions
    left join tenures
        on program_occasions.customer_key = tenures.customer_key
        and program_occasions.occasion_date >= tenures.valid_from_date
        and program_occasions.occasion_date < tenures.valid_to_date
),

placed as (
    select distinct
        combined.customer_key,
        combined.occasion,
        combined.occasion_date,
        coalesce(premises.area, '') as area,
        coalesce(premises.street, '') as street
    from combined
    left join premises on combined.service_point_id = premises.service_point_id
)

select * from placed
