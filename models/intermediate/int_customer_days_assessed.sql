-- Whether a customer-day may shape a profile is decided here, once, with the first reason why not. A table: many models read it.
with

metered as (select * from {{ ref('int_customer_days_metered') }}),

days as (select * from {{ ref('int_local_days') }}),

days_out as (select * from {{ ref('int_customer_days_out') }}),

days_called as (select * from {{ ref('int_customer_days_called') }}),

customers as (select * from {{ ref('dim_customer') }}),

service_limits as (select * from {{ ref('service_limits') }}),

quality_limits as (select * from {{ ref('quality_limits') }}),

limits as (
    {{ limits_as_columns('quality_limits', 'limit_name', 'limit_value', [
        'smallest_received_fraction',
        'longest_outage_minutes'
    ]) }}
),

limits_of_customers as (
    select
        customers.customer_key,
        coalesce(of_class.greatest_kw, of_others.greatest_kw) as greatest_kw
    from customers
    left join service_limits as of_class on customers.customer_class = of_class.customer_class
    left join service_limits as of_others on of_others.customer_class = 'unclassified'
),

assessed as (
    select
        metered.customer_key,
        metered.local_date,
        metered.kwh,
        metered.peak_kw,
        metered.base_kw,
        metered.received_minutes,
        days.local_day_minutes as expected_minutes,
        limits_of_customers.greatest_kw as service_limit_kw,
        case
            when metered.customer_key = 0 then 'no agreement'
            when metered.received_minutes > days.local_day_minutes then 'overlapping intervals'
            when metered.received_minutes < limits.smallest_received_fraction * days.local_day_minutes then 'incomplete'
            when days_out.outage_minutes > limits.longest_outage_minutes then 'outage'
            when metered.kwh = 0 then 'all zero'
            when metered.kwh < 0 then 'negative total'
            when metered.peak_kw > limits_of_customers.greatest_kw then 'above service limit'
            when metered.peak_kw = metered.base_kw then 'stuck value'
            when days_called.customer_key is not null then 'called in an event'
        end as quality_reason
    from metered
    inner join days on metered.local_date = days.local_date
    left join days_out on metered.customer_key = days_out.customer_key and metered.local_date = days_out.local_date
    left join days_called
        on metered.customer_key = days_called.customer_key and metered.local_date = days_called.local_date
    left join limits_of_customers on metered.customer_key = limits_of_customers.customer_key
    cross join limits
)

select * from assessed
