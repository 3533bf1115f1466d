-- Facts of customers that a contact may mention, each with the day from which it was known. Numbers are amounts of money, days
-- since 1970, hours since 1970 (UTC), or counts, as the kind says.
with

bills as (select * from {{ ref('int_bills_compared') }}),

offers as (select * from {{ ref('stg_programs__offers') }}),

enrolments as (select * from {{ ref('stg_programs__enrolments') }}),

events as (
    select * from {{ ref('fct_program_event') }}
    where customer_key is not null
),

customers as (select * from {{ ref('dim_customer') }}),

outages as (select * from {{ ref('int_customer_outages') }}),

equipment as (select * from {{ ref('mart_customer_equipment') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

weights as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'days_until_vehicle_shows', 'shortest_counted_outage_minutes'
    ]) }}
),

customer_offers as (
    select
        customers.customer_key,
        offers.program_id,
        offers.offered_on,
        offers.channel,
        offers.incentive
    from offers
    inner join customers on offers.customer_id = customers.customer_id
),

customer_enrolments as (
    select
        customers.customer_key,
        enrolments.program_id,
        enrolments.enrolled_on
    from enrolments
    inner join customers on enrolments.customer_id = customers.customer_id
),

customer_outages as (
    select
        outages.customer_key,
        outages.outage_id,
        outages.is_recorded,
        min(outages.started_at) as started_at,
        -- What is over in minutes nobody counts.
        max(case
            when outages.restored_at is null then 1
            when {{ minutes_between('outages.started_at', 'outages.restored_at') }} > weights.shortest_counted_outage_minutes
                then 1
            else 0
        end) = 1 as counts
    from outages
    cross join weights
    group by
        outages.customer_key,
        outages.outage_id,
        outages.is_recorded
),

dated_outages as (
    select
        customer_outages.*,
        cast({{ utc_to_local('customer_outages.started_at', "coalesce(utility.time_zone, 'UTC')") }} as date) as started_on
    from customer_outages
    left join utility on true
),

counted_outages as (
    select
        customer_key,
        started_on,
        started_at,
        count(*) over (
            partition by customer_key
            order by started_at
            range between interval 31 days preceding and current row
        ) as outages_in_month,
        count(*) over (
            partition by customer_key
            order by started_at
            range between interval 365 days preceding and current row
        ) as outages_in_year
    from dated_outages
    where counts
),

combined as (
    select
        customer_key,
        'bill amount' as fact_kind,
        issued_on as known_on,
        null as known_at,
        amount as number,
        null as meaning
    from bills
    union all
    select
        customer_key,
        'bill date' as fact_kind,
        issued_on as known_on,
        null as known_at,
        {{ day_number('issued_on') }} as number,
        null as meaning
    from bills
    union all
    select
        customer_key,
        'bill due date' as fact_kind,
        issued_on as known_on,
        null as known_at,
        {{ day_number('due_on') }} as number,
        null as meaning
    from bills
    where due_on is not null
    union all
    select
        customer_key,
        'high bill' as fact_kind,
        issued_on as known_on,
        null as known_at,
        null as number,
        case when is_surprising then 'high' else 'not high' end as meaning
    from bills
    union all
    select
        customer_key,
        'incentive' as fact_kind,
        offered_on as known_on,
        null as known_at,
        incentive as number,
        null as meaning
    from customer_offers
    where incentive is not null
    union all
    select
        customer_key,
        'offer channel' as fact_kind,
        offered_on as known_on,
        null as known_at,
        null as number,
        channel as meaning
    from customer_offers
    where channel is not null
    union all
    select
        customer_key,
        'program' as fact_kind,
        offered_on as known_on,
        null as known_at,
        null as number,
        program_id as meaning
    from customer_offers
    union all
    select
        customer_key,
        'program' as fact_kind,
        enrolled_on as known_on,
        null as known_at,
        null as number,
        program_id as meaning
    from customer_enrolments
    union all
    select
        customer_key,
        'program' as fact_kind,
        min(event_date) as known_on,
        null as known_at,
        null as number,
        program_id as meaning
    from events
    group by
        customer_key,
        program_id,
        date_trunc('month', event_date)
    union all
    select
        customer_key,
        'joining' as fact_kind,
        enrolled_on as known_on,
        null as known_at,
        {{ day_number('enrolled_on') }} as number,
        null as meaning
    from customer_enrolments
    union all
    select
        customer_key,
        'event' as fact_kind,
        event_date as known_on,
        null as known_at,
        {{ day_number('event_date') }} as number,
        null as meaning
    from events
    union all
    select
        customer_key,
        'opting out' as fact_kind,
        event_date as known_on,
        opted_out_at as known_at,
        {{ day_number('event_date') }} as number,
        case when took_part then 'took part' else 'opted out' end as meaning
    from events
    union all
    select
        customer_key,
        'outage start' as fact_kind,
        started_on as known_on,
        started_at as known_at,
        {{ seconds_between("timestamp '1970-01-01'", 'started_at') }} / 3600.0 as number,
        null as meaning
    from dated_outages
    union all
    select
        customer_key,
        'outages in a month' as fact_kind,
        started_on as known_on,
        started_at as known_at,
        outages_in_month as number,
        null as meaning
    from counted_outages
    union all
    select
        customer_key,
        'outages in a year' as fact_kind,
        started_on as known_on,
        started_at as known_at,
        outages_in_year as number,
        null as meaning
    from counted_outages
    union all
    select
        equipment.customer_key,
        'equipment' as fact_kind,
        equipment.vehicle_charging_since + cast(weights.days_until_vehicle_shows as integer) as known_on,
        null as known_at,
        null as number,
        'vehicle' as meaning
    from equipment
    cross join weights
    where equipment.vehicle_charging_since is not null
    union all
    select
        customer_key,
        'equipment' as fact_kind,
        solar_since as known_on,
        null as known_at,
        null as number,
        'solar' as meaning
    from equipment
    where solar_since is not null
),

distinct_facts as (
    select distinct
        customer_key,
        fact_kind,
        known_on,
        cast(known_at as timestamp) as known_at,
        cast(round(number, 2) as decimal(18, 2)) as number,
        cast(meaning as varchar) as meaning
    from combined
),

-- Cells of months and tens, so that a statement is compared with few facts, not with all.
placed as (
    select
        *,
        cast(case
            when fact_kind = 'equipment' then 0 else {{ month_cell('known_on') }}
        end as integer) as known_in_month,
        cast(coalesce(floor(number / 10), 0) as integer) as tens
    from distinct_facts
)

select * from placed
