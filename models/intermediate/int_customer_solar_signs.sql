-- Solar panels show as energy fed in where that is metered. Where it is not, delivered load sinks around noon of bright days
-- far below the lowest hour of the night, which without panels it does not: the refrigerator runs at noon, too.
with

sunny as (select * from {{ ref('int_customer_days_sunny') }}),

days as (select * from {{ ref('int_local_days') }}),

months as (select * from {{ ref('int_customer_good_months') }}),

received as (select * from {{ ref('int_customer_days_received') }}),

equipment_limits as (select * from {{ ref('equipment_limits') }}),

limits as (
    {{ limits_as_columns('equipment_limits', 'limit_name', 'limit_value', [
        'smallest_night_base_kw',
        'deep_dip_ratio'
    ]) }}
),

sunny_days as (
    select
        sunny.customer_key,
        sunny.midday_kw,
        sunny.night_kw
    from sunny
    inner join days on sunny.local_date = days.local_date
    inner join months on sunny.customer_key = months.customer_key and days.local_month = months.local_month
    where days.season in ('spring', 'summer') and {{ is_day_of('months.good_day_bits', 'days.local_date') }}
),

dips as (
    select
        sunny_days.customer_key,
        count(*) as sunny_days,
        count(case when sunny_days.midday_kw < limits.deep_dip_ratio * sunny_days.night_kw then 1 end) as dip_days
    from sunny_days
    cross join limits
    where sunny_days.night_kw >= limits.smallest_night_base_kw
    group by sunny_days.customer_key
),

fed_in as (
    select
        customer_key,
        sum(received_kwh) as received_kwh,
        count(case when received_kwh > 0 then 1 end) as received_days,
        min(case when received_kwh > 0 then local_date end) as first_received_date
    from received
    where customer_key != 0
    group by customer_key
),

delivered as (
    select
        customer_key,
        sum(kwh) as kwh,
        min(first_good_date) as first_good_date
    from months
    group by customer_key
),

customers as (
    select customer_key from delivered
    union
    select customer_key from fed_in
),

joined as (
    select
        customers.customer_key,
        delivered.first_good_date,
        cast(coalesce(dips.sunny_days, 0) as integer) as sunny_days,
        cast(coalesce(dips.dip_days, 0) as integer) as dip_days,
        cast(coalesce(fed_in.received_days, 0) as integer) as received_days,
        cast(fed_in.received_kwh as decimal(18, 9)) as received_kwh,
        cast(delivered.kwh as decimal(18, 9)) as delivered_kwh,
        fed_in.first_received_date
    from customers
    left join dips on customers.customer_key = dips.customer_key
    left join fed_in on customers.customer_key = fed_in.customer_key
    left join delivered on customers.customer_key = delivered.customer_key
)

select * from joined
