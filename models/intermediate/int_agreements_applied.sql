-- Agreements that all incremental models rest on; built after all of them, like int_loads_applied.
-- depends_on: {{ ref('int_loads_applied') }}
{% set already = applied_relation('int_agreements_applied') %}
with

{% if takes_all_in() or not already %}
    agreements as (select * from {{ ref('int_meter_agreements') }})
{% else %}
    agreements as (select * from {{ already }})
{% endif %}

select * from agreements
