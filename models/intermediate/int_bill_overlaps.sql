-- Bills whose cycle is billed by another one too, with the bill that is taken to be the right one: of two overlapping cycles
-- an unusually long one is the odd one, else the one that holds the other whole, else the one issued later.
with

bills as (select * from {{ ref('int_bills_numbered') }}),

bill_limits as (select * from {{ ref('bill_limits') }}),

limits as (
    {{ limits_as_columns('bill_limits', 'limit_name', 'limit_value', ['usual_cycle_days']) }}
),

usual_of_service_points as (
    select
        service_point_id,
        quantile_disc(cycle_days, 0.5) as usual_days
    from bills
    group by service_point_id
    -- Of two bills neither is the usual one.
    having count(*) >= 3
),

usual_of_all as (
    select quantile_disc(cycle_days, 0.5) as usual_days
    from bills
),

weighed as (
    select
        bills.bill_key,
        bills.bill_id,
        bills.service_point_id,
        bills.cycle_start_date,
        bills.cycle_end_date,
        bills.issued_on,
        bills.cycle_days - coalesce(usual_of_service_points.usual_days, usual_of_all.usual_days)
        > limits.usual_cycle_days as is_too_long
    from bills
    cross join usual_of_all
    cross join limits
    left join usual_of_service_points on bills.service_point_id = usual_of_service_points.service_point_id
),

pairs as (
    select
        one.bill_key,
        one.bill_id,
        one.cycle_start_date,
        one.is_too_long and not other.is_too_long as is_too_long,
        other.is_too_long and not one.is_too_long as other_is_too_long,
        one.cycle_start_date <= other.cycle_start_date and one.cycle_end_date >= other.cycle_end_date as holds_other,
        other.cycle_start_date <= one.cycle_start_date and other.cycle_end_date >= one.cycle_end_date as is_held,
        (one.issued_on, one.bill_key) > (other.issued_on, other.bill_key) as is_later,
        other.bill_id as overlapped_bill_id,
        other.cycle_start_date as overlapped_cycle_start_date
    from weighed as one
    inner join weighed as other
        on one.service_point_id = other.service_point_id
        and one.bill_key != other.bill_key
        and one.cycle_start_date < other.cycle_end_date
        and one.cycle_end_date > other.cycle_start_date
),

odd as (
    select *
    from pairs
    where
        case
            when is_too_long != other_is_too_long then is_too_long
            when holds_other != is_held then holds_other
            else is_later
        end
),

first_overlaps as (
    select
        bill_key,
        min_by(overlapped_bill_id, (overlapped_cycle_start_date, overlapped_bill_id)) as overlapped_bill_id
    from odd
    group by bill_key
)

select * from first_overlaps
