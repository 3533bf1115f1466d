{# Text as words, lower case, without accents; figures keep their signs, points and colons (1,243.17 $250 6:30), a blank in one is dropped. #}
{% macro said_words(text) %}{{ return(adapter.dispatch('said_words')(text)) }}{% endmacro %}
{% macro duckdb__said_words(text) -%}
    {% set steps = [
        ('e-mail', 'email'),
        ('(^|[^0-9])([0-9]{1,3})[ \'’]([0-9]{3})([^0-9]|$)', '\\1\\2\\3\\4'),
        ('([$€£]) +([0-9])', '\\1\\2'),
        ('([0-9]) +([$€£])', '\\1\\2'),
        ('[^\\p{L}\\p{N}$€£.,:]+', ' '),
        ('[.,:]+( |$)', ' '),
        ('(^| )[.,:]+', ' ')
    ] %}
    {% set said = namespace(words="strip_accents(lower(" ~ text ~ "))") %}
    {% for pattern, replacement in steps %}
        {% set said.words = "regexp_replace(" ~ said.words ~ ", '" ~ pattern | replace("'", "''") ~ "', '" ~ replacement ~ "', 'g')" %}
    {% endfor %}
    trim({{ said.words }})
{%- endmacro %}

{# One row for each whole number from the first to the last, both included. #}
{% macro whole_numbers_between(first, last) %}{{ return(adapter.dispatch('whole_numbers_between')(first, last)) }}{% endmacro %}
{% macro duckdb__whole_numbers_between(first, last) %}unnest(range(cast({{ first }} as bigint), cast({{ last }} as bigint) + 1)){% endmacro %}

{# A day as a number that statements and facts are compared by, and its month as a number that sorts them into cells. #}
{% macro day_number(day) %}{{ return(adapter.dispatch('day_number')(day)) }}{% endmacro %}
{% macro duckdb__day_number(day) %}date_diff('day', date '1970-01-01', {{ day }}){% endmacro %}
{% macro month_cell(day) %}(date_part('year', {{ day }}) * 12 + date_part('month', {{ day }})){% endmacro %}

{# Whether a fact of a customer fits a statement of a contact, exactly or nearly, and was known when the contact came. #}
{% macro fact_fits(statements, facts) -%}
    {{ statements }}.statement_kind = {{ facts }}.fact_kind
    and {{ statements }}.last_known_on >= {{ facts }}.known_on
    and coalesce({{ statements }}.first_known_on <= {{ facts }}.known_on, true)
    and coalesce({{ statements }}.last_known_at >= {{ facts }}.known_at, true)
    and coalesce({{ statements }}.near_least_number <= {{ facts }}.number, true)
    and coalesce({{ statements }}.near_greatest_number >= {{ facts }}.number, true)
    and coalesce({{ statements }}.meaning = {{ facts }}.meaning, true)
{%- endmacro %}

{# Whether a fact that fits does so nearly only: a figure beside the one that was said, or an older bill than the last. #}
{% macro fact_fits_nearly(statements, facts) -%}
    (
        coalesce(
            {{ facts }}.number < {{ statements }}.least_number or {{ facts }}.number > {{ statements }}.greatest_number, false
        )
        or coalesce({{ statements }}.exact_from_date > {{ facts }}.known_on, false)
    )
{%- endmacro %}
