{# Settings stand in one row; a second one would double every table that joins them. #}
{% test at_most_one_row(model) %}
select
    count(*) as rows_found,
    'more than one row' as failure_reason
from {{ model }}
having count(*) > 1
{% endtest %}
