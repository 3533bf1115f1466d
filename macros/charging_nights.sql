{# What makes an hour of the night high: the base of the customer's month and the limits, one row per customer and month. #}
{% macro charging_thresholds(bases, equipment_limits) %}
    select
        bases.customer_key,
        bases.local_month,
        bases.base_kw,
        cast(bases.base_kw + cast(limits.smallest_excess_kw as decimal(9, 3)) as decimal(18, 9)) as threshold_kw,
        limits.night_from_hour,
        limits.night_to_hour
    from {{ bases }} as bases
    cross join (
        {{ limits_as_columns(equipment_limits, 'limit_name', 'limit_value', [
            'smallest_excess_kw',
            'night_from_hour',
            'night_to_hour'
        ]) }}
    ) as limits
{% endmacro %}

{# Thresholds by which the nights in int_charging_runs_measured were measured; none where that is unknown. #}
{% macro charging_thresholds_then() %}
    {{- return(applied_relation('int_charging_runs_measured_thresholds') if execute else none) -}}
{% endmacro %}

{# Nights to measure anew: those of touched days, and those of months with another threshold. A night belongs to two days. #}
{% macro changed_charging_nights(thresholds_then, thresholds, touched, days) %}
    with changed_months as (
        select customer_key, local_month from (select * from {{ thresholds_then }} except select * from {{ thresholds }}) as gone
        union
        select customer_key, local_month from (select * from {{ thresholds }} except select * from {{ thresholds_then }}) as come
    ),

    changed_days as (
        select customer_key, local_date from {{ touched }}
        union
        select changed_months.customer_key, days.local_date
        from changed_months
        inner join {{ days }} as days on changed_months.local_month = days.local_month
    )

    select customer_key, local_date as night_date from changed_days
    union
    select customer_key, cast(local_date - interval 1 day as date) as night_date from changed_days
{% endmacro %}

{# Takes out what is measured anew; everything where nobody knows by which thresholds it was measured. #}
{% macro forget_changed_charging_nights() %}
    {% if is_incremental() %}
        {% set thresholds_then = charging_thresholds_then() %}
        delete from {{ this }}
        {% if thresholds_then %}
            where (customer_key, night_date) in (
                select (changed.customer_key, changed.night_date)
                from (
                    {{ changed_charging_nights(
                        thresholds_then,
                        '(' ~ charging_thresholds(ref('int_charging_bases'), ref('equipment_limits')) ~ ')',
                        ref('int_customer_days_touched'),
                        ref('int_local_days')
                    ) }}
                ) as changed
            )
        {% endif %}
    {% endif %}
{% endmacro %}

{% macro remember_charging_thresholds() %}
    create or replace table {{ api.Relation.create(
        database=target.database, schema='intermediate', identifier='int_charging_runs_measured_thresholds'
    ) }} as
    {{ charging_thresholds(ref('int_charging_bases'), ref('equipment_limits')) }};
{% endmacro %}
