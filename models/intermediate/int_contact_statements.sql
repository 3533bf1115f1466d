-- What contacts without a customer say that tells customers apart, place apart: amounts, times, numbers, names. Each
-- statement names the kind of fact that it can be compared with (int_customer_facts), and the numbers or the meaning that
-- would fit. The text is read here and goes no further, but for the few words that a statement was read from.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'not given' and has_text
),

given as (select * from {{ ref('stg_contacts__contacts') }}),

matters as (select * from {{ ref('int_contact_matters') }}),

programs as (select * from {{ ref('stg_programs__programs') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

forms as (select * from {{ ref('complaint_words') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

weights as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'longest_open_outage_hours', 'history_days', 'days_of_said_bills', 'days_of_last_bill', 'days_after_event',
        'days_after_offer', 'minutes_before_outage'
    ]) }}
),

texts as (
    select
        contacts.contact_key,
        contacts.topic,
        contacts.contact_date,
        -- A topic that nobody noted may be any.
        contacts.topic in ('outage', 'unknown') as may_be_outage,
        contacts.topic in ('bill', 'other', 'unknown') as may_be_bill,
        contacts.topic in ('program', 'unknown') as may_be_program,
        {{ seconds_between("timestamp '1970-01-01'", 'contacts.contacted_at') }} / 60.0 as contact_minute,
        date_part('hour', {{ utc_to_local('contacts.contacted_at', "coalesce(utility.time_zone, 'UTC')") }}) * 60
        + date_part('minute', {{ utc_to_local('contacts.contacted_at', "coalesce(utility.time_zone, 'UTC')") }})
            as minute_of_day,
        {{ said_words('given.contact_text') }} as plain_text
    from contacts
    inner join given on contacts.contact_id = given.contact_id
    left join utility on true
),

words as (
    {{ words_of('texts', 'contact_key', 'plain_text') }}
),

marked as (
    select
        words.contact_key,
        words.word_number,
        words.word,
        forms.word_kind,
        forms.meaning,
        case
            when regexp_matches(words.word, '^[0-9]{1,4}(st|nd|rd|th)?$')
                then cast(regexp_extract(words.word, '^[0-9]+') as integer)
            when forms.word_kind = 'number' then cast(forms.meaning as integer)
        end as number
    from words
    left join forms on words.word = forms.written_form
),

-- Each word with its neighbours.
phrases as (
    select
        texts.*,
        marked.word_number,
        marked.word,
        marked.word_kind,
        marked.meaning,
        marked.number,
        {% for distance in range(1, 6) %}
            {% for part in ['word', 'word_kind', 'meaning', 'number'] %}
                lag(marked.{{ part }}, {{ distance }}) over in_text as before_{{ distance }}_{{ part }},
            {% endfor %}
        {% endfor %}
        {% for distance in range(1, 5) %}
            {% for part in ['word', 'word_kind', 'meaning', 'number'] %}
                lead(marked.{{ part }}, {{ distance }}) over in_text as after_{{ distance }}_{{ part }},
            {% endfor %}
        {% endfor %}
        count(*) over (partition by marked.contact_key) as words
    from marked
    inner join texts on marked.contact_key = texts.contact_key
    window in_text as (partition by marked.contact_key order by marked.word_number)
),

-- What a date or a month is about: the nearest word before it that names a matter, or else the topic.
with_matter as (
    select
        *,
        coalesce(
            {% for distance in range(1, 6) %}
                case when before_{{ distance }}_word_kind = 'matter' then before_{{ distance }}_meaning end,
            {% endfor %}
            case topic when 'program' then 'event' when 'bill' then 'bill date' end
        ) as matter
    from phrases
),

figures as (
    select
        *,
        regexp_replace(word, '[^0-9.,]', '', 'g') as figure,
        regexp_matches(word, '[$€£]') or coalesce(after_1_word_kind = 'money', false) as has_sign,
        regexp_matches(word, '[.,][0-9]{2}[$€£]?$') as has_cents,
        case
            when before_1_word_kind = 'approximation' then before_1_meaning
            when before_1_word = 'than' and before_2_word_kind = 'approximation' then before_2_meaning
        end as approximation
    from phrases
    where
        (may_be_bill or may_be_program)
        and regexp_matches(word, '^[$€£]?([0-9]{1,3}([.,][0-9]{3})+|[0-9]{1,6})([.,][0-9]{2})?[$€£]?$')
),

amounts as (
    select
        *,
        cast(case
            when has_cents then regexp_replace(left(figure, length(figure) - 3), '[.,]', '', 'g') || '.' || right(figure, 2)
            else regexp_replace(figure, '[.,]', '', 'g')
        end as double) as amount
    from figures
),

-- A bare number is an amount where nothing says that it is something else.
trusted_amounts as (
    select
        *,
        (
            {% for distance in range(1, 5) %}
                coalesce(before_{{ distance }}_word in ('before', 'previous', 'former'), false)
                or coalesce(before_{{ distance }}_word_kind = 'period' and before_{{ distance + 1 }}_word = 'last', false)
                {{ 'or' if not loop.last }}
            {% endfor %}
        ) as is_of_bill_before,
        not has_cents and (approximation is not null or cast(amount as bigint) % 10 = 0) as is_rounded,
        greatest(10, 0.04 * amount) as step
    from amounts
    where
        amount > 0
        and coalesce(after_1_word_kind, '') not in ('unit', 'period', 'occurrence')
        and (
            has_sign or has_cents or approximation is not null
            or (
                topic = 'bill'
                and amount >= 10
                and coalesce(before_1_word_kind, '') != 'month'
                and coalesce(after_1_word_kind, '') != 'month'
                and coalesce(after_1_word, '') not in ('kwh', 'kw', 'percent', 'am', 'pm')
                and not (amount between 1900 and 2100 and coalesce(before_1_word, '') in ('in', 'since', 'of'))
            )
        )
),

said_amounts as (
    select
        contact_key,
        case when topic = 'program' then 'incentive' else 'bill amount' end as statement_kind,
        concat_ws(
            ' ',
            case when approximation is not null and before_1_word = 'than' then before_2_word end,
            case when approximation is not null then before_1_word end,
            word
        ) as said_words,
        null as meaning,
        case
            when not is_rounded and has_cents then amount
            when not is_rounded then amount - 0.5
            when approximation = 'above' then amount
            when approximation is null then amount - step / 2
            else amount - step
        end as least_number,
        case
            when not is_rounded and has_cents then amount
            when not is_rounded then amount + 1
            when approximation = 'below' then amount
            when approximation is null then amount + step / 2
            else amount + step
        end as greatest_number,
        -- An exact figure may be a slip away; about a rounded one, further away says nothing.
        case
            when not is_rounded and has_cents then greatest(2, 0.01 * amount)
            when not is_rounded then greatest(5, 0.03 * amount)
            else 0
        end as margin,
        is_of_bill_before,
        is_rounded
    from trusted_amounts
),

-- A day and a month, in the year that brings them nearest to the contact.
said_days as (
    select
        *,
        case
            when before_1_word_kind = 'month' then before_1_meaning
            when after_1_word = 'of' then after_2_meaning
            else after_1_meaning
        end as month_number,
        case
            when before_1_word_kind = 'month' then before_1_word || ' ' || word
            when after_1_word = 'of' then word || ' of ' || after_2_word
            else word || ' ' || after_1_word
        end as said_words
    from with_matter
    where
        number between 1 and 31
        and word_kind is distinct from 'number'
        and (
            before_1_word_kind = 'month'
            or after_1_word_kind = 'month'
            or (after_1_word = 'of' and after_2_word_kind = 'month')
        )
),

possible_days as (
    select
        said_days.*,
        try_cast(
            cast(cast(date_part('year', said_days.contact_date) as integer) + years.years_later as varchar) || '-'
            || lpad(said_days.month_number, 2, '0') || '-' || lpad(cast(said_days.number as varchar), 2, '0') as date
        ) as said_date
    from said_days
    cross join (values (-1), (0), (1)) as years (years_later)
),

nearest_days as (
    select
        contact_key,
        word_number,
        said_words,
        matter,
        min_by(said_date, abs(date_diff('day', said_date, contact_date))) as said_date
    from possible_days
    where said_date is not null
    group by all
),

-- Yesterday, or a day of the week: the last one.
recent_days as (
    select
        contact_key,
        word as said_words,
        contact_date - cast(case
            when word_kind = 'day' then cast(meaning as integer)
            else (cast(date_part('isodow', contact_date) as integer) - cast(meaning as integer) + 6) % 7 + 1
        end as integer) as said_date,
        matter
    from with_matter
    where may_be_program and word_kind in ('day', 'weekday')
),

said_months as (
    select
        contact_key,
        word as said_words,
        make_date(
            cast(date_part('year', contact_date) as integer)
            - case
                when cast(meaning as integer) > date_part('month', contact_date) then 1
                when cast(meaning as integer) = date_part('month', contact_date) and before_1_word = 'last' then 1
                else 0
            end,
            cast(meaning as integer),
            1
        ) as month_start_date
    from with_matter
    where
        matter = 'joining'
        and may_be_program
        and word_kind = 'month'
        and before_1_word in ('in', 'of', 'since', 'last')
        and coalesce(before_1_number, after_1_number) is null
),

said_dates as (
    select
        contact_key,
        matter as statement_kind,
        said_words,
        said_date as first_date,
        said_date as last_date
    from nearest_days
    where matter is not null
    union all
    select
        contact_key,
        matter as statement_kind,
        said_words,
        said_date as first_date,
        said_date as last_date
    from recent_days
    where matter in ('event', 'joining')
    union all
    select
        contact_key,
        'joining' as statement_kind,
        said_words,
        month_start_date as first_date,
        cast(month_start_date + interval 1 month - interval 1 day as date) as last_date
    from said_months
),

-- Since six, since half past six, since 6:30 pm, since 18:30.
clocks as (
    select
        *,
        case
            when after_1_word = 'half' and after_2_word = 'past' then after_3_number
            when regexp_matches(after_1_word, '^[0-9]{1,2}:[0-9]{2}$') then cast(split_part(after_1_word, ':', 1) as integer)
            when regexp_matches(after_1_word, '^[0-9]{1,2}(am|pm)$') then cast(regexp_extract(after_1_word, '^[0-9]+') as integer)
            when after_1_word not in ('a', 'an') and coalesce(after_2_word_kind, '') != 'unit' then after_1_number
        end as clock_hour,
        case
            when after_1_word = 'half' then 30
            when regexp_matches(after_1_word, '^[0-9]{1,2}:[0-9]{2}$') then cast(split_part(after_1_word, ':', 2) as integer)
            else 0
        end as clock_minute,
        case
            when after_1_word like '%am' or after_2_word = 'am' or after_4_word = 'am' then 'am'
            when after_1_word like '%pm' or after_2_word = 'pm' or after_4_word = 'pm' then 'pm'
        end as half_of_day
    from phrases
    where may_be_outage and word = 'since'
),

clock_times as (
    select
        *,
        (
            clock_hour % 24
            + case
                when half_of_day = 'pm' and clock_hour < 12 then 12
                when half_of_day = 'am' and clock_hour = 12 then -12
                else 0
            end
        ) * 60 + clock_minute as clock_minute_of_day,
        -- Without am or pm a clock of twelve hours may be meant.
        case when half_of_day is null and clock_hour between 1 and 12 then 720 else 1440 end as minutes_around
    from clocks
    where clock_hour between 0 and 24
),

since_clock as (
    select
        *,
        (cast(minute_of_day - clock_minute_of_day as integer) % minutes_around + minutes_around) % minutes_around
            as minutes_ago
    from clock_times
),

since_length as (
    select
        *,
        case when before_1_word = 'an' and before_2_word = 'half' then 0.5 else before_1_number end * cast(meaning as integer)
            as minutes_ago
    from phrases
    where
        may_be_outage
        and word_kind = 'unit'
        and before_1_number is not null
        and (
            after_1_word = 'ago'
            or before_2_word in ('for', 'since', 'about')
            or before_3_word in ('for', 'since', 'about')
        )
),

-- Rounded to half an hour, which may lie a little ahead; lengths are judged the less sharply the longer they are.
said_starts as (
    select
        contact_key,
        concat_ws(
            ' ', word, after_1_word, case when after_1_word = 'half' then after_2_word || ' ' || after_3_word end, half_of_day
        ) as said_words,
        contact_minute - minutes_ago + case when minutes_ago > minutes_around - 20 then minutes_around else 0 end as start_minute,
        20 as exact_minutes,
        75 as near_minutes
    from since_clock
    union all
    select
        contact_key,
        concat_ws(' ', case when before_2_word in ('for', 'since', 'about', 'half') then before_2_word end, before_1_word, word)
            as said_words,
        contact_minute - minutes_ago as start_minute,
        greatest(10, 0.3 * minutes_ago) as exact_minutes,
        greatest(20, 0.6 * minutes_ago) as near_minutes
    from since_length
),

said_counts as (
    select
        contact_key,
        case
            when after_1_word_kind = 'occurrence' then word || ' ' || after_1_word
            else word
        end || coalesce(' this ' || case
            when after_1_word_kind = 'period' then after_1_word
            when after_2_word_kind = 'period' then after_2_word
            when after_3_word_kind = 'period' then after_3_word
        end, '') as said_words,
        case
            when after_1_word_kind = 'period' then after_1_meaning
            when after_2_word_kind = 'period' then after_2_meaning
            when after_3_word_kind = 'period' then after_3_meaning
            else 'year'
        end as period,
        cast(meaning as integer) as outages
    from phrases
    where
        may_be_outage
        and word_kind = 'ordinal'
        and cast(meaning as integer) > 1
        and (after_1_word_kind = 'occurrence' or word = 'twice')
),

named_equipment as (
    select
        contact_key,
        meaning,
        min(word) as said_words
    from phrases
    where word_kind = 'equipment'
    group by
        contact_key,
        meaning
),

named_channels as (
    select
        contact_key,
        meaning,
        min(word) as said_words
    from phrases
    where may_be_program and word_kind = 'channel'
    group by
        contact_key,
        meaning
),

opting_out as (
    select
        contact_key,
        min(case
            when word_kind = 'opting out' then word || ' out'
            else word || ' off'
        end) as said_words
    from phrases
    where
        may_be_program
        and (
            (word_kind = 'opting out' and after_1_word = 'out')
            or (word_kind = 'switching' and 'off' in (coalesce(after_1_word, ''), coalesce(after_2_word, '')))
        )
    group by contact_key
),

-- Opting out of the event of the day that is named, where one is.
dated_opting_out as (
    select
        opting_out.contact_key,
        min(opting_out.said_words) as said_words,
        min({{ day_number('said_dates.first_date') }}) as least_number,
        max({{ day_number('said_dates.last_date') }}) as greatest_number
    from opting_out
    left join said_dates
        on opting_out.contact_key = said_dates.contact_key
        and said_dates.statement_kind = 'event'
    group by opting_out.contact_key
),

-- A program is named by its name, its type, its id, or the last word of name or type, which says what kind of thing it is.
program_words as (
    select
        program_id,
        {{ plain_words('program_name') }} as program_words
    from programs
    union
    select
        program_id,
        {{ plain_words('program_type') }} as program_words
    from programs
    union
    select
        program_id,
        {{ plain_words('program_id') }} as program_words
    from programs
),

program_names as (
    select
        program_id,
        program_words
    from program_words
    union
    select
        program_words.program_id,
        regexp_extract(program_words.program_words, '[^ ]+$') as program_words
    from program_words
    left join forms
        on regexp_extract(program_words.program_words, '[^ ]+$') = forms.written_form
        and forms.word_kind = 'program'
    where forms.written_form is null
),

named_programs as (
    select
        texts.contact_key,
        program_names.program_id as meaning,
        max_by(program_names.program_words, (length(program_names.program_words), program_names.program_words)) as said_words
    from texts
    inner join program_names
        on contains(' ' || texts.plain_text || ' ', ' ' || program_names.program_words || ' ')
    where texts.may_be_program and length(program_names.program_words) > 2
    group by
        texts.contact_key,
        program_names.program_id
),

combined as (
    select
        contact_key,
        statement_kind,
        said_words,
        meaning,
        least_number,
        greatest_number,
        least_number - margin as near_least_number,
        greatest_number + margin as near_greatest_number,
        is_of_bill_before,
        is_rounded
    from said_amounts
    union all
    select
        contact_key,
        statement_kind,
        said_words,
        null as meaning,
        {{ day_number('first_date') }} as least_number,
        {{ day_number('last_date') }} as greatest_number,
        {{ day_number('first_date') }} as near_least_number,
        {{ day_number('last_date') }} as near_greatest_number,
        false as is_of_bill_before,
        false as is_rounded
    from said_dates
    union all
    select
        contact_key,
        'outage start' as statement_kind,
        said_words,
        null as meaning,
        (start_minute - exact_minutes) / 60 as least_number,
        (start_minute + exact_minutes) / 60 as greatest_number,
        (start_minute - near_minutes) / 60 as near_least_number,
        (start_minute + near_minutes) / 60 as near_greatest_number,
        false as is_of_bill_before,
        false as is_rounded
    from said_starts
    union all
    select
        contact_key,
        'outages in a ' || period as statement_kind,
        said_words,
        null as meaning,
        outages as least_number,
        outages as greatest_number,
        outages - 1 as near_least_number,
        outages + 1 as near_greatest_number,
        false as is_of_bill_before,
        false as is_rounded
    from said_counts
    {% for kind, relation in [
        ('equipment', 'named_equipment'), ('offer channel', 'named_channels'), ('program', 'named_programs')
    ] %}
        union all
        select
            contact_key,
            '{{ kind }}' as statement_kind,
            said_words,
            meaning,
            null as least_number,
            null as greatest_number,
            null as near_least_number,
            null as near_greatest_number,
            false as is_of_bill_before,
            false as is_rounded
        from {{ relation }}
    {% endfor %}
    union all
    select
        contact_key,
        'opting out' as statement_kind,
        said_words,
        'opted out' as meaning,
        least_number,
        greatest_number,
        least_number as near_least_number,
        greatest_number as near_greatest_number,
        false as is_of_bill_before,
        false as is_rounded
    from dated_opting_out
    union all
    select
        texts.contact_key,
        'high bill' as statement_kind,
        matters.excess_word as said_words,
        'high' as meaning,
        null as least_number,
        null as greatest_number,
        null as near_least_number,
        null as near_greatest_number,
        false as is_of_bill_before,
        false as is_rounded
    from texts
    inner join matters on texts.contact_key = matters.contact_key
    where matters.excess_word is not null
),

distinct_statements as (
    select
        contact_key,
        statement_kind,
        cast(meaning as varchar) as meaning,
        is_of_bill_before,
        bool_and(is_rounded) as is_rounded,
        {% for part in ['least_number', 'greatest_number', 'near_least_number', 'near_greatest_number'] %}
            cast(round({{ part }}, 2) as decimal(18, 2)) as {{ part }},
        {% endfor %}
        min(said_words) as said_words
    from combined
    group by
        contact_key,
        statement_kind,
        meaning,
        is_of_bill_before,
        least_number,
        greatest_number,
        near_least_number,
        near_greatest_number
),

-- In which time a fact must have become known. A rounded amount is too vague to be looked for in older bills, too.
with_time as (
    select
        distinct_statements.*,
        contacts.contact_date as last_known_on,
        contacts.contacted_at + to_minutes(cast(weights.minutes_before_outage as integer)) as last_known_at,
        contacts.contact_date - cast(case
            when distinct_statements.statement_kind = 'equipment' then null
            when distinct_statements.statement_kind = 'bill amount'
                and distinct_statements.is_rounded
                and not distinct_statements.is_of_bill_before
                then weights.days_of_last_bill
            when distinct_statements.statement_kind = 'high bill' then weights.days_of_last_bill
            when distinct_statements.statement_kind in ('bill amount', 'bill date', 'bill due date')
                then weights.days_of_said_bills
            when distinct_statements.statement_kind = 'joining' then weights.history_days
            when distinct_statements.statement_kind in ('event', 'opting out') then weights.days_after_event
            when distinct_statements.statement_kind in ('program', 'offer channel', 'incentive')
                then weights.days_after_offer
            else ceil(weights.longest_open_outage_hours / 24)
        end as integer) as first_known_on,
        -- A bill before the last one is meant now and then, as a figure is wrong now and then.
        case
            when distinct_statements.statement_kind = 'bill amount' and not distinct_statements.is_of_bill_before
                then contacts.contact_date - cast(weights.days_of_last_bill as integer)
        end as exact_from_date
    from distinct_statements
    inner join contacts on distinct_statements.contact_key = contacts.contact_key
    cross join weights
),

numbered as (
    select
        contact_key,
        cast(row_number() over (
            partition by contact_key
            order by
                statement_kind asc,
                least_number asc,
                greatest_number asc,
                meaning asc,
                is_of_bill_before asc
        ) as integer) as statement_number,
        statement_kind,
        said_words,
        meaning,
        least_number,
        greatest_number,
        near_least_number,
        near_greatest_number,
        first_known_on,
        last_known_on,
        last_known_at,
        exact_from_date
    from with_time
)

select * from numbered
