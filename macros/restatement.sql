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

{# The same for the instants of touched days, in a model that knows `instants` and `touched`. #}
{% macro within_touched_days(instant) -%}
    {%- set touched_days =
        'instants as of_days where of_days.local_date in (select touched.local_date from touched)' -%}
    {{ instant }} >= (select min(of_days.interval_start_at) from {{ touched_days }})
    and {{ instant }} <= (select max(of_days.interval_start_at) from {{ touched_days }})
{%- endmacro %}

{# Customers whose agreements are not as they were: a further meter joins, or a customers file moves a service point. #}
{% macro customers_with_changed_agreements(former, present) -%}
    select customer_key from (select * from {{ former }} except select * from {{ present }}) as gone
    union
    select customer_key from (select * from {{ present }} except select * from {{ former }}) as come
{%- endmacro %}

{# What customers with other agreements had is taken out whole, for they may have no reading left that would replace it. #}
{% macro forget_changed_customers(former) %}
    {% if is_incremental() and former %}
        delete from {{ this }}
        where customer_key in ({{ customers_with_changed_agreements(former, ref('int_meter_agreements')) }})
    {% endif %}
{% endmacro %}
