{# A plain `dbt run` finds the lookups of seeds/ even where nobody has run `dbt seed` or `dbt build` yet; those load them anew. #}
{% macro create_missing_seeds() %}
    {% if execute and flags.WHICH not in ('build', 'seed') %}
        {% for seed in graph.nodes.values() | selectattr('resource_type', 'equalto', 'seed') %}
            {% set relation = api.Relation.create(database=target.database, schema=seed.schema, identifier=seed.alias) %}
            {% if load_relation(relation) is none %}
                create schema if not exists {{ seed.schema }};
                create table {{ relation }} as {{ rows_of_seed(seed) }};
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}
