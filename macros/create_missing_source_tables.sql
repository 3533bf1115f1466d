{# The sources' YAML alone says how tables written by Python look, so plain `dbt build` works before any script has run. #}
{% macro create_missing_source_tables() %}
    {% if execute %}
        {% for source in graph.sources.values() %}
            create schema if not exists {{ source.schema }};
            create table if not exists {{ source.schema }}.{{ source.identifier }} (
                {% for column in source.columns.values() %}
                    {{ adapter.quote(column.name) }} {{ column.data_type }}{{ "," if not loop.last }}
                {% endfor %}
            );
        {% endfor %}
    {% endif %}
{% endmacro %}
