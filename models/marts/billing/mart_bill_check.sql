-- Bills held against the readings of their cycle. What is missing in the readings widens what may have been used, and a bill
-- within that band is not called wrong; it cannot be checked. Energy comes first: of a bill that is wrong in kWh, the amount
-- follows.
with

bills as (select * from {{ ref('int_bills_numbered') }}),

energy as (select * from {{ ref('int_bill_energy') }}),

amounts as (select * from {{ ref('int_bill_amounts') }}),

overlapping as (select * from {{ ref('int_bill_overlaps') }}),

customers as (select * from {{ ref('dim_customer') }}),

utility as (select * from {{ ref('dim_utility') }}),

bill_limits as (select * from {{ ref('bill_limits') }}),

limits as (
    {{ limits_as_columns('bill_limits', 'limit_name', 'limit_value', [
        'kwh_tolerance',
        'kwh_tolerance_fraction',
        'amount_tolerance',
        'greatest_missing_fraction',
        'missing_load_factor'
    ]) }}
),

metered as (
    select
        bill_key,
        sum(kwh) as kwh,
        sum(minutes) as minutes
    from energy
    group by bill_key
),

own_amounts as (
    select
        bill_key,
        energy_amount,
        fixed_amount,
        greatest_price_per_kwh
    from amounts
    where is_own_tariff and is_complete
),

-- Tariffs before and after of the same customer at the same place.
neighbours as (
    select
        bill_key,
        lag(tariff_id) over bills_in_order as tariff_before,
        lead(tariff_id) over bills_in_order as tariff_after
    from bills
    window bills_in_order as (partition by service_point_id, customer_id order by cycle_start_date, bill_key)
),

measured as (
    select
        bills.bill_key,
        bills.bill_id,
        bills.service_point_id,
        bills.customer_id,
        bills.tariff_id,
        bills.cycle_start_date,
        bills.cycle_end_date,
        bills.cycle_days,
        bills.issued_on,
        bills.billed_kwh,
        bills.amount,
        bills.registers,
        overlapping.overlapped_bill_id,
        case
            when
                neighbours.tariff_before = neighbours.tariff_after
                and neighbours.tariff_before != bills.tariff_id
                then neighbours.tariff_before
        end as usual_tariff_id,
        cast(metered.kwh as double) as metered_kwh,
        greatest(1 - coalesce(metered.minutes, 0) / (bills.cycle_minutes * greatest(bills.registers, 1)), 0) as missing_fraction,
        -- Missing energy at most, as a share of what was metered.
        limits.missing_load_factor
        * greatest(bills.cycle_minutes * greatest(bills.registers, 1) / nullif(metered.minutes, 0) - 1, 0)
            as missing_to_metered,
        cast(own_amounts.energy_amount as double) as energy_amount,
        cast(own_amounts.energy_amount + own_amounts.fixed_amount as double) as expected_amount,
        own_amounts.greatest_price_per_kwh
    from bills
    cross join limits
    left join metered on bills.bill_key = metered.bill_key
    left join own_amounts on bills.bill_key = own_amounts.bill_key
    left join overlapping on bills.bill_key = overlapping.bill_key
    left join neighbours on bills.bill_key = neighbours.bill_key
),

bounded as (
    select
        measured.*,
        measured.metered_kwh * (1 + measured.missing_to_metered) as greatest_kwh,
        measured.expected_amount + measured.energy_amount * measured.missing_to_metered as greatest_amount,
        greatest(limits.kwh_tolerance, limits.kwh_tolerance_fraction * measured.metered_kwh) as kwh_tolerance,
        measured.missing_fraction > limits.greatest_missing_fraction as misses_too_much
    from measured
    cross join limits
),

-- A difference of energy that is no difference may have been billed at the greatest price.
tolerated as (
    select
        bounded.*,
        limits.amount_tolerance
        + coalesce(
            least(abs(bounded.billed_kwh - bounded.metered_kwh), bounded.kwh_tolerance) * bounded.greatest_price_per_kwh,
            0
        ) as amount_tolerance
    from bounded
    cross join limits
),

energy_compared as (
    select
        *,
        case
            when metered_kwh is null or misses_too_much then 'cannot be checked'
            when abs(billed_kwh - metered_kwh) <= kwh_tolerance then 'agrees'
            when billed_kwh > greatest_kwh + kwh_tolerance then 'too high'
            when billed_kwh < metered_kwh then 'too low'
            else 'cannot be checked'
        end as kwh_verdict
    from tolerated
),

compared as (
    select
        *,
        case
            when expected_amount is null or misses_too_much then 'cannot be checked'
            when abs(amount - expected_amount) <= amount_tolerance then 'agrees'
            when amount < expected_amount then 'too low'
            -- Energy that agrees leaves nothing open that missing readings could hide.
            when kwh_verdict = 'agrees' or amount > greatest_amount + amount_tolerance then 'too high'
            else 'cannot be checked'
        end as amount_verdict
    from energy_compared
),

