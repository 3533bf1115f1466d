{# Days of a month as the bits of one number, the first of them the lowest. #}
{% macro day_as_bit(local_date) -%}
    (1 << cast(extract(day from {{ local_date }}) - 1 as integer))
{%- endmacro %}

{% macro is_day_of(bits, local_date) -%}
    {{ bits }} & {{ day_as_bit(local_date) }} != 0
{%- endmacro %}

{# The date of the lowest bit; null where there is none. #}
{% macro first_day_of(bits, local_month) -%}
    {{ local_month }} + cast(log2(nullif({{ bits }} & -{{ bits }}, 0)) as integer)
{%- endmacro %}
