{# DuckDB reads a seed's file itself. dbt's own way parses it in Python first, to guess the types, and then empties the table. #}
{% materialization seed, adapter='duckdb' %}
    {% set existing_relation = load_cached_relation(this) %}
    {% set target_relation = this.incorporate(type='table') %}
    {% set takes_transaction = pre_hooks or post_hooks %}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if existing_relation is not none and not existing_relation.is_table %}
        {{ drop_relation_if_exists(existing_relation) }}
    {% endif %}
    {# dbt asks for the rows it would have parsed. #}
    {% do store_result('agate_table', response='OK') %}
    {% call statement('main', auto_begin=takes_transaction) %}
        create or replace table {{ target_relation }} as {{ rows_of_seed(model) }}
    {% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% if takes_transaction %}{{ adapter.commit() }}{% endif %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# Rows of a seed's file, with the types that its YAML gives. #}
{% macro rows_of_seed(seed) %}
    {% set types = [] %}
    {% for column, data_type in seed.config.column_types.items() %}
        {% do types.append("'" ~ column ~ "': '" ~ data_type ~ "'") %}
    {% endfor %}
    select * from read_csv(
        '{{ (seed.root_path ~ "/" ~ seed.original_file_path) | replace("'", "''") }}', header = true, types = {{ '{' ~ types | join(', ') ~ '}' }}
    )
{% endmacro %}
