-- Money is summed in decimals, so that no order of rows matters.
with

bills as (select * from {{ ref('int_bills_compared') }}),

known as (select * from {{ ref('int_known_until') }}),

ranked as (
    select
        bills.*,
        bills.paid_on is null and bills.due_on < known.known_until_date as is_overdue,
        row_number() over (
            partition by bills.customer_key
            order by
                bills.issued_on desc, bills.cycle_end_date desc, bills.bill_id desc
        ) as from_last
    from bills
    cross join known
),

summed as (
    select
        customer_key,
        cast(count(*) as integer) as bills,
        cast(sum(amount) as double) / count(*) as mean_amount,
        max(case when from_last = 1 then cast(amount as double) end) as last_amount,
        max(case when from_last = 1 then issued_on end) as last_issued_on,
        cast(count(case when is_overdue then 1 end) as integer) as overdue_bills,
        -- A credit that nobody took out is no debt.
        cast(coalesce(sum(case when is_overdue and amount > 0 then amount end), 0) as double) as arrears_amount,
        coalesce(bool_or(case when from_last = 1 then is_high end), false) as has_high_bill_alert,
        max(case when from_last = 1 then compared_with end) as high_bill_compared_with,
        max(case when from_last = 1 then amount_ratio end) as last_amount_ratio
    from ranked
    group by customer_key
)

select * from summed
