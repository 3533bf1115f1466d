{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['local_date']) }}
-- How many readings of each day came with which load. A day that any load touched is counted anew.
with

readings as (select * from {{ ref('stg_meter__readings') }}),

batches as (select * from {{ ref('stg_meter__reading_batches') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

touched as (select * from {{ ref('int_customer_days_touched') }}),

-- Counted by instant first: few rows are left to find the day of.
counted as (
    select
        interval_start_at,
        batch_key,
        count(*) as readings
    from readings
    {% if is_incremental() %}
        where interval_start_at in (
            select instants.interval_start_at
            from instants
            where instants.local_date in (select touched.local_date from touched)
        )
    {% endif %}
    group by
        interval_start_at,
        batch_key
),

by_load as (
    select
        instants.local_date,
        batches.load_id,
        cast(sum(counted.readings) as bigint) as readings
    from counted
    inner join instants on counted.interval_start_at = instants.interval_start_at
    inner join batches on counted.batch_key = batches.batch_key
    group by
        instants.local_date,
        batches.load_id
)

select * from by_load
