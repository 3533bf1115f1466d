-- The load that is always there. The median over a month's days keeps one strange day from moving it, and the lowest hour
-- of a day lies outside whatever runs for part of the night.
with

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

metered as (select * from {{ ref('int_customer_days_metered') }}),

days as (select * from {{ ref('int_local_days') }}),

bases as (
    select
        metered.customer_key,
        days.local_month,
        count(*) as good_days,
        cast(percentile_cont(0.5) within group (order by metered.base_kw) as decimal(18, 9)) as base_kw
    from metered
    inner join assessed on metered.customer_key = assessed.customer_key and metered.local_date = assessed.local_date
    inner join days on metered.local_date = days.local_date
    where assessed.quality_reason is null and metered.customer_key != 0
    group by
        metered.customer_key,
        days.local_month
)

select * from bases
