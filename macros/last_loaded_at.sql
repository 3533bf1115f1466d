{# When a source was last loaded, for `dbt source freshness`; one that was never loaded cannot be stale. Readings have a manifest of their own. #}
{% macro last_loaded_at(table_name) %}
    {% if table_name == 'readings' %}
        select coalesce(max(loaded_at), timezone('UTC', now())) from raw.load_manifest
    {% else %}
        select coalesce(max(loaded_at), timezone('UTC', now())) from raw.source_manifest where table_name = '{{ table_name }}'
    {% endif %}
{% endmacro %}
