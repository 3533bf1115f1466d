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

program_facts as (select * from {{ ref('int_program_facts') }}),

holders as (select * from {{ ref('int_service_point_holders') }}),

complaint_weights as (select * from {{ ref('complaint_weights') }}),

weights as (
    {{ limits_as_columns('complaint_weights', 'weight_name', 'weight_value', [
        'recent_bill_points', 'high_bill_points', 'event_points', 'opt_out_points', 'enrolment_points', 'offer_points',
        'days_after_bill', 'days_of_last_bill', 'days_after_event', 'days_after_offer', 'occasion_half_life_days',
        'habit_prior_contacts'
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

contact_days as (
    select
        matter,
        manner,
        contact_date,
        count(*) as contacts
    from kinds
    group by
        matter,
        manner,
        contact_date
),

tenures as (
    select
        valid_from_at,
        valid_to_at,
        count(*) as customers
    from holders
    group by
        valid_from_at,
        valid_to_at
),

customers_by_day as (
    select
        contact_days.contact_date,
        contact_days.matter,
        contact_days.manner,
        sum(tenures.customers) as customers
    from contact_days
    inner join tenures
        on contact_days.contact_date >= cast(tenures.valid_from_at as date)
        and contact_days.contact_date < cast(tenures.valid_to_at as date)
    group by
        contact_days.contact_date,
        contact_days.matter,
        contact_days.manner
),

-- Bills of one day that are alike are counted once, however many there are.
bills_by_value as (
    select
        issued_on,
        is_surprising,
        least(greatest(round(amount_ratio, 1), round(former_amount_ratio, 1), 1), 2) as ratio,
        {{ ratio_cell('greatest(amount_ratio, former_amount_ratio, 1)') }} as ratio_cell,
        count(*) as customers
    from bills
    group by all
),

-- What the statement that a bill is high is worth on the day, as in int_statements_weighed.
statement_worth as (
    select
        contact_days.contact_date,
        greatest(log2(
            sum(bills_by_value.customers)
            / nullif(cast(sum(case when bills_by_value.is_surprising then bills_by_value.customers end) as double), 0)
        ), 0) as points
    from contact_days
    cross join weights
    inner join bills_by_value
        on contact_days.contact_date >= bills_by_value.issued_on
        and contact_days.contact_date < bills_by_value.issued_on + cast(weights.days_of_last_bill as integer)
    where contact_days.manner = 'said to be high'
    group by contact_days.contact_date
),

billed as (
    select
        contact_days.matter,
        contact_days.manner,
        contact_days.contact_date,
        {{ days_cell("date_diff('day', bills_by_value.issued_on, contact_days.contact_date)") }} as days_cell,
        bills_by_value.ratio_cell as occasion_cell,
        sum(bills_by_value.customers) as customers,
        sum(
            bills_by_value.customers * cast(power(
                2,
                {{ judged_bill_points(
                    'bills_by_value.ratio',
                    "date_diff('day', bills_by_value.issued_on, contact_days.contact_date)",
                    "contact_days.manner = 'said to be high'"
                ) }}
                + case
                    when contact_days.manner = 'said to be high' and bills_by_value.is_surprising
                        then coalesce(statement_worth.points, 0)
                    else 0
                end
            ) as decimal(18, 6))
        ) as likelihood
    from contact_days
    cross join weights
    cross join high_bill
    inner join bills_by_value
        on contact_days.contact_date >= bills_by_value.issued_on
        and contact_days.contact_date <= bills_by_value.issued_on + cast(weights.days_after_bill as integer)
    left join statement_worth on contact_days.contact_date = statement_worth.contact_date
    where contact_days.matter = 'bill'
    group by all
),

program_days as (
    select
        contact_days.contact_date,
        program_facts.customer_key,
        program_facts.fact,
        date_diff('day', program_facts.first_date, contact_days.contact_date) as days,
        {{ judged_occasion_points(
            'program_facts.fact', "date_diff('day', program_facts.first_date, contact_days.contact_date)"
        ) }} as points
    from contact_days
    cross join weights
    inner join program_facts
        on contact_days.contact_date >= program_facts.first_date
        and contact_days.contact_date <= {{ last_day_of_program_fact('program_facts') }}
    where contact_days.matter = 'program'
),

-- A customer's best occasion on each of these days, whether or not she is in a program besides.
standing as (
    select
        contact_date,
        customer_key,
        arg_max(fact, (points, fact)) filter (where fact != 'enrolment') as occasion,
        arg_max(days, (points, fact)) filter (where fact != 'enrolment') as days,
        bool_or(fact = 'enrolment') as is_enrolled
    from program_days
    group by
        contact_date,
        customer_key
),

standing_by_value as (
    select
        contact_date,
        occasion,
        days,
        is_enrolled,
        count(*) as customers
    from standing
    group by all
),

approached as (
    select
        'program' as matter,
        contact_days.manner,
        standing_by_value.contact_date,
        case
            when standing_by_value.occasion is null then 'none' else {{ days_cell('standing_by_value.days') }}
        end as days_cell,
        coalesce(standing_by_value.occasion, 'none') as occasion_cell,
        sum(standing_by_value.customers) as customers,
        sum(
            standing_by_value.customers * cast(power(
                2,
                case
                    when standing_by_value.occasion is null then 0
                    else {{ judged_occasion_points('standing_by_value.occasion', 'standing_by_value.days') }}
                end
                + case when standing_by_value.is_enrolled then weights.enrolment_points else 0 end
            ) as decimal(18, 6))
        ) as likelihood
    from standing_by_value
    cross join weights
    inner join contact_days
        on standing_by_value.contact_date = contact_days.contact_date
        and contact_days.matter = 'program'
    group by all
),

with_occasion as (
    select * from billed
    union all
    select * from approached
),

without_occasion as (
    select
        customers_by_day.matter,
        customers_by_day.manner,
        customers_by_day.contact_date,
        'none' as days_cell,
        'none' as occasion_cell,
        greatest(max(customers_by_day.customers) - coalesce(sum(with_occasion.customers), 0), 0) as customers,
        cast(greatest(max(customers_by_day.customers) - coalesce(sum(with_occasion.customers), 0), 0) as decimal(38, 6))
            as likelihood
    from customers_by_day
    left join with_occasion
        on customers_by_day.matter = with_occasion.matter
        and customers_by_day.manner = with_occasion.manner
        and customers_by_day.contact_date = with_occasion.contact_date
    group by
        customers_by_day.matter,
        customers_by_day.manner,
        customers_by_day.contact_date
),

exposed as (
    select * from with_occasion
    union all
    select * from without_occasion
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
        exposed.matter,
        exposed.days_cell,
        cast(
            contact_days.contacts * cast(exposed.likelihood as double)
            / sum(exposed.likelihood) over (partition by exposed.matter, exposed.manner, exposed.contact_date)
            as decimal(18, 9)
        ) as contacts
    from exposed
    inner join contact_days
        on exposed.matter = contact_days.matter
        and exposed.manner = contact_days.manner
        and exposed.contact_date = contact_days.contact_date
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
        log2(
            (coalesce(observed_by_days.contacts, 0) + weights.habit_prior_contacts)
            / (coalesce(expected_by_days.contacts, 0) + weights.habit_prior_contacts)
        ) as points
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
        exposed.matter,
        exposed.manner,
        exposed.contact_date,
        exposed.occasion_cell,
        cast(cast(exposed.likelihood as double) * power(2, day_habits.points) as decimal(18, 6)) as likelihood
    from exposed
    inner join day_habits
        on exposed.matter = day_habits.matter
        and exposed.days_cell = day_habits.cell
),

shared_by_occasion as (
    select
        reweighed.matter,
        reweighed.manner,
        reweighed.occasion_cell,
        cast(
            contact_days.contacts * cast(reweighed.likelihood as double)
            / sum(reweighed.likelihood) over (partition by reweighed.matter, reweighed.manner, reweighed.contact_date)
            as decimal(18, 9)
        ) as contacts
    from reweighed
    inner join contact_days
        on reweighed.matter = contact_days.matter
        and reweighed.manner = contact_days.manner
        and reweighed.contact_date = contact_days.contact_date
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
        log2(
            (coalesce(observed_by_occasion.contacts, 0) + weights.habit_prior_contacts)
            / (coalesce(expected_by_occasion.contacts, 0) + weights.habit_prior_contacts)
        ) as points
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
