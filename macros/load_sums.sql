{# One small number for month, day type and local hour, and back. #}
{% macro slot_of(sums) -%}
    cast(
        (extract(year from {{ sums }}.local_month) * 12 + extract(month from {{ sums }}.local_month) - 1) * 48
        + case when {{ sums }}.day_type = 'weekend' then 24 else 0 end + {{ sums }}.local_hour as integer
    )
{%- endmacro %}

{% macro month_of_slot(slot) -%}
    make_date(cast({{ slot }} // 576 as integer), cast(({{ slot }} // 48) % 12 + 1 as integer), 1)
{%- endmacro %}

{# What int_load_sums_total held when it was last written: loads taken in, and agreements. #}
{% macro sums_memory(what) %}
    {{- return(api.Relation.create(
        database=target.database, schema='intermediate', identifier='int_load_sums_total_' ~ what
    )) -}}
{% endmacro %}

{% macro sums_are_remembered() %}
    {{- return(execute and applied_relation('int_load_sums_total_loads') is not none) -}}
{% endmacro %}

{% macro remember_what_sums_hold() %}
    create or replace table {{ sums_memory('loads') }} as
    select coalesce(max(load_id), 0) as load_id from {{ ref('stg_meter__loads') }};
    create or replace table {{ sums_memory('agreements') }} as select * from {{ ref('int_meter_agreements') }};
{% endmacro %}
