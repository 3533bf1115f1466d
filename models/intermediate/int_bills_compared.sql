-- Each bill beside what the same customer paid at the same place: the same month of the year before, or else the mean of the
-- earlier bills, both by the day, since cycles are not of one length and first and last ones are short. Only bills issued
-- before count, so the comparison is what could be known on the day of issue.
with

bills as (select * from {{ ref('stg_billing__bills') }}),

customers as (select * from {{ ref('dim_customer') }}),

holders as (select * from {{ ref('int_service_point_holders') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

high_bill_limits as (select * from {{ ref('high_bill_limits') }}),

limits as (
    {{ limits_as_columns('high_bill_limits', 'limit_name', 'limit_value', [
        'high_bill_ratio', 'days_around_last_year', 'smallest_other_bills'
    ]) }}
),

-- Where the bill does not say whose it is, it is the holder's at the start of its cycle.
owned as (
    select
        bills.bill_id,
        coalesce(customers.customer_key, holders.customer_key) as customer_key,
        bills.service_point_id,
        bills.cycle_start_date,
        bills.cycle_end_date,
        date_diff('day', bills.cycle_start_date, bills.cycle_end_date) as cycle_days,
        cast(bills.amount as decimal(18, 4)) as amount,
        bills.issued_on,
        bills.due_on,
        bills.paid_on
    from bills
    left join utility on true
    left join customers on bills.customer_id = customers.customer_id
    left join holders
        on bills.customer_id is null
        and bills.service_point_id = holders.service_point_id
        and {{ local_to_utc('bills.cycle_start_date', "coalesce(utility.time_zone, 'UTC')") }} >= holders.valid_from_at
        and {{ local_to_utc('bills.cycle_start_date', "coalesce(utility.time_zone, 'UTC')") }} < holders.valid_to_at
    where coalesce(customers.customer_key, holders.customer_key) is not null
),

with_earlier as (
    select
        owned.*,
        count(*) over earlier as earlier_bills,
        cast(sum(owned.amount) over earlier as double) / nullif(sum(owned.cycle_days) over earlier, 0)
            as earlier_amount_per_day,
        cast(
            lag(owned.amount) over (
                partition by owned.customer_key, owned.service_point_id
                order by owned.issued_on, owned.cycle_end_date, owned.bill_id
            ) as double
        ) as former_amount
    from owned
    window
        earlier as (
            partition by owned.customer_key, owned.service_point_id
            order by owned.issued_on
            range between unbounded preceding and interval 1 day preceding
        )
),

same_month_last_year as (
    select
        owned.bill_id,
        arg_min(
            cast(earlier.amount as double) / earlier.cycle_days,
            (abs(date_diff('day', earlier.cycle_end_date, owned.cycle_end_date) - 365), earlier.bill_id)
        ) as last_year_amount_per_day
    from owned
    inner join owned as earlier
        on owned.customer_key = earlier.customer_key
        and owned.service_point_id = earlier.service_point_id
        and owned.issued_on > earlier.issued_on
    cross join limits
    where abs(date_diff('day', earlier.cycle_end_date, owned.cycle_end_date) - 365) <= limits.days_around_last_year
    group by owned.bill_id
),

compared as (
    select
        with_earlier.*,
        -- What this cycle would have cost at the same price a day.
        with_earlier.cycle_days
        * case
            when same_month_last_year.bill_id is not null then same_month_last_year.last_year_amount_per_day
            when with_earlier.earlier_bills >= limits.smallest_other_bills then with_earlier.earlier_amount_per_day
        end as compared_amount,
        case
            when same_month_last_year.bill_id is not null then 'same month last year'
            when with_earlier.earlier_bills >= limits.smallest_other_bills then 'mean of earlier bills'
        end as compared_with,
        limits.high_bill_ratio
    from with_earlier
    left join same_month_last_year on with_earlier.bill_id = same_month_last_year.bill_id
    cross join limits
),

with_ratios as (
    select
        bill_id,
        customer_key,
        service_point_id,
        cycle_start_date,
        cycle_end_date,
        amount,
        issued_on,
        due_on,
        paid_on,
        compared_with,
        round(compared_amount, 4) as compared_amount,
        -- Against a credit or nothing there is no ratio.
        case when compared_amount > 0 then round(amount / compared_amount, 4) end as amount_ratio,
        case when former_amount > 0 then round(amount / former_amount, 4) end as former_amount_ratio,
        high_bill_ratio
    from compared
),

judged as (
    select
        * exclude (high_bill_ratio),
        amount_ratio >= high_bill_ratio as is_high,
        -- What may surprise the customer, who remembers what was to be paid the last time and not for how many days: a whole
        -- month after a short first cycle surprises, though it is not high.
        coalesce(greatest(amount_ratio, former_amount_ratio) >= high_bill_ratio, false) as is_surprising
    from with_ratios
)

select * from judged
