with

utility as (select * from {{ ref('stg_meter__utility') }}),

assumptions as (select * from {{ ref('targeting_assumptions') }}),

pivoted as (
    select
        max(case when assumption_name = 'flexible_fraction' then assumption_value end) as flexible_fraction,
        max(case when assumption_name = 'enrolment_probability' then assumption_value end) as enrolment_probability,
        max(case when assumption_name = 'response_probability' then assumption_value end) as response_probability,
        max(case when assumption_name = 'default_target_fraction' then assumption_value end) as default_target_fraction,
        max(case when assumption_name = 'greatest_day_shape_entropy_fraction' then assumption_value end)
            as greatest_day_shape_entropy_fraction
    from assumptions
),

described as (
    select
        utility.time_zone,
        utility.holiday_calendar,
        utility.currency,
        utility.peak_season,
        utility.peak_window_start_hour,
        utility.standardisation,
        utility.target_count,
        utility.target_kw,
        pivoted.flexible_fraction,
        pivoted.enrolment_probability,
        pivoted.response_probability,
        pivoted.default_target_fraction,
        pivoted.greatest_day_shape_entropy_fraction
    from utility
    cross join pivoted
)

select * from described
