{# Minutes of an hour that every meter of the customer covers on average: 60 only when nothing is missing. #}
{% macro minutes_metered(readings) -%}
    cast(floor(sum({{ readings }}.interval_minutes) / max({{ readings }}.meters_held)) as integer)
{%- endmacro %}
