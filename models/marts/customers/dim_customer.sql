-- Who is a customer: whom the customers file lists, and metered service points that no agreement names, which are customers of
-- their own. Who stood in a former file alone keeps the key in raw.customers, but is none any more.
with

customers as (select * from {{ ref('stg_meter__customers') }}),

agreements as (select * from {{ ref('stg_meter__service_agreements') }}),

meters as (select * from {{ ref('stg_meter__meters') }}),

latest_classes as (
    select
        customer_id,
        -- Of agreements that began together the last by service point gives the class, as in dim_customer_history.
        max_by(customer_class, (coalesce(valid_from, date '1900-01-01'), service_point_id)) as customer_class,
        count(distinct service_point_id) as service_points
    from agreements
    group by customer_id
),

described as (
    select
        customers.customer_key,
        customers.customer_id,
        coalesce(latest_classes.customer_class, 'unclassified') as customer_class,
        cast(coalesce(latest_classes.service_points, 1) as integer) as service_points,
        customers.is_listed,
        customers.has_consent,
        customers.has_medical_need,
        customers.is_enrolled
    from customers
    left join latest_classes on customers.customer_id = latest_classes.customer_id
    where
        customers.is_listed
        or (
            customers.customer_id in (select meters.service_point_id from meters)
            and customers.customer_id not in (select agreements.service_point_id from agreements)
        )
)

select * from described
