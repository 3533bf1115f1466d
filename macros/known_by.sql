{# The date up to which the warehouse is to know things, from the var `as_of` (as in 2024-06-30); none when all counts. #}
{% macro as_of_date() %}
    {%- set as_of = var('as_of', none) -%}
    {%- if as_of is not none and not modules.re.fullmatch('[0-9]{4}-[0-9]{2}-[0-9]{2}', as_of | string) -%}
        {{ exceptions.raise_compiler_error("The var as_of is '" ~ as_of ~ "' but must be a date as in 2024-06-30.") }}
    {%- endif -%}
    {{- return(none if as_of is none else as_of | string) -}}
{% endmacro %}

{# Whether something was known by the end of that date. An instant counts by its date in UTC, not on the local clock. #}
{% macro known_by(moment) -%}
    {%- if as_of_date() is none -%} true {%- else -%} cast({{ moment }} as date) <= date '{{ as_of_date() }}' {%- endif -%}
{%- endmacro %}

{# A column as it stood at the end of that date: null when `moment`, by default the column itself, came later. #}
{% macro when_known(column, moment=none) -%}
    {%- if as_of_date() is none -%}
        {{ column }}
    {%- else -%}
        case when {{ known_by(moment or column) }} then {{ column }} end
    {%- endif -%}
{%- endmacro %}

{# An instant, no later than the end of that date. #}
{% macro at_most_known(moment) -%}
    {%- if as_of_date() is none -%}
        {{ moment }}
    {%- else -%}
        least({{ moment }}, cast(date '{{ as_of_date() }}' as timestamp) + interval 1 day)
    {%- endif -%}
{%- endmacro %}
