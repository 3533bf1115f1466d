{# A plain `dbt run` finds the lookups of seeds/ even where nobody has run `dbt seed` or `dbt build` yet; those load them anew. #}
{% macro create_missing_seeds() %}
    {% if execute and flags.WHICH not in ('build', 'seed') %}
        {% for seed in graph.nodes.values() | selectattr('resource_type', 'equalto', 'seed') %}
            {% set relation = api.Relation.create(database=target.database, schema=seed.schema, identifier=seed.alias) %}
            {% if load_relation(relation) is none %}
                {% set types = [] %}
                {% for column, data_type in seed.config.column_types.items() %}
                    {% do types.append("'" ~ column ~ "': '" ~ data_type ~ "'") %}
                {% endfor %}
                create schema if not exists {{ seed.schema }};
                create table {{ relation }} as
                select * from read_csv(
                    '{{ seed.root_path }}/{{ seed.original_file_path }}', header = true, types = {{ '{' ~ types | join(', ') ~ '}' }}
                );
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}
