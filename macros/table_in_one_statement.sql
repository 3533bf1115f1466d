{# DuckDB replaces a table in one statement. dbt's own way makes it beside, renames twice and drops, at twice the time. One
   statement needs no transaction; with a contract there are two. #}
{% materialization table, adapter='duckdb' %}
    {% set existing_relation = load_cached_relation(this) %}
    {% set target_relation = this.incorporate(type='table') %}
    {% set takes_transaction = config.get('contract').enforced or pre_hooks or post_hooks %}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if existing_relation is not none and not existing_relation.is_table %}
        {{ drop_relation_if_exists(existing_relation) }}
    {% endif %}
    {% call statement('main', auto_begin=takes_transaction) %}
        {{ create_table_as(False, target_relation, compiled_code) | replace('create  table', 'create or replace table', 1) }}
    {% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% if takes_transaction %}{{ adapter.commit() }}{% endif %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
