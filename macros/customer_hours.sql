{# Whether one hourly reading is the customer's hour as it stands, so that nothing has to be summed. #}
{% macro is_whole_hour(readings) -%}
    ({{ readings }}.interval_minutes = 60 and {{ readings }}.meters_held = 1 and {{ readings }}.customer_key != 0)
{%- endmacro %}

{# Minutes of an hour that every meter of the customer covers on average: 60 only when nothing is missing. #}
{% macro minutes_metered(readings) -%}
    cast(floor(sum({{ readings }}.interval_minutes) / max({{ readings }}.meters_held)) as integer)
{%- endmacro %}
