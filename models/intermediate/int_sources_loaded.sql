-- What the utility gave beside readings: with a source there, a customer it does not mention has none; without it, nobody knows.
-- Of programs any of their tables will do.
{% set sources = (
    ('premises', ['stg_premises__premises']),
    ('attributes', ['stg_customer__attributes']),
    ('bills', ['stg_billing__bills']),
    ('outages', ['int_outages_recorded']),
    ('programs', [
        'stg_programs__programs', 'stg_programs__offers', 'stg_programs__enrolments', 'stg_programs__events',
        'stg_programs__event_participation'
    ]),
    ('contacts', ['stg_contacts__contacts']),
    ('weather', ['stg_weather__hourly'])
) %}
with

{% for name, models in sources %}
    {{ name }} as (
        select count(*) > 0 as is_there
        from (
            {% for model in models %}
                select 1 as is_row from {{ ref(model) }}
                {{ 'union all' if not loop.last }}
            {% endfor %}
        ) as given_rows
    ),

{% endfor %}
together as (
    select
        {% for name, model in sources %}
            {{ name }}.is_there as has_{{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from premises
    {% for name, model in sources[1:] %}
        cross join {{ name }}
    {% endfor %}
)

select * from together
