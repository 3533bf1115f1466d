-- Cells of months and tens of numbers in which facts may lie that fit a statement (int_customer_facts).
with

statements as (select * from {{ ref('int_contact_statements') }}),

by_month as (
    select
        *,
        {{ whole_numbers_between(
            'case when first_known_on is null then 0 else ' ~ month_cell('first_known_on') ~ ' end',
            'case when first_known_on is null then 0 else ' ~ month_cell('last_known_on') ~ ' end'
        ) }} as known_in_month
    from statements
),

-- Of opting out the number is the day of the event, which need not be said.
bounded as (
    select
        *,
        coalesce(
            near_least_number,
            case when statement_kind = 'opting out' then {{ day_number('first_known_on') }} else 0 end
        ) as first_number,
        coalesce(
            near_greatest_number,
            case when statement_kind = 'opting out' then {{ day_number('last_known_on') }} else 0 end
        ) as last_number
    from by_month
),

by_tens as (
    select
        contact_key,
        statement_number,
        cast(known_in_month as integer) as known_in_month,
        cast({{ whole_numbers_between('floor(first_number / 10)', 'floor(last_number / 10)') }} as integer) as tens
    from bounded
)

select * from by_tens
