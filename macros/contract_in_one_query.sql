{# Compares the columns of a query with the contract by asking DuckDB once. Only where they differ is dbt's own comparison
   run, which asks for the types of the contract, too, and says what is wrong. #}
{% macro duckdb__get_assert_columns_equivalent(sql) %}
    {% set wanted = [] %}
    {% for column in model.columns.values() %}
        {% do wanted.append((column.name | lower, column.data_type | lower | replace(' ', ''))) %}
    {% endfor %}
    {% set found = [] %}
    {% for column in get_column_schema_from_query(sql, config.get('sql_header', none)) %}
        {% do found.append((column.name | lower, column.dtype | lower | replace(' ', ''))) %}
    {% endfor %}
    {% if found | sort != wanted | sort %}
        {{ assert_columns_equivalent(sql) }}
    {% endif %}
{% endmacro %}
