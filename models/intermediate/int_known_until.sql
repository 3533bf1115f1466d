-- The day that counts as today: the var as_of, or the last day that any source tells of. What may lie ahead does not move it:
-- days on which bills fall due, and events, of which only the notice and who opted out have happened for sure. Nor does a
-- mistyped year: what other sources tell of later than the last reading counts up to the day on which they were loaded.
with

loads as (select * from {{ ref('stg_meter__loads') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

bills as (select * from {{ ref('stg_billing__bills') }}),

contacts as (select * from {{ ref('stg_contacts__contacts') }}),

enrolments as (select * from {{ ref('stg_programs__enrolments') }}),

offers as (select * from {{ ref('stg_programs__offers') }}),

events as (select * from {{ ref('stg_programs__events') }}),

participation as (select * from {{ ref('stg_programs__event_participation') }}),

source_loads as (select * from {{ ref('stg_source_loads__manifest') }}),

last_reading as (
    -- A reading up to midnight tells of the day before.
    select
        max(cast({{ utc_to_local("loads.last_interval_end_at - interval '1' second", 'utility.time_zone') }} as date))
            as local_date
    from loads
    cross join utility
),

last_load as (
    select max(cast({{ utc_to_local('source_loads.loaded_at', 'utility.time_zone') }} as date)) as local_date
    from source_loads
    cross join utility
),

last_days as (
    select max(cast({{ utc_to_local('contacts.contacted_at', 'utility.time_zone') }} as date)) as local_date
    from contacts
    cross join utility
    union all
    select max(cast({{ utc_to_local('events.notified_at', 'utility.time_zone') }} as date)) as local_date
    from events
    cross join utility
    union all
    select max(cast({{ utc_to_local('participation.opted_out_at', 'utility.time_zone') }} as date)) as local_date
    from participation
    cross join utility
    union all
    select max(greatest(bills.issued_on, coalesce(bills.paid_on, bills.issued_on))) as local_date from bills
    union all
    select max(enrolments.enrolled_on) as local_date from enrolments
    union all
    select max(offers.offered_on) as local_date from offers
),

latest as (
    {% if as_of_date() is none %}
        select
            greatest(
                max(last_reading.local_date), least(max(last_days.local_date), max(last_load.local_date))
            ) as known_until_date
        from last_days
        cross join last_reading
        cross join last_load
    {% else %}
        select date '{{ as_of_date() }}' as known_until_date
    {% endif %}
)

select * from latest
