{{ config(materialized='incremental', incremental_strategy='append') }}
-- Loads that every incremental model has taken in. It is built after all of them, so a build that stops half way leaves
-- its loads unmarked, and the next build restates their days again. So does a build of some of these models.
-- depends_on: {{ ref('int_customer_hours_summed') }}
-- depends_on: {{ ref('int_customer_days_metered') }}
-- depends_on: {{ ref('int_customer_days_received') }}
-- depends_on: {{ ref('int_metered_load_hourly') }}
-- depends_on: {{ ref('int_readings_counted') }}
-- depends_on: {{ ref('int_customer_days_sunny') }}
-- depends_on: {{ ref('int_charging_runs_measured') }}
with

loads as (select * from {{ ref('stg_meter__loads') }}),

applied as (
    select load_id
    from loads
    {% if not takes_all_in() %}
        where false
    {% elif is_incremental() %}
        where load_id > (select coalesce(max(already.load_id), 0) from {{ this }} as already)
    {% endif %}
)

select * from applied
