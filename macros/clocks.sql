{# UTC instant to the local clock's reading of a zone. #}
{% macro utc_to_local(instant, zone) %}{{ return(adapter.dispatch('utc_to_local')(instant, zone)) }}{% endmacro %}
{% macro duckdb__utc_to_local(instant, zone) %}timezone({{ zone }}, timezone('UTC', {{ instant }})){% endmacro %}
{% macro spark__utc_to_local(instant, zone) %}from_utc_timestamp({{ instant }}, {{ zone }}){% endmacro %}

{# Local clock's reading to the UTC instant. #}
{% macro local_to_utc(local, zone) %}{{ return(adapter.dispatch('local_to_utc')(local, zone)) }}{% endmacro %}
{% macro duckdb__local_to_utc(local, zone) %}timezone('UTC', timezone({{ zone }}, cast({{ local }} as timestamp))){% endmacro %}
{% macro spark__local_to_utc(local, zone) %}to_utc_timestamp({{ local }}, {{ zone }}){% endmacro %}

{# Rows of instants from `first` (included) to `last` (excluded), `minutes` apart. #}
{% macro instants_between(first, last, minutes) %}{{ return(adapter.dispatch('instants_between')(first, last, minutes)) }}{% endmacro %}
{% macro duckdb__instants_between(first, last, minutes) %}unnest(range({{ first }}, {{ last }}, to_minutes(cast({{ minutes }} as integer)))){% endmacro %}
{% macro spark__instants_between(first, last, minutes) %}explode(sequence({{ first }}, {{ last }} - make_dt_interval(0, 0, {{ minutes }}, 0), make_dt_interval(0, 0, {{ minutes }}, 0))){% endmacro %}

{# Minutes from one instant to another. #}
{% macro minutes_between(first, last) %}{{ return(adapter.dispatch('minutes_between')(first, last)) }}{% endmacro %}
{% macro duckdb__minutes_between(first, last) %}date_diff('minute', {{ first }}, {{ last }}){% endmacro %}
{% macro spark__minutes_between(first, last) %}timestampdiff(minute, {{ first }}, {{ last }}){% endmacro %}

{# UTC instant at which a local day begins: the first midnight where a clock change makes it strike twice. #}
{% macro local_day_start(local_date, zone) -%}
    case
        when {{ utc_to_local('(' ~ local_to_utc(local_date, zone) ~ ' - interval 1 hour)', zone) }} = cast({{ local_date }} as timestamp)
            then {{ local_to_utc(local_date, zone) }} - interval 1 hour
        else {{ local_to_utc(local_date, zone) }}
    end
{%- endmacro %}

{# Seconds from one instant to another, where `minutes_between` is too coarse. #}
{% macro seconds_between(first, last) %}{{ return(adapter.dispatch('seconds_between')(first, last)) }}{% endmacro %}
{% macro duckdb__seconds_between(first, last) %}date_diff('second', {{ first }}, {{ last }}){% endmacro %}
{% macro spark__seconds_between(first, last) %}timestampdiff(second, {{ first }}, {{ last }}){% endmacro %}

{# Whether two instants are the same. All lie on five-minute marks, and the marks' numbers, which lie close together, join at
   half the cost of instants. #}
{% macro same_instant(first, second) %}{{ return(adapter.dispatch('same_instant')(first, second)) }}{% endmacro %}
{% macro duckdb__same_instant(first, second) -%}
    cast(epoch_us({{ first }}) // 300000000 as integer) = cast(epoch_us({{ second }}) // 300000000 as integer)
{%- endmacro %}
{% macro spark__same_instant(first, second) %}{{ first }} = {{ second }}{% endmacro %}
