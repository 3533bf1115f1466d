{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['customer_key', 'local_date'],
    pre_hook="{{ forget_changed_customers(applied_relation('int_agreements_applied')) }}"
) }}
-- depends_on: {{ ref('int_meter_agreements') }}
-- What solar panels would show in, whether a day is good or not. The night is taken from 20 to 6 h, so that people who work
-- at night have a quiet hour in it. Months that are not there yet, as when the seasons change, are taken in whole.
with

hours as (select * from {{ ref('int_customer_hours') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

touched as (select * from {{ ref('int_customer_days_touched') }}),

days as (select * from {{ ref('int_local_days') }}),

sunny_hours as (
    select
        hour_start_at,
        local_date,
        local_month,
        local_hour between 10 and 15 as is_midday
    from instants
    where
        interval_start_at = hour_start_at
        and season in ('spring', 'summer')
        and (local_hour between 10 and 15 or local_hour < 6 or local_hour >= 20)
),

{% if is_incremental() %}
    held_months as (
        select distinct days.local_month
        from days
        where days.local_date in (select held.local_date from {{ this }} as held)
    ),

    placed_hours as (
        select
            *,
            local_month not in (select held_months.local_month from held_months) as is_new_month
        from sunny_hours
    ),

    wanted_hours as (
        select * from placed_hours
        where is_new_month or local_date in (select touched.local_date from touched)
    ),
{% else %}
    wanted_hours as (select * from sunny_hours),
{% endif %}

measured_hours as (
    select
        hours.customer_key,
        wanted_hours.local_date,
        wanted_hours.is_midday,
        -- An hour with a part missing is not known; its day stays, so that a later build replaces what stood there.
        case when hours.minutes = 60 then hours.kwh end as kw
    from hours
    inner join wanted_hours on hours.hour_start_at = wanted_hours.hour_start_at
    {% if is_incremental() %}
        left join touched
            on hours.customer_key = touched.customer_key and wanted_hours.local_date = touched.local_date
        where wanted_hours.is_new_month or touched.customer_key is not null
    {% endif %}
),

measured as (
    select
        customer_key,
        local_date,
        min(case when is_midday then kw end) as midday_kw,
        min(case when not is_midday then kw end) as night_kw
    from measured_hours
    group by
        customer_key,
        local_date
)

select * from measured
