{# Incremental models keep what they hold. Days after the date of the var as_of would stay in them, and days that such a build
   left out would be missing afterwards; so both ways take a build from scratch, and the warehouse remembers which kind it is. #}
{% macro check_as_of() %}
    {% if execute and flags.WHICH in ('run', 'build') %}
        {% set memory = api.Relation.create(database=target.database, schema='intermediate', identifier='built_as_of') %}
        {% set built_as_of = run_query('select as_of_date from ' ~ memory).columns[0].values()[0] if load_relation(memory) else none %}
        {% if as_of_date() != built_as_of %}
            {% set change = "The warehouse was built " ~ ("as of " ~ built_as_of if built_as_of else "with all there is")
                ~ ", and now it is to be built " ~ ("as of " ~ as_of_date() if as_of_date() else "with all there is") ~ ". " %}
            {% if not flags.FULL_REFRESH %}
                {{ exceptions.raise_compiler_error(change ~ "Add --full-refresh, best on a copy of the warehouse.") }}
            {% endif %}
            {% set left_out = [] %}
            {% for node in graph.nodes.values() if node.config.materialized == 'incremental' and node.name != 'int_loads_applied' %}
                {% if node.unique_id not in selected_resources %}
                    {% do left_out.append(node.name) %}
                {% endif %}
            {% endfor %}
            {% if left_out %}
                {{ exceptions.raise_compiler_error(
                    change ~ "This selection leaves out models that would keep what they hold (" ~ left_out | sort | join(', ')
                    ~ "): build without --select."
                ) }}
            {% endif %}
            create schema if not exists intermediate;
            {% if as_of_date() is none %}
                drop table if exists {{ memory }};
            {% else %}
                create or replace table {{ memory }} as select '{{ as_of_date() }}' as as_of_date;
            {% endif %}
        {% endif %}
    {% endif %}
{% endmacro %}
