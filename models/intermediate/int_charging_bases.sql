-- The load that is always there. The median over a month's days keeps one strange day from moving it, and the lowest hour
-- of a day lies outside whatever runs for part of the night.
with

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

days as (select * from {{ ref('int_local_days') }}),

bases as (
    select
        assessed.customer_key,
        days.local_month,
        count(*) as good_days,
        cast(percentile_cont(0.5) within group (order by assessed.base_kw) as decimal(18, 9)) as base_kw
    from assessed
    inner join days on assessed.local_date = days.local_date
    where assessed.quality_reason is null and assessed.customer_key != 0
    group by
        assessed.customer_key,
        days.local_month
)

select * from bases
