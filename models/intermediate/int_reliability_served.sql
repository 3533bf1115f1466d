-- Who was served where and when, for the denominators of reliability indices. A customer in their sense is a service point
-- with an agreement; a holder of two points counts as two. Service points that no agreement names are served throughout.
with

agreements as (select * from {{ ref('stg_meter__service_agreements') }}),

meters as (select * from {{ ref('stg_meter__meters') }}),

customers as (select * from {{ ref('stg_meter__customers') }}),

premises as (select * from {{ ref('stg_premises__premises') }}),

held as (
    select
        agreements.service_point_id,
        customers.customer_key,
        coalesce(agreements.valid_from, date '1900-01-01') as valid_from_date,
        coalesce(agreements.valid_to, date '2200-01-01') as valid_to_date
    from agreements
    inner join customers on agreements.customer_id = customers.customer_id
    union all
    select distinct
        meters.service_point_id,
        customers.customer_key,
        date '1900-01-01' as valid_from_date,
        date '2200-01-01' as valid_to_date
    from meters
    -- A listed customer may have the same id by chance.
    inner join customers on meters.service_point_id = customers.customer_id and not customers.is_listed
    where meters.service_point_id not in (select agreements.service_point_id from agreements)
),

placed as (
    select
        held.service_point_id,
        held.customer_key,
        coalesce(premises.feeder_id, 'unknown') as feeder_id,
        premises.transformer_id,
        held.valid_from_date,
        held.valid_to_date
    from held
    left join premises on held.service_point_id = premises.service_point_id
    where held.valid_from_date < held.valid_to_date
)

select * from placed
