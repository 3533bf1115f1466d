{# What a model of the last build left, without a dependency on it, which would go round in a circle. #}
{% macro applied_relation(identifier) %}
    {{- return(load_relation(api.Relation.create(
        database=target.database, schema='intermediate', identifier=identifier
    ))) -}}
{% endmacro %}

{# Whether an instant lies between the first and the last of some instants: cheap to test, and it spares most rows the join. #}
{% macro within_span_of(instant, instants) -%}
    {{ instant }} >= (select min({{ instants }}.interval_start_at) from {{ instants }})
    and {{ instant }} <= (select max({{ instants }}.interval_start_at) from {{ instants }})
{%- endmacro %}
