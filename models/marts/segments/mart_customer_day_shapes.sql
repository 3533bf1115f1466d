-- How predictable customers' days are: Shannon entropy of their day shapes, with its normaliser, after Kwac, Flora and
-- Rajagopal 2014 (doi:10.1109/TSG.2013.2278477).
with

customer_shapes as (select * from {{ ref('fct_customer_day_shape') }}),

day_shapes as (select * from {{ ref('dim_day_shape') }}),

quality_limits as (select * from {{ ref('quality_limits') }}),

limits as (
    {{ limits_as_columns('quality_limits', 'limit_name', 'limit_value', ['days_for_shape_all']) }}
),

base as (
    select log2(nullif(count(*), 0)) as entropy_base_bits
    from day_shapes
),

with_most as (
    select
        *,
        max(days) over (partition by customer_key) as most_days,
        max(weekday_days) over (partition by customer_key) as most_weekday_days,
        max(weekend_days) over (partition by customer_key) as most_weekend_days
    from customer_shapes
),

-- Sums of decimals: the same in any order of rows. Of equally frequent shapes the lower number is dominant.
summed as (
    select
        customer_key,
        customer_id,
        sum(days) as days,
        count(*) as day_shapes_seen,
        cast(sum(cast(-day_fraction * log2(day_fraction) as decimal(18, 12))) as double) as entropy_bits,
        max(day_fraction) as dominant_fraction,
        min(case when days = most_days then day_shape_id end) as dominant_day_shape_id,
        min(case when weekday_days = most_weekday_days and weekday_days > 0 then day_shape_id end)
            as weekday_day_shape_id,
        min(case when weekend_days = most_weekend_days and weekend_days > 0 then day_shape_id end)
            as weekend_day_shape_id
    from with_most
    group by
        customer_key,
        customer_id
),

described as (
    select
        summed.customer_key,
        summed.customer_id,
        cast(summed.days as integer) as days,
        summed.days >= limits.days_for_shape_all as has_enough_days,
        cast(summed.day_shapes_seen as smallint) as day_shapes_seen,
        summed.entropy_bits,
        base.entropy_base_bits,
        summed.entropy_bits / nullif(base.entropy_base_bits, 0) as entropy_fraction,
        summed.dominant_day_shape_id,
        day_shapes.day_shape_name as dominant_day_shape_name,
        summed.dominant_fraction,
        summed.weekday_day_shape_id,
        summed.weekend_day_shape_id
    from summed
    inner join day_shapes on summed.dominant_day_shape_id = day_shapes.day_shape_id
    cross join base
    cross join limits
)

select * from described
