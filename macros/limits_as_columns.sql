{# Named numbers of a lookup as columns of one row, so that a model names a limit as it names a column. #}
{% macro limits_as_columns(relation, name_column, value_column, names) %}
    select
        {% for name in names %}
            max(case when {{ name_column }} = '{{ name }}' then {{ value_column }} end) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ relation }}
{% endmacro %}
