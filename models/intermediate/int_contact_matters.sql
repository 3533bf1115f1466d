-- What a contact is about: the topic that was noted, or, where none was, bill or program where the words name one of them
-- alone. Beside it how that is brought up: whether a bill is said to be higher than it should be, or wrong, and whether somebody
-- who speaks of a program is displeased. Nothing of the text goes further but the words that say it.
with

contacts as (select * from {{ ref('fct_contact') }}),

given as (select * from {{ ref('stg_contacts__contacts') }}),

forms as (select * from {{ ref('complaint_words') }}),

texts as (
    select
        contacts.contact_key,
        {{ said_words('given.contact_text') }} as plain_text
    from contacts
    inner join given on contacts.contact_id = given.contact_id
    where contacts.topic in ('bill', 'program', 'unknown') and contacts.has_text
),

words as (
    {{ words_of('texts', 'contact_key', 'plain_text') }}
),

gathered as (
    select
        words.contact_key,
        min_by(words.word, words.word_number) filter (where forms.word_kind = 'excess') as excess_word,
        bool_or(coalesce(forms.meaning = 'bill date', false)) as names_bill,
        bool_or(coalesce(forms.meaning = 'event', false)) as names_event,
        bool_or(forms.word_kind = 'program') as names_program
    from words
    inner join forms on words.word = forms.written_form
    group by words.contact_key
),

judged as (
    select
        contacts.contact_key,
        contacts.tone,
        gathered.excess_word,
        coalesce(gathered.names_event, false) as names_event,
        case
            when contacts.topic != 'unknown' then contacts.topic
            when gathered.names_bill and not (gathered.names_program or gathered.names_event) then 'bill'
            when (gathered.names_program or gathered.names_event) and not gathered.names_bill then 'program'
            else 'unknown'
        end as matter
    from contacts
    left join gathered on contacts.contact_key = gathered.contact_key
),

brought_up as (
    select
        contact_key,
        matter,
        case
            when matter = 'bill' and excess_word is not null then 'said to be high'
            when matter = 'program' and names_event and coalesce(tone < 0, true) then 'displeased with an event'
            else 'asked'
        end as manner,
        case when matter = 'bill' then excess_word end as excess_word
    from judged
)

select * from brought_up
