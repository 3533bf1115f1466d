{# Whether this command builds the list of changed days and every model that restates them: only then are loads and agreements
   taken in. A command on a part of the models leaves them to the next one that builds all. #}
{% macro takes_all_in() %}
    {% set left_out = [] %}
    {% if execute %}
        {% set restated = graph.nodes['model.peakwise.int_loads_applied'].depends_on.nodes %}
        {% for unique_id in ['model.peakwise.int_customer_days_touched'] + restated %}
            {% set materialized = graph.nodes[unique_id].config.materialized %}
            {% if materialized != 'view' and unique_id not in selected_resources %}
                {% do left_out.append(unique_id) %}
            {% endif %}
        {% endfor %}
    {% endif %}
    {{ return(execute and not left_out) }}
{% endmacro %}
