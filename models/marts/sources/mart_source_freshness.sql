-- How far each source reaches, against the day that counts as today. Whoever reads a mart sees here what it can know.
{% set sources = (
    ('readings', 'stg_meter__readings', none, none),
    ('customers', 'stg_meter__customers', none, none),
    ('system_load', 'stg_meter__system_load', 'instant', 'max(interval_start_at)'),
    ('weather', 'stg_weather__hourly', 'instant', 'max(hour_start_at)'),
    ('outages', 'stg_outage__outages', 'instant', 'max(greatest(started_at, coalesce(restored_at, started_at)))'),
    ('equipment_outages', 'stg_outage__equipment_outages', 'instant', 'max(greatest(started_at, coalesce(restored_at, started_at)))'),
    ('premises', 'stg_premises__premises', none, none),
    ('customer_attributes', 'stg_customer__attributes', 'date', 'max(known_from_date)'),
    ('tariffs', 'stg_billing__tariffs', none, none),
    ('bills', 'stg_billing__bills', 'date', 'max(issued_on)'),
    ('programs', 'stg_programs__programs', none, none),
    ('program_offers', 'stg_programs__offers', 'date', 'max(offered_on)'),
    ('program_enrolments', 'stg_programs__enrolments', 'date', 'max(greatest(enrolled_on, coalesce(left_on, enrolled_on)))'),
    ('dr_events', 'stg_programs__events', 'instant', 'max(ends_at)'),
    ('event_participation', 'stg_programs__event_participation', none, none),
    ('contacts', 'stg_contacts__contacts', 'instant', 'max(contacted_at)')
) %}
with

{% for name, model, kind, newest in sources %}
    {{ name }} as (select * from {{ ref(model) }}),

{% endfor %}
utility as (select * from {{ ref('stg_meter__utility') }}),

loads as (select * from {{ ref('stg_meter__loads') }}),

source_loads as (select * from {{ ref('stg_source_loads__manifest') }}),

known_until as (select * from {{ ref('int_known_until') }}),

source_limits as (select * from {{ ref('source_limits') }}),

held as (
    {% for name, model, kind, newest in sources %}
        select
            '{{ name }}' as source_name,
            {{ loop.index }} as source_number,
            count(*) as source_rows,
            cast({{ newest if kind == 'instant' else 'null' }} as timestamp) as newest_at,
            cast({{ newest if kind == 'date' else 'null' }} as date) as newest_date
        from {{ name }}
        {% if name == 'customers' %}
            where is_listed
        {% endif %}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

loaded as (
    select
        table_name as source_name,
        count(*) as files,
        max(loaded_at) as last_loaded_at,
        cast(null as timestamp) as newest_at
    from source_loads
    group by table_name
    union all
    -- The manifest tells how far the readings reach; nobody need look at them all. The last interval ends where the next
    -- one would begin, which may be the next day.
    select
        'readings' as source_name,
        count(*) as files,
        max(loaded_at) as last_loaded_at,
        max(last_interval_end_at) - interval 1 microsecond as newest_at
    from loads
),

reached as (
    select
        held.source_number,
        held.source_name,
        held.source_rows > 0 or coalesce(loaded.files > 0, false) as is_loaded,
        held.source_rows,
        loaded.last_loaded_at,
        coalesce(
            held.newest_date,
            cast({{ utc_to_local('coalesce(held.newest_at, loaded.newest_at)', 'utility.time_zone') }} as date)
        ) as newest_date
    from held
    left join utility on true
    left join loaded on held.source_name = loaded.source_name
),

compared as (
    select
        reached.source_number,
        reached.source_name,
        reached.is_loaded,
        reached.source_rows,
        reached.last_loaded_at,
        reached.newest_date,
        cast(date_diff('day', reached.newest_date, known_until.known_until_date) as integer) as days_behind,
        source_limits.usual_days_behind
    from reached
    left join known_until on true
    left join source_limits on reached.source_name = source_limits.source_name
),

judged as (
    select
        source_name,
        is_loaded,
        source_rows,
        last_loaded_at,
        newest_date,
        days_behind,
        usual_days_behind,
        days_behind > usual_days_behind as is_late,
        case
            when not is_loaded then 'not loaded'
            when days_behind > usual_days_behind
                then concat('ends ', days_behind, ' days before the newest source, usual are at most ', usual_days_behind)
        end as reason
    from compared
    order by source_number
)

select * from judged
