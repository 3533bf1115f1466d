-- What an hour of a month looks like in each segment, for heat maps. Good days only; the customers with a good hour count.
with

assigned as (select * from {{ ref('fct_customer_segment') }}),

monthly_sums as (select * from {{ ref('int_load_sums_monthly') }}),

averaged as (
    select
        assigned.run_id,
        assigned.segment_id,
        monthly_sums.local_month,
        cast(monthly_sums.local_hour as smallint) as local_hour,
        cast(count(distinct monthly_sums.customer_key) as integer) as customers,
        cast(sum(monthly_sums.kwh) as double) * 60 / sum(monthly_sums.minutes) as kw
    from assigned
    inner join monthly_sums on assigned.customer_key = monthly_sums.customer_key
    where monthly_sums.shapes_profile
    group by all
)

select * from averaged
