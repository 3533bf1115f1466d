-- Streets and parts of the town that contacts without a customer name, also misspelt, without accents, with short forms or
-- without their type (on Maple for Maple Street). Texts are cut into runs of words, and each distinct run is compared once
-- with each distinct name of as many words and about the same length. What was said is looked at only where there are no
-- words on the place.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'not given'
),

given as (select * from {{ ref('stg_contacts__contacts') }}),

premises as (select * from {{ ref('stg_premises__premises') }}),

forms as (select * from {{ ref('place_word_forms') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

types as (
    select distinct full_form as type_word
    from forms
    where is_type
),

limits as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'smallest_name_similarity', 'smallest_text_similarity', 'similarity_without_points'
    ]) }}
),

names as (
    select distinct
        'area' as place_kind,
        area as place_name,
        {{ plain_words('area') }} as plain_name
    from premises
    where area is not null
    union all
    select distinct
        'street' as place_kind,
        street as place_name,
        {{ plain_words('street') }} as plain_name
    from premises
    where street is not null
),

name_words as (
    {{ words_of('names', 'place_kind, place_name', 'plain_name') }}
),

full_name_words as (
    select
        name_words.place_kind,
        name_words.place_name,
        name_words.word_number,
        coalesce(forms.full_form, name_words.word) as word,
        -- The type stands last; a name that is all type, such as Broad Way, keeps its first word.
        name_words.word_number > 1
        and name_words.word_number
        = max(name_words.word_number) over (partition by name_words.place_kind, name_words.place_name)
        and coalesce(forms.full_form, name_words.word) in (select types.type_word from types) as is_type
    from name_words
    left join forms on name_words.word = forms.written_form
),

bare_names as (
    select
        place_kind,
        place_name,
        string_agg(case when not is_type then word end, ' ' order by word_number) as bare_name,
        count(case when not is_type then 1 end) as bare_words,
        max(case when is_type then word end) as type_word
    from full_name_words
    group by
        place_kind,
        place_name
),

distinct_names as (
    select distinct
        bare_name,
        bare_words
    from bare_names
),

texts as (
    select
        contacts.contact_key,
        coalesce(given.place_words, '') = '' as is_running_text,
        {{ plain_words("coalesce(nullif(given.place_words, ''), given.contact_text, '')") }} as plain_text
    from contacts
    inner join given on contacts.contact_id = given.contact_id
),

distinct_texts as (
    select distinct plain_text from texts
),

text_words as (
    {{ words_of('distinct_texts', 'plain_text', 'plain_text') }}
),

full_text_words as (
    select
        text_words.plain_text,
        text_words.word_number,
        coalesce(forms.full_form, text_words.word) as word
    from text_words
    left join forms on text_words.word = forms.written_form
),

followed as (
    select
        plain_text,
        word_number,
        word as word_1,
        {% for number in range(1, 5) %}
            lead(word, {{ number }}) over in_text as word_{{ number + 1 }}{{ ',' if not loop.last }}
        {% endfor %}
    from full_text_words
    window in_text as (partition by plain_text order by word_number)
),

-- Runs of one to four words, with the word that follows.
runs as (
    select
        plain_text,
        1 as run_words,
        word_1 as run,
        word_2 as next_word
    from followed
    union all
    select
        plain_text,
        2 as run_words,
        concat_ws(' ', word_1, word_2) as run,
        word_3 as next_word
    from followed
    where word_2 is not null
    union all
    select
        plain_text,
        3 as run_words,
        concat_ws(' ', word_1, word_2, word_3) as run,
        word_4 as next_word
    from followed
    where word_3 is not null
    union all
    select
        plain_text,
        4 as run_words,
        concat_ws(' ', word_1, word_2, word_3, word_4) as run,
        word_5 as next_word
    from followed
    where word_4 is not null
),

distinct_runs as (
    select distinct
        run,
        run_words
    from runs
),

alike as (
    select
        distinct_runs.run,
        distinct_names.bare_name,
        {{ word_similarity('distinct_runs.run', 'distinct_names.bare_name') }} as name_similarity
    from distinct_runs
    inner join distinct_names
        on distinct_runs.run_words = distinct_names.bare_words
        and abs(length(distinct_runs.run) - length(distinct_names.bare_name)) <= 2
    cross join limits
    where {{ word_similarity('distinct_runs.run', 'distinct_names.bare_name') }} >= limits.smallest_name_similarity
),

found as (
    select
        runs.plain_text,
        bare_names.place_kind,
        bare_names.place_name,
        alike.run,
        alike.name_similarity,
        -- The type agrees, was left out, or is another one.
        0.85 * alike.name_similarity + 0.15 * case
            when bare_names.type_word is null or runs.next_word = bare_names.type_word then 1
            when runs.next_word in (select types.type_word from types) then 0
            else 0.8
        end as similarity
    from runs
    inner join alike on runs.run = alike.run
    inner join bare_names on alike.bare_name = bare_names.bare_name
),

of_contacts as (
    select
        texts.contact_key,
        found.place_kind,
        found.place_name,
        max(round(found.similarity, 4)) as similarity,
        max_by(found.run, (found.similarity, found.run)) as matched_words
    from texts
    inner join found on texts.plain_text = found.plain_text
    cross join limits
    where not texts.is_running_text or found.name_similarity >= limits.smallest_text_similarity
    group by
        texts.contact_key,
        found.place_kind,
        found.place_name
),

-- A few names of each kind: what is less like the words than five others says nothing.
ranked as (
    select
        of_contacts.*,
        row_number() over (
            partition by of_contacts.contact_key, of_contacts.place_kind
            order by
                of_contacts.similarity desc, of_contacts.place_name asc
        ) as place_rank
    from of_contacts
    cross join limits
    where of_contacts.similarity > limits.similarity_without_points
),

kept as (
    select
        contact_key,
        place_kind,
        place_name,
        similarity,
        matched_words,
        cast(place_rank as integer) as place_rank
    from ranked
    where place_rank <= 5
)

select * from kept
