-- By how much the judged points of the seed complaint_weights are to be corrected: how much likelier customers are to call some
-- days after a bill, by how much higher it was, or after an event, opting out, an offer or joining, than judgement has it. It
-- is counted from contacts that do say who: those observed in a cell over those to be expected there if judgement were right,
-- both increased by habit_prior_contacts, so that where nobody was counted judgement stays as it is.
with

contacts as (
    select * from {{ ref('fct_contact') }}
    where customer_status = 'known'
),

matters as (
    select * from {{ ref('int_contact_matters') }}
    where matter in ('bill', 'program')
),

bills as (select * from {{ ref('int_bills_compared') }}),

standing as (select * from {{ ref('int_program_standings') }}),

exposures as (select * from {{ ref('int_contact_exposures') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

weights as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'recent_bill_points', 'high_bill_points', 'days_after_bill', 'occasion_half_life_days', 'habit_prior_contacts'
    ]) }}
),

high_bill_limits as (select * from {{ ref('high_bill_limits') }}),

high_bill as (
    {{ limits_as_columns('high_bill_limits', 'limit_name', 'limit_value', ['high_bill_ratio']) }}
),

kinds as (
    select
        contacts.contact_key,
        contacts.customer_key,
        contacts.contact_date,
        matters.matter,
        matters.manner
    from contacts
    inner join matters on contacts.contact_key = matters.contact_key
),

-- In which cell each caller was, by the occasion that judgement prefers.
caller_bills as (
    select
        kinds.contact_key,
        bills.bill_id,
        date_diff('day', bills.issued_on, kinds.contact_date) as days,
        {{ ratio_cell('greatest(bills.amount_ratio, bills.former_amount_ratio, 1)') }} as ratio_cell,
        {{ judged_bill_points(
            'greatest(bills.amount_ratio, bills.former_amount_ratio, 1)',
            "date_diff('day', bills.issued_on, kinds.contact_date)",
            "kinds.manner = 'said to be high'"
        ) }} as points
    from kinds
    cross join weights
    cross join high_bill
    inner join bills
        on kinds.customer_key = bills.customer_key
        and kinds.contact_date >= bills.issued_on
        and kinds.contact_date <= bills.issued_on + cast(weights.days_after_bill as integer)
    where kinds.matter = 'bill'
),

preferred_bills as (
    select
        contact_key,
        arg_max(days, (points, bill_id)) as days,
        arg_max(ratio_cell, (points, bill_id)) as ratio_cell
    from caller_bills
    group by contact_key
),

observed as (
    select
        kinds.contact_key,
        kinds.matter,
        kinds.manner,
        case
            when preferred_bills.days is not null then {{ days_cell('preferred_bills.days') }}
            when standing.days is not null then {{ days_cell('standing.days') }}
            else 'none'
        end as days_cell,
        coalesce(preferred_bills.ratio_cell, standing.occasion, 'none') as occasion_cell
    from kinds
    left join preferred_bills on kinds.contact_key = preferred_bills.contact_key
    left join standing
        on kinds.matter = 'program'
        and kinds.contact_date = standing.contact_date
        and kinds.customer_key = standing.customer_key
),

observed_by_days as (
    select
        matter,
        days_cell,
        count(*) as contacts
    from observed
    group by
        matter,
        days_cell
),

observed_by_occasion as (
    select
        matter,
        manner,
        occasion_cell,
        count(*) as contacts
    from observed
    group by
        matter,
        manner,
        occasion_cell
),

shared_by_days as (
    select
        matter,
        days_cell,
        {{ contacts_by_likelihood('contacts', 'likelihood') }} as contacts
    from exposures
),

expected_by_days as (
    select
        matter,
        days_cell,
        sum(contacts) as contacts
    from shared_by_days
    group by
        matter,
        days_cell
),

day_habits as (
    select
        all_matters.matter,
        cells.cell,
        coalesce(observed_by_days.contacts, 0) as contacts,
        coalesce(expected_by_days.contacts, 0) as expected_contacts,
        {{ habit_points('observed_by_days.contacts', 'expected_by_days.contacts') }} as points
    from (values ('bill'), ('program')) as all_matters (matter)
    cross join (values ('0'), ('4'), ('8'), ('15'), ('none')) as cells (cell)
    cross join weights
    left join observed_by_days
        on all_matters.matter = observed_by_days.matter
        and cells.cell = observed_by_days.days_cell
    left join expected_by_days
        on all_matters.matter = expected_by_days.matter
        and cells.cell = expected_by_days.days_cell
),

-- The second trait is counted beside the first, lest what the days explain count twice.
reweighed as (
    select
        exposures.matter,
        exposures.manner,
        exposures.contact_date,
        exposures.occasion_cell,
        exposures.contacts,
        cast(cast(exposures.likelihood as double) * power(2, day_habits.points) as decimal(18, 6)) as likelihood
    from exposures
    inner join day_habits
        on exposures.matter = day_habits.matter
        and exposures.days_cell = day_habits.cell
),

shared_by_occasion as (
    select
        matter,
        manner,
        occasion_cell,
        {{ contacts_by_likelihood('contacts', 'likelihood') }} as contacts
    from reweighed
),

expected_by_occasion as (
    select
        matter,
        manner,
        occasion_cell,
        sum(contacts) as contacts
    from shared_by_occasion
    group by
        matter,
        manner,
        occasion_cell
),

occasion_habits as (
    select
        cells.matter,
        cells.manner,
        'occasion' as trait,
        cells.cell,
        coalesce(observed_by_occasion.contacts, 0) as contacts,
        coalesce(expected_by_occasion.contacts, 0) as expected_contacts,
        {{ habit_points('observed_by_occasion.contacts', 'expected_by_occasion.contacts') }} as points
    from (
        values
        {% for manner in ['asked', 'said to be high'] %}
            {% for cell in ['1', '1.3', '1.6', '2', 'none'] %}
                ('bill', '{{ manner }}', '{{ cell }}'),
            {% endfor %}
        {% endfor %}
        {% for manner in ['asked', 'displeased with an event'] %}
            {% set outer_loop = loop %}
            {% for cell in ['opting out', 'event', 'offer', 'joining', 'none'] %}
                ('program', '{{ manner }}', '{{ cell }}'){{ ',' if not (loop.last and outer_loop.last) }}
            {% endfor %}
        {% endfor %}
    ) as cells (matter, manner, cell)
    cross join weights
    left join observed_by_occasion
        on cells.matter = observed_by_occasion.matter
        and cells.manner = observed_by_occasion.manner
        and cells.cell = observed_by_occasion.occasion_cell
    left join expected_by_occasion
        on cells.matter = expected_by_occasion.matter
        and cells.manner = expected_by_occasion.manner
        and cells.cell = expected_by_occasion.occasion_cell
),

combined as (
    select
        matter,
        'any' as manner,
        'days' as trait,
        cell,
        contacts,
        expected_contacts,
        points
    from day_habits
    union all
    select * from occasion_habits
),

rounded as (
    select
        matter,
        manner,
        trait,
        cell,
        cast(contacts as integer) as contacts,
        cast(round(expected_contacts, 3) as decimal(18, 3)) as expected_contacts,
        cast(round(points, 3) as decimal(9, 3)) as points
    from combined
)

select * from rounded
