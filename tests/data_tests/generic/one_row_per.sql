{# The key of a table: each combination once, and every part there unless the model says which may be missing. #}
{% test one_row_per(model, columns, may_be_missing=[]) %}
{% set wanted = columns | reject('in', may_be_missing) | list %}
select
    {{ columns | join(', ') }},
    count(*) as rows_found,
    case when {{ wanted | join(' is null or ') }} is null then 'a part of the key is missing' else 'the key stands more than once' end
        as failure_reason
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1 or {{ wanted | join(' is null or ') }} is null
{% endtest %}
