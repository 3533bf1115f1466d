-- Money is summed in decimals, so that no order of rows matters. A customer with several service points has a latest bill of
-- each, and any of them may be high. Points that the customer holds no more do not count, unless all have been given up.
with

bills as (select * from {{ ref('int_bills_compared') }}),

known as (select * from {{ ref('int_known_until') }}),

holders as (select * from {{ ref('int_service_point_holders') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

held as (
    select distinct
        holders.customer_key,
        holders.service_point_id
    from holders
    cross join known
    cross join utility
    where holders.valid_to_at > {{ local_day_start('known.known_until_date', 'utility.time_zone') }}
),

ranked as (
    select
        bills.*,
        bills.paid_on is null and bills.due_on < known.known_until_date as is_overdue,
        row_number() over (
            partition by bills.customer_key
            order by
                bills.issued_on desc, bills.cycle_end_date desc, bills.bill_id desc
        ) as from_last,
        row_number() over (
            partition by bills.customer_key, bills.service_point_id
            order by
                bills.issued_on desc, bills.cycle_end_date desc, bills.bill_id desc
        ) as from_last_of_point,
        held.customer_key is not null as is_held,
        bool_or(held.customer_key is not null) over (partition by bills.customer_key) as holds_any
    from bills
    left join held on bills.customer_key = held.customer_key and bills.service_point_id = held.service_point_id
    cross join known
),

marked as (
    select
        *,
        case when holds_any then is_held and from_last_of_point = 1 else from_last = 1 end as may_alert
    from ranked
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
        bool_or(case when may_alert then is_high end) as has_high_bill_alert,
        max_by(compared_with, (amount_ratio, bill_id)) filter (where may_alert and amount_ratio is not null)
            as high_bill_compared_with,
        max(case when may_alert then amount_ratio end) as last_amount_ratio
    from marked
    group by customer_key
)

select * from summed
