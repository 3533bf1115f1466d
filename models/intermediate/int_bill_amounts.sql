-- What each bill should come to by its own tariff, and where it does not, by every other one.
with

bills as (select * from {{ ref('int_bills_numbered') }}),

energy as (select * from {{ ref('int_bill_energy') }}),

prices as (select * from {{ ref('int_bill_prices') }}),

fixed_charges as (select * from {{ ref('int_bill_fixed_charges') }}),

bill_limits as (select * from {{ ref('bill_limits') }}),

limits as (
    {{ limits_as_columns('bill_limits', 'limit_name', 'limit_value', [
        'amount_tolerance'
    ]) }}
),

metered as (
    select
        bill_key,
        sum(minutes) as minutes
    from energy
    group by bill_key
),

-- Twenty digits, or DuckDB multiplies in eighteen and overflows.
own_energy_amounts as (
    select
        bills.bill_key,
        bills.tariff_id,
        sum(cast(energy.kwh as decimal(20, 9)) * prices.price_per_kwh) as energy_amount,
        max(abs(prices.price_per_kwh)) as greatest_price_per_kwh,
        sum(energy.minutes) as priced_minutes
    from bills
    inner join energy on bills.bill_key = energy.bill_key
    inner join prices on energy.price_cell = prices.price_cell and bills.tariff_id = prices.tariff_id
    group by
        bills.bill_key,
        bills.tariff_id
),

own_amounts as (
    select
        bills.bill_key,
        own_energy_amounts.energy_amount + ends.fixed_before - starts.fixed_before as expected_amount
    from bills
    inner join own_energy_amounts on bills.bill_key = own_energy_amounts.bill_key
    inner join fixed_charges as starts
        on bills.tariff_id = starts.tariff_id and bills.cycle_start_date = starts.local_date
    inner join fixed_charges as ends on bills.tariff_id = ends.tariff_id and bills.cycle_end_date = ends.local_date
),

differing as (
    select bills.*
    from bills
    cross join limits
    left join own_amounts on bills.bill_key = own_amounts.bill_key
    where
        own_amounts.bill_key is null
        or abs(bills.amount - own_amounts.expected_amount) > limits.amount_tolerance
),

other_energy_amounts as (
    select
        differing.bill_key,
        prices.tariff_id,
        sum(cast(energy.kwh as decimal(20, 9)) * prices.price_per_kwh) as energy_amount,
        max(abs(prices.price_per_kwh)) as greatest_price_per_kwh,
        sum(energy.minutes) as priced_minutes
    from differing
    inner join energy on differing.bill_key = energy.bill_key
    inner join prices
        on energy.price_cell = prices.price_cell
        and prices.tariff_id is distinct from differing.tariff_id
    group by
        differing.bill_key,
        prices.tariff_id
),

energy_amounts as (
    select * from own_energy_amounts
    union all
    select * from other_energy_amounts
),

combined as (
    select
        bills.bill_key,
        energy_amounts.tariff_id,
        coalesce(energy_amounts.tariff_id = bills.tariff_id, false) as is_own_tariff,
        cast(energy_amounts.energy_amount as decimal(28, 6)) as energy_amount,
        cast(ends.fixed_before - starts.fixed_before as decimal(28, 6)) as fixed_amount,
        cast(energy_amounts.greatest_price_per_kwh as double) as greatest_price_per_kwh,
        -- A tariff without a price for some hour or day of the cycle tells no amount.
        energy_amounts.priced_minutes = metered.minutes
        and ends.valid_days_before - starts.valid_days_before = bills.cycle_days as is_complete
    from energy_amounts
    inner join bills on energy_amounts.bill_key = bills.bill_key
    inner join metered on energy_amounts.bill_key = metered.bill_key
    inner join fixed_charges as starts
        on energy_amounts.tariff_id = starts.tariff_id and bills.cycle_start_date = starts.local_date
    inner join fixed_charges as ends
        on energy_amounts.tariff_id = ends.tariff_id and bills.cycle_end_date = ends.local_date
)

select * from combined
