{# What a model of the last build left, without a dependency on it, which would go round in a circle. #}
{% macro applied_relation(identifier) %}
    {{- return(load_relation(api.Relation.create(
        database=target.database, schema='intermediate', identifier=identifier
    ))) -}}
{% endmacro %}
