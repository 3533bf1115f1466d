{# DuckDB replaces a view in one statement. dbt's own way makes it beside, renames twice and drops, at twice the time. #}
{% materialization view, adapter='duckdb' %}
    {% set existing_relation = load_cached_relation(this) %}
    {% set target_relation = this.incorporate(type='view') %}
    {% set takes_transaction = pre_hooks or post_hooks %}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if existing_relation is not none and not existing_relation.is_view %}
        {{ drop_relation_if_exists(existing_relation) }}
    {% endif %}
    {% call statement('main', auto_begin=takes_transaction) %}
        {{ get_create_view_as_sql(target_relation, sql) | replace('create view', 'create or replace view', 1) }}
    {% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% if takes_transaction %}{{ adapter.commit() }}{% endif %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
