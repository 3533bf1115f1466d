-- Shapes that a customer's days never had are not listed.
with

assignments as (select * from {{ ref('stg_day_shapes__assignments') }}),

days as (select * from {{ ref('int_local_days') }}),

customers as (select * from {{ ref('dim_customer') }}),

day_shapes as (select * from {{ ref('dim_day_shape') }}),

counted as (
    select
        assignments.customer_key,
        assignments.day_shape_id,
        count(*) as days,
        count(*) filter (where days.day_type = 'weekday') as weekday_days,
        count(*) filter (where days.day_type = 'weekend') as weekend_days
    from assignments
    inner join days on assignments.local_date = days.local_date
    group by
        assignments.customer_key,
        assignments.day_shape_id
),

shared as (
    select
        counted.customer_key,
        customers.customer_id,
        counted.day_shape_id,
        day_shapes.day_shape_name,
        cast(counted.days as integer) as days,
        cast(counted.weekday_days as integer) as weekday_days,
        cast(counted.weekend_days as integer) as weekend_days,
        counted.days / sum(counted.days) over (partition by counted.customer_key) as day_fraction
    from counted
    inner join customers on counted.customer_key = customers.customer_key
    inner join day_shapes on counted.day_shape_id = day_shapes.day_shape_id
)

select * from shared
