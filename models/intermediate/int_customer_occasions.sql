-- What a contact about a bill or a program may be about: a high bill, a demand response event, opting out of it, an offer,
-- joining. Kept with the place, so that contacts without a customer can be matched in groups.
with

bills as (select * from {{ ref('int_bills_compared') }}),

program_facts as (
    select * from {{ ref('int_program_facts') }}
    where fact != 'enrolment'
),

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

combined as (
    select
        customer_key,
        service_point_id,
        'high bill' as occasion,
        issued_on as occasion_date,
        {{ ratio_cell('greatest(amount_ratio, former_amount_ratio, 1)') }} as ratio_cell
    from bills
    where is_surprising
    union all
    select
        program_facts.customer_key,
        tenures.service_point_id,
        program_facts.fact as occasion,
        program_facts.first_date as occasion_date,
        '' as ratio_cell
    from program_facts
    left join tenures
        on program_facts.customer_key = tenures.customer_key
        and program_facts.first_date >= tenures.valid_from_date
        and program_facts.first_date < tenures.valid_to_date
),

placed as (
    select distinct
        combined.customer_key,
        combined.occasion,
        combined.occasion_date,
        combined.ratio_cell,
        coalesce(premises.area, '') as area,
        coalesce(premises.street, '') as street
    from combined
    left join premises on combined.service_point_id = premises.service_point_id
)

select * from placed