-- The tariff whose amount comes nearest, where one explains the bill.
explaining as (
    select
        amounts.bill_key,
        min_by(
            amounts.tariff_id,
            (abs(amounts.energy_amount + amounts.fixed_amount - cast(compared.amount as decimal(18, 6))), amounts.tariff_id)
        ) as tariff_id
    from amounts
    inner join compared on amounts.bill_key = compared.bill_key
    where
        amounts.is_complete
        and not amounts.is_own_tariff
        and compared.amount_verdict in ('too high', 'too low')
        and abs(cast(amounts.energy_amount + amounts.fixed_amount as double) - compared.amount) <= compared.amount_tolerance
    group by amounts.bill_key
),

judged as (
    select
        compared.*,
        case
            when compared.kwh_verdict = 'agrees' and compared.amount_verdict in ('too high', 'too low') then explaining.tariff_id
            when compared.kwh_verdict = 'agrees' and compared.amount_verdict = 'agrees' then compared.usual_tariff_id
        end as suspected_tariff_id
    from compared
    left join explaining on compared.bill_key = explaining.bill_key
),

decided as (
    select
        *,
        cast(cast(billed_kwh as decimal(18, 1)) as varchar) as billed_text,
        cast(cast(metered_kwh as decimal(18, 1)) as varchar) as metered_text,
        cast(cast(greatest_kwh as decimal(18, 1)) as varchar) as greatest_text,
        cast(cast(amount as decimal(18, 2)) as varchar) as amount_text,
        cast(cast(expected_amount as decimal(18, 2)) as varchar) as expected_text,
        cast(cast(100 * missing_fraction as decimal(18, 1)) as varchar) as missing_text,
        case
            when overlapped_bill_id is not null then 'overlapping cycle'
            when kwh_verdict in ('too high', 'too low') then kwh_verdict
            when suspected_tariff_id is not null then 'wrong tariff suspected'
            when kwh_verdict = 'cannot be checked' then 'cannot be checked'
            else amount_verdict
        end as verdict
    from judged
),

explained as (
    select
        decided.bill_key,
        decided.bill_id,
        customers.customer_key,
        decided.customer_id,
        decided.service_point_id,
        decided.tariff_id,
        decided.cycle_start_date,
        decided.cycle_end_date,
        decided.cycle_days,
        decided.issued_on,
        decided.billed_kwh,
        decided.metered_kwh,
        decided.billed_kwh - decided.metered_kwh as kwh_difference,
        decided.missing_fraction,
        decided.greatest_kwh,
        decided.amount,
        decided.expected_amount,
        decided.amount - decided.expected_amount as amount_difference,
        decided.greatest_amount,
        utility.currency,
        decided.kwh_verdict,
        decided.amount_verdict,
        decided.verdict,
        decided.suspected_tariff_id,
        decided.overlapped_bill_id,
        case
            when decided.overlapped_bill_id is not null
                then 'The cycle overlaps that of bill ' || decided.overlapped_bill_id || '.'
            when decided.registers = 0 then 'The service point has no meter in the readings.'
            when decided.metered_kwh is null then 'There are no readings in the cycle.'
            when decided.misses_too_much then decided.missing_text || '% of the cycle has no readings.'
            when decided.kwh_verdict in ('too high', 'too low')
                then
                    'Billed ' || decided.billed_text || ' kWh, metered ' || decided.metered_text || ' kWh'
                    || case
                        when decided.missing_to_metered > 0
                            then ' (at most ' || decided.greatest_text || ' kWh with what is missing)'
                        else ''
                    end || '.'
            when decided.verdict = 'wrong tariff suspected' and decided.amount_verdict = 'agrees'
                then
                    'Billed by tariff ' || decided.tariff_id || ', the bills before and after by '
                    || decided.suspected_tariff_id || '.'
            when decided.verdict = 'wrong tariff suspected'
                then
                    'Tariff ' || coalesce(decided.tariff_id, 'unknown') || ' gives ' || decided.expected_text || ', tariff '
                    || decided.suspected_tariff_id || ' gives the billed ' || decided.amount_text || '.'
            when decided.kwh_verdict = 'cannot be checked'
                then
                    'Billed ' || decided.billed_text || ' kWh lies between the metered ' || decided.metered_text
                    || ' kWh and the ' || decided.greatest_text || ' kWh that missing readings may hide.'
            when decided.expected_amount is null
                then 'Energy agrees; tariff ' || coalesce(decided.tariff_id, 'unknown') || ' has no price for all of the cycle.'
            when decided.amount_verdict = 'agrees' then 'Energy and amount agree.'
            else
                'Energy agrees, but billed ' || decided.amount_text || ' where the tariff gives ' || decided.expected_text || '.'
        end as reason
    from decided
    left join customers on decided.customer_id = customers.customer_id
    left join utility on true
)

select * from explained
