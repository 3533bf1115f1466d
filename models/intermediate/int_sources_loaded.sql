-- What the utility gave beside readings: with a source there, a customer it does not mention has none; without it, nobody knows.
{% set sources = (
    ('premises', 'stg_premises__premises'),
    ('attributes', 'stg_customer__attributes'),
    ('bills', 'stg_billing__bills'),
    ('outages', 'int_outages_recorded'),
    ('programs', 'stg_programs__programs'),
    ('contacts', 'stg_contacts__contacts'),
    ('weather', 'stg_weather__hourly')
) %}
with

{% for name, model in sources %}
    {{ name }} as (
        select exists(select * from {{ ref(model) }}) as is_there
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
