-- What good days add up to by month, and which days of the month they are, as bits: whether a day or a night is good is then
-- asked of thirty times fewer rows.
with

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

days as (select * from {{ ref('int_local_days') }}),

summed as (
    select
        assessed.customer_key,
        days.local_month,
        count(*) as good_days,
        min(assessed.local_date) as first_good_date,
        max(assessed.local_date) as last_good_date,
        bit_or({{ day_as_bit('assessed.local_date') }}) as good_day_bits,
        sum(assessed.kwh) as kwh,
        sum(assessed.received_minutes) as received_minutes
    from assessed
    inner join days on assessed.local_date = days.local_date
    where assessed.quality_reason is null and assessed.customer_key != 0
    group by
        assessed.customer_key,
        days.local_month
),

with_next as (
    select
        *,
        lead(local_month) over (partition by customer_key order by local_month) as next_month,
        lead(good_day_bits) over (partition by customer_key order by local_month) as next_good_day_bits
    from summed
),

-- A night is good when both of its days are, and bears the date on which it begins. The last one of a month ends in the next.
with_nights as (
    select
        *,
        good_day_bits & (
            (good_day_bits >> 1)
            | case
                when next_month = local_month + interval 1 month and next_good_day_bits & 1 = 1
                    then {{ day_as_bit('last_day(local_month)') }}
                else 0
            end
        ) as good_night_bits
    from with_next
),

typed as (
    select
        customer_key,
        local_month,
        cast(good_days as integer) as good_days,
        first_good_date,
        last_good_date,
        good_day_bits,
        cast(bit_count(good_night_bits) as integer) as good_nights,
        good_night_bits,
        {{ first_day_of('good_night_bits', 'local_month') }} as first_night_date,
        cast(kwh as decimal(18, 9)) as kwh,
        cast(received_minutes as integer) as received_minutes
    from with_nights
)

select * from typed
