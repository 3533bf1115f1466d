-- Where a customer's daily energy usually lies, by season: three interquartile ranges around the middle half of good days.
-- It applies to daily totals and for review only. Intervals are left alone, for their extremes are the very peaks that
-- demand response is after.
with

assessed as (select * from {{ ref('int_customer_days_assessed') }}),

days as (select * from {{ ref('int_local_days') }}),

quality_limits as (select * from {{ ref('quality_limits') }}),

limits as (
    {{ limits_as_columns('quality_limits', 'limit_name', 'limit_value', [
        'review_interquartile_ranges',
        'days_for_review'
    ]) }}
),

quartiles as (
    select
        assessed.customer_key,
        days.season,
        count(*) as days,
        percentile_cont(0.25) within group (order by cast(assessed.kwh as double)) as first_quartile_kwh,
        percentile_cont(0.75) within group (order by cast(assessed.kwh as double)) as third_quartile_kwh
    from assessed
    inner join days on assessed.local_date = days.local_date
    where assessed.quality_reason is null
    group by
        assessed.customer_key,
        days.season
),

ranges as (
    select
        quartiles.customer_key,
        quartiles.season,
        cast(quartiles.days as integer) as days,
        quartiles.first_quartile_kwh
        - limits.review_interquartile_ranges * (quartiles.third_quartile_kwh - quartiles.first_quartile_kwh) as low_kwh,
        quartiles.third_quartile_kwh
        + limits.review_interquartile_ranges * (quartiles.third_quartile_kwh - quartiles.first_quartile_kwh) as high_kwh
    from quartiles
    cross join limits
    where quartiles.days >= limits.days_for_review
)

select * from ranges
