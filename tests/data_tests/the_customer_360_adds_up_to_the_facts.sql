{{ config(tags=['essential']) }}
-- Whatever the customer 360 counts is counted once: over all customers it comes to what the facts hold.
with

customers as (
    select
        count(*) as customers,
        coalesce(sum(usage_days), 0) as usage_days,
        coalesce(sum(good_days), 0) as good_days,
        coalesce(sum(kwh), 0) as kwh,
        coalesce(sum(received_kwh), 0) as received_kwh,
        coalesce(sum(interruptions), 0) as interruptions,
        coalesce(sum(events_called), 0) as events_called,
        coalesce(sum(events_taken), 0) as events_taken,
        coalesce(sum(contacts), 0) as contacts,
        coalesce(sum(complaints), 0) as complaints,
        coalesce(sum(offers), 0) as offers,
        coalesce(sum(cast(arrears_amount as decimal(24, 4))), 0) as arrears_amount,
        count(segment_id) as segmented,
        count(case when has_vehicle_charging then 1 end) as has_vehicle_charging,
        count(case when has_solar then 1 end) as has_solar
    from {{ ref('mart_customer_360') }}
),

known as (select * from {{ ref('dim_customer') }}),

usage as (
    select
        count(case when received_minutes > 0 or received_kwh is not null then 1 end) as usage_days,
        count(case when shapes_profile then 1 end) as good_days,
        coalesce(sum(kwh), 0) as kwh,
        coalesce(sum(received_kwh), 0) as received_kwh
    from {{ ref('fct_customer_daily_usage') }}
),

interruptions as (
    select count(case when is_sustained then 1 end) as interruptions from {{ ref('fct_interruption') }}
),

events as (
    select
        count(*) as events_called,
        count(case when program_events.took_part then 1 end) as events_taken
    from {{ ref('fct_program_event') }} as program_events
    cross join {{ ref('int_known_until') }} as known_until
    where
        program_events.customer_key is not null
        and program_events.event_date <= known_until.known_until_date
),

contacts as (
    select
        count(*) as contacts,
        count(case when is_complaint then 1 end) as complaints
    from {{ ref('fct_contact') }}
    where customer_key is not null
),

offers as (
    select count(*) as offers
    from {{ ref('stg_programs__offers') }}
    where customer_id in (select known.customer_id from known)
),

-- Of bills overdue, those above 0: a credit is no arrears. A bill that names nobody is its holder's.
bills as (
    select coalesce(sum(cast(bills.amount as decimal(24, 4))), 0) as arrears_amount
    from {{ ref('stg_billing__bills') }} as bills
    cross join {{ ref('int_known_until') }} as known_until
    where
        bills.due_on < known_until.known_until_date
        and bills.paid_on is null
        and bills.amount > 0
        and (
            bills.customer_id in (select known.customer_id from known)
            or (
                bills.customer_id is null
                and bills.bill_id in (select owned.bill_id from {{ ref('int_bills_compared') }} as owned)
            )
        )
),

equipment as (
    select
        count(case when has_vehicle_charging then 1 end) as has_vehicle_charging,
        count(case when has_solar then 1 end) as has_solar
    from {{ ref('mart_customer_equipment') }}
),

segments as (select count(*) as segmented from {{ ref('fct_customer_segment') }}),

compared as (
    {% for source, columns in {
        'usage': ['usage_days', 'good_days', 'kwh', 'received_kwh'],
        'interruptions': ['interruptions'],
        'events': ['events_called', 'events_taken'],
        'contacts': ['contacts', 'complaints'],
        'offers': ['offers'],
        'bills': ['arrears_amount'],
        'equipment': ['has_vehicle_charging', 'has_solar'],
        'segments': ['segmented']
    }.items() %}
        {% set last_source = loop.last %}
        {% for column in columns %}
            select
                '{{ column }}' as column_name,
                cast(customers.{{ column }} as decimal(38, 9)) as in_customer_360,
                cast({{ source }}.{{ column }} as decimal(38, 9)) as in_facts,
                'the customer 360 does not add up to the facts' as failure_reason
            from customers
            cross join {{ source }}
            {{ 'union all' if not (last_source and loop.last) }}
        {% endfor %}
    {% endfor %}
)

select * from compared
where in_customer_360 != in_facts
