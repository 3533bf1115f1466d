-- Three ways to the same energy, side by side: what the meters say, what was billed, what the system delivered.
with

daily_usage as (select * from {{ ref('fct_customer_daily_usage') }}),

system_load as (select * from {{ ref('fct_system_load_hourly') }}),

bills as (select * from {{ ref('int_bills_numbered') }}),

days as (select * from {{ ref('int_local_days') }}),

used as (
    select
        cast(date_trunc('month', usage_date) as date) as usage_month,
        sum(kwh) as customer_kwh,
        sum(case when shapes_profile then kwh end) as profile_kwh,
        sum(estimated_kwh) as estimated_kwh,
        sum(received_kwh) as received_kwh
    from daily_usage
    group by cast(date_trunc('month', usage_date) as date)
),

metered as (
    select
        local_month as usage_month,
        sum(metered_kwh) as metered_kwh,
        -- kW over an hour is kWh.
        case when bool_or(is_own_series) then sum(system_kw) end as system_kwh,
        sum(case when is_own_series and system_kw is not null and customers > 0 then metered_kwh end) as compared_metered_kwh,
        sum(case when is_own_series and customers > 0 then system_kw end) as compared_system_kwh
    from system_load
    group by local_month
),

-- Cycles begin within months. A bill is spread evenly over its days, as nothing tells how it was used.
billed as (
    select
        cast(date_trunc('month', days.local_date) as date) as usage_month,
        sum(cast(bills.billed_kwh / bills.cycle_days as decimal(24, 9))) as billed_kwh
    from bills
    inner join days on bills.cycle_start_date <= days.local_date and bills.cycle_end_date > days.local_date
    where bills.cycle_days > 0
    group by cast(date_trunc('month', days.local_date) as date)
),

months as (
    select usage_month from metered
    union
    select usage_month from used
),

compared as (
    select
        months.usage_month,
        cast(coalesce(metered.metered_kwh, 0) as decimal(24, 9)) as metered_kwh,
        cast(coalesce(used.customer_kwh, 0) as decimal(24, 9)) as customer_kwh,
        cast(coalesce(metered.metered_kwh, 0) - coalesce(used.customer_kwh, 0) as decimal(24, 9)) as without_agreement_kwh,
        cast(used.profile_kwh as decimal(24, 9)) as profile_kwh,
        cast(used.estimated_kwh as decimal(24, 9)) as estimated_kwh,
        cast(used.received_kwh as decimal(24, 9)) as received_kwh,
        cast(billed.billed_kwh as decimal(24, 9)) as billed_kwh,
        cast(metered.system_kwh as decimal(24, 9)) as system_kwh,
        1 - cast(metered.compared_metered_kwh as double) / nullif(cast(metered.compared_system_kwh as double), 0)
            as unmetered_fraction
    from months
    left join metered on months.usage_month = metered.usage_month
    left join used on months.usage_month = used.usage_month
    left join billed on months.usage_month = billed.usage_month
)

select * from compared
