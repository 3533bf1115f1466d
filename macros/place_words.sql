{# Text as words of letters and digits, lower case, without accents, one blank between them. #}
{% macro plain_words(text) %}{{ return(adapter.dispatch('plain_words')(text)) }}{% endmacro %}
{% macro duckdb__plain_words(text) %}trim(regexp_replace(strip_accents(lower({{ text }})), '[^\p{L}\p{N}]+', ' ', 'g')){% endmacro %}

{# One row per word of a plain text, with its place in it: select `word_number` and `word` from the relation. #}
{% macro words_of(relation, key, text) %}{{ return(adapter.dispatch('words_of')(relation, key, text)) }}{% endmacro %}
{% macro duckdb__words_of(relation, key, text) %}
    select
        {{ key }},
        unnest(string_split({{ text }}, ' ')) as word,
        generate_subscripts(string_split({{ text }}, ' '), 1) as word_number
    from {{ relation }}
    where {{ text }} != ''
{% endmacro %}

{# Likeness of two words, 0 to 1, kind to slips of the pen behind the first letters. #}
{% macro word_similarity(first, second) %}{{ return(adapter.dispatch('word_similarity')(first, second)) }}{% endmacro %}
{% macro duckdb__word_similarity(first, second) %}jaro_winkler_similarity({{ first }}, {{ second }}){% endmacro %}
