{# An invariant of every row. Null counts as failing: say in the expression when null is right. #}
{% test holds(model, expression) %}
select
    *,
    'not true: ' || '{{ expression | replace("'", "''") }}' as failure_reason
from {{ model }}
where not coalesce({{ expression }}, false)
{% endtest %}
