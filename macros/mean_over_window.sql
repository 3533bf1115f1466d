{# Mean kW of a profile over local hours `start_hour` (included) to `end_hour` (excluded). #}
{% macro mean_over_window(profile, start_hour, end_hour) -%}
    (
        {% for hour in hours() -%}
            case when {{ start_hour }} <= {{ hour }} and {{ hour }} < {{ end_hour }} then {{ profile }}.{{ hour_column(hour) }} else 0 end
            {{- ' + ' if not loop.last }}
        {% endfor -%}
    ) / nullif({{ end_hour }} - {{ start_hour }}, 0)
{%- endmacro %}
