-- What the mart says of sessions can be counted in the nights themselves.
with

equipment as (select * from {{ ref('mart_customer_equipment') }}),

sessions as (select * from {{ ref('int_charging_sessions') }}),

counted as (
    select
        equipment.customer_key,
        equipment.charging_sessions,
        count(distinct sessions.night_date) as nights
    from equipment
    left join sessions
        on equipment.customer_key = sessions.customer_key
        and sessions.charging_kind = 'vehicle'
        and equipment.first_session_date <= sessions.night_date
    where equipment.charging_sessions is not null
    group by
        equipment.customer_key,
        equipment.charging_sessions
)

select
    *,
    'sessions of the mart are not the nights with one' as failure_reason
from counted
where charging_sessions != nights
