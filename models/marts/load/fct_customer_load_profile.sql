with

profiles as (select * from {{ ref('int_load_profiles') }}),

pooled_days as (select * from {{ ref('int_customer_days_pooled') }}),

customers as (select * from {{ ref('dim_customer') }}),

quality_limits as (select * from {{ ref('quality_limits') }}),

assessed as (
    select
        pooled_days.customer_key,
        customers.customer_id,
        customers.customer_class,
        pooled_days.season,
        pooled_days.day_type,
        pooled_days.days,
        case
            when pooled_days.days < quality_limits.limit_value then 'too few good days'
            when {{ hour_columns(prefix='profiles.') | join(' + ') }} is null then 'an hour was never seen'
            when {{ hour_columns(prefix='profiles.') | join(' + ') }} <= 0 then 'no energy'
        end as shape_reason,
        {{ hour_columns(prefix='profiles.') | join(',\n        ') }}
    from pooled_days
    inner join customers on pooled_days.customer_key = customers.customer_key
    inner join profiles
        on pooled_days.customer_key = profiles.customer_key
        and pooled_days.season = profiles.season
        and pooled_days.day_type = profiles.day_type
    inner join quality_limits on quality_limits.limit_name = 'days_for_shape_' || pooled_days.day_type
)

select * from assessed
