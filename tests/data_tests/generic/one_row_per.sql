{# The key of a table: every value there, and each combination once. #}
{% test one_row_per(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as rows_found,
    case when {{ columns | join(' is null or ') }} is null then 'a part of the key is missing' else 'the key stands more than once' end
        as failure_reason
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1 or {{ columns | join(' is null or ') }} is null
{% endtest %}
