-- Flags of the customers file carry no date: as of a past date nobody knows whether they held then.
select
    customer_key,
    customer_id,
    is_listed,
    {% for flag in ('has_consent', 'has_medical_need', 'is_enrolled') %}
        {% if as_of_date() is none %}
            {{ flag }}{{ ',' if not loop.last }}
        {% else %}
            cast(null as boolean) as {{ flag }}{{ ',' if not loop.last }}
        {% endif %}
    {% endfor %}
from {{ source('meter', 'customers') }}
{% if as_of_date() is not none %}
    where
        customer_id not in (
            select agreements.customer_id
            from {{ source('meter', 'service_agreements') }} as agreements
            group by agreements.customer_id
            having not {{ known_by("min(coalesce(agreements.valid_from, date '1900-01-01'))") }}
        )
{% endif %}
