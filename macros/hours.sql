{# The 24 hours of a profile and the names of its columns: hour_00_kw … hour_23_kw, or hour_00 … hour_23. #}
{% macro hours() %}{{ return(range(24)) }}{% endmacro %}
{% macro hour_column(hour, suffix='_kw') %}{{ return('hour_%02d%s' | format(hour, suffix)) }}{% endmacro %}
{% macro hour_columns(suffix='_kw', prefix='') %}
    {%- set columns = [] -%}
    {%- for hour in hours() %}{% do columns.append(prefix ~ hour_column(hour, suffix)) %}{% endfor -%}
    {{- return(columns) -}}
{% endmacro %}
