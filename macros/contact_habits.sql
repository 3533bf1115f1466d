{# What judgement says of a customer who calls about a bill, in bits: the bill is recent, and higher than expected. Of a contact that says itself that the bill is high, a statement counts that much, and only what lies beyond is added. #}
{% macro judged_bill_points(ratio, days, says_high) -%}
    (
        weights.recent_bill_points
        + weights.high_bill_points * greatest(
            least({{ ratio }} - 1, 1) - case when {{ says_high }} then high_bill.high_bill_ratio - 1 else 0 end, 0
        )
    ) * power(0.5, {{ days }} / weights.occasion_half_life_days)
{%- endmacro %}

{# What judgement says of a customer who calls about a program after an occasion, in bits. #}
{% macro judged_occasion_points(occasion, days) -%}
    case {{ occasion }}
        when 'opting out' then weights.event_points + weights.opt_out_points
        when 'event' then weights.event_points
        else weights.offer_points
    end * power(0.5, {{ days }} / weights.occasion_half_life_days)
{%- endmacro %}

{# Days and ratios in a few coarse cells, each named by where it begins (int_contact_habits). #}
{% macro days_cell(days) -%}
    case when {{ days }} < 4 then '0' when {{ days }} < 8 then '4' when {{ days }} < 15 then '8' else '15' end
{%- endmacro %}

{% macro ratio_cell(ratio) -%}
    case when {{ ratio }} >= 2 then '2' when {{ ratio }} >= 1.6 then '1.6' when {{ ratio }} >= 1.3 then '1.3' else '1' end
{%- endmacro %}

{# Last day on which a contact may be about a fact of int_program_facts. #}
{% macro last_day_of_program_fact(facts) -%}
    case {{ facts }}.fact
        when 'enrolment' then {{ facts }}.last_date
        when 'event' then {{ facts }}.first_date + cast(weights.days_after_event as integer)
        when 'opting out' then {{ facts }}.first_date + cast(weights.days_after_event as integer)
        else {{ facts }}.first_date + cast(weights.days_after_offer as integer)
    end
{%- endmacro %}

{# Contacts of a matter, manner and day as they would fall upon customers by likelihood. #}
{% macro contacts_by_likelihood(contacts, likelihood) -%}
    cast(
        {{ contacts }} * cast({{ likelihood }} as double)
        / sum({{ likelihood }}) over (partition by matter, manner, contact_date)
        as decimal(18, 9)
    )
{%- endmacro %}

{# How much likelier than judged contacts are, in bits; judgement is worth habit_prior_contacts. #}
{% macro habit_points(observed, expected) -%}
    log2(
        (coalesce({{ observed }}, 0) + weights.habit_prior_contacts)
        / (coalesce({{ expected }}, 0) + weights.habit_prior_contacts)
    )
{%- endmacro %}
