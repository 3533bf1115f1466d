{# An id that another table must know. Every table of the optional sources may be absent: an empty one says nothing. #}
{% test is_in_where_loaded(model, column_name, to, field) %}
select
    {{ column_name }},
    count(*) as rows_found,
    'unknown to {{ field }} of the other table' as failure_reason
from {{ model }}
where
    {{ column_name }} is not null
    and {{ column_name }} not in (select {{ field }} from {{ to }})
    and exists (select 1 from {{ to }})
group by {{ column_name }}
{% endtest %}
