-- How likely customers were to call on each day on which somebody who says who did, if the judged points of the seed
-- complaint_weights were right: two to the power of the points for each customer, by how long ago her bill or her occasion of a
-- program was, and by what it was.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'known'
),

matters as (
    select * from {{ ref('int_contact_matters') }}
    where matter in ('bill', 'program')
),

bills as (select * from {{ ref('int_bills_compared') }}),

standing as (select * from {{ ref('int_program_standings') }}),

holders as (select * from {{ ref('int_service_point_holders') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

weights as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'recent_bill_points', 'high_bill_points', 'event_points', 'opt_out_points', 'enrolment_points',
        'offer_points', 'days_after_bill', 'days_of_last_bill', 'occasion_half_life_days'
    ]) }}
),

high_bill_limits as (select * from {{ ref('high_bill_limits') }}),

high_bill as (
    {{ limits_as_columns('high_bill_limits', 'limit_name', 'limit_value', ['high_bill_ratio']) }}
),

contact_days as (
    select
        matters.matter,
        matters.manner,
        contacts.contact_date,
        count(*) as contacts
    from contacts
    inner join matters on contacts.contact_key = matters.contact_key
    group by
        matters.matter,
        matters.manner,
        contacts.contact_date
),

tenures as (
    select
        valid_from_at,
        valid_to_at,
        count(*) as customers
    from holders
    group by
        valid_from_at,
        valid_to_at
),

customers_by_day as (
    select
        contact_days.contact_date,
        contact_days.matter,
        contact_days.manner,
        sum(tenures.customers) as customers
    from contact_days
    inner join tenures
        on contact_days.contact_date >= cast(tenures.valid_from_at as date)
        and contact_days.contact_date < cast(tenures.valid_to_at as date)
    group by
        contact_days.contact_date,
        contact_days.matter,
        contact_days.manner
),

-- Bills of one day that are alike are counted once, however many there are.
bills_by_value as (
    select
        issued_on,
        is_surprising,
        least(greatest(round(amount_ratio, 1), round(former_amount_ratio, 1), 1), 2) as ratio,
        {{ ratio_cell('greatest(amount_ratio, former_amount_ratio, 1)') }} as ratio_cell,
        count(*) as customers
    from bills
    group by all
),

-- What the statement that a bill is high is worth on the day, as in int_statements_weighed.
statement_worth as (
    select
        contact_days.contact_date,
        greatest(log2(
            sum(bills_by_value.customers)
            / nullif(cast(sum(case when bills_by_value.is_surprising then bills_by_value.customers end) as double), 0)
        ), 0) as points
    from contact_days
    cross join weights
    inner join bills_by_value
        on contact_days.contact_date >= bills_by_value.issued_on
        and contact_days.contact_date < bills_by_value.issued_on + cast(weights.days_of_last_bill as integer)
    where contact_days.manner = 'said to be high'
    group by contact_days.contact_date
),

billed as (
    select
        contact_days.matter,
        contact_days.manner,
        contact_days.contact_date,
        {{ days_cell("date_diff('day', bills_by_value.issued_on, contact_days.contact_date)") }} as days_cell,
        bills_by_value.ratio_cell as occasion_cell,
        sum(bills_by_value.customers) as customers,
        sum(
            bills_by_value.customers * cast(power(
                2,
                {{ judged_bill_points(
                    'bills_by_value.ratio',
                    "date_diff('day', bills_by_value.issued_on, contact_days.contact_date)",
                    "contact_days.manner = 'said to be high'"
                ) }}
                + case
                    when contact_days.manner = 'said to be high' and bills_by_value.is_surprising
                        then coalesce(statement_worth.points, 0)
                    else 0
                end
            ) as decimal(18, 6))
        ) as likelihood
    from contact_days
    cross join weights
    cross join high_bill
    inner join bills_by_value
        on contact_days.contact_date >= bills_by_value.issued_on
        and contact_days.contact_date <= bills_by_value.issued_on + cast(weights.days_after_bill as integer)
    left join statement_worth on contact_days.contact_date = statement_worth.contact_date
    where contact_days.matter = 'bill'
    group by all
),

standing_by_value as (
    select
        contact_date,
        occasion,
        days,
        is_enrolled,
        count(*) as customers
    from standing
    group by all
),

approached as (
    select
        'program' as matter,
        contact_days.manner,
        standing_by_value.contact_date,
        case
            when standing_by_value.occasion is null then 'none' else {{ days_cell('standing_by_value.days') }}
        end as days_cell,
        coalesce(standing_by_value.occasion, 'none') as occasion_cell,
        sum(standing_by_value.customers) as customers,
        sum(
            standing_by_value.customers * cast(power(
                2,
                case
                    when standing_by_value.occasion is null then 0
                    else {{ judged_occasion_points('standing_by_value.occasion', 'standing_by_value.days') }}
                end
                + case when standing_by_value.is_enrolled then weights.enrolment_points else 0 end
            ) as decimal(18, 6))
        ) as likelihood
    from standing_by_value
    cross join weights
    inner join contact_days
        on standing_by_value.contact_date = contact_days.contact_date
        and contact_days.matter = 'program'
    group by all
),

with_occasion as (
    select * from billed
    union all
    select * from approached
),

without_occasion as (
    select
        customers_by_day.matter,
        customers_by_day.manner,
        customers_by_day.contact_date,
        'none' as days_cell,
        'none' as occasion_cell,
        greatest(max(customers_by_day.customers) - coalesce(sum(with_occasion.customers), 0), 0) as customers,
        cast(greatest(max(customers_by_day.customers) - coalesce(sum(with_occasion.customers), 0), 0) as decimal(38, 6))
            as likelihood
    from customers_by_day
    left join with_occasion
        on customers_by_day.matter = with_occasion.matter
        and customers_by_day.manner = with_occasion.manner
        and customers_by_day.contact_date = with_occasion.contact_date
    group by
        customers_by_day.matter,
        customers_by_day.manner,
        customers_by_day.contact_date
),

exposed as (
    select * from with_occasion
    union all
    select * from without_occasion
),

-- Customers without any occasion stand there twice on some days: those known to be without, and all the others.
added_up as (
    select
        exposed.matter,
        exposed.manner,
        exposed.contact_date,
        exposed.days_cell,
        exposed.occasion_cell,
        cast(max(contact_days.contacts) as integer) as contacts,
        cast(sum(exposed.customers) as bigint) as customers,
        sum(exposed.likelihood) as likelihood
    from exposed
    inner join contact_days
        on exposed.matter = contact_days.matter
        and exposed.manner = contact_days.manner
        and exposed.contact_date = contact_days.contact_date
    group by all
)

select * from added_up
