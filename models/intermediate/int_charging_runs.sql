{{ config(materialized='view') }}
-- What happens around an outage or on a day with gaps is no habit: runs of good nights alone.
with

measured as (select * from {{ ref('int_charging_runs_measured') }}),

nights as (select * from {{ ref('int_charging_nights') }}),

runs as (
    select
        measured.customer_key,
        measured.night_date,
        nights.season,
        measured.starts_at,
        measured.start_hour,
        measured.run_hours,
        measured.plateau_kw,
        measured.run_kwh,
        measured.length_hours,
        measured.kw_step
    from measured
    inner join nights on measured.customer_key = nights.customer_key and measured.night_date = nights.night_date
)

select * from runs
