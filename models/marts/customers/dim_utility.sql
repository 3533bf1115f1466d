with

utility as (select * from {{ ref('stg_meter__utility') }}),

assumptions as (select * from {{ ref('targeting_assumptions') }}),

pivoted as (
    {{ limits_as_columns('assumptions', 'assumption_name', 'assumption_value', [
        'flexible_fraction',
        'enrolment_probability',
        'response_probability',
        'default_target_fraction',
        'greatest_day_shape_entropy_fraction'
    ]) }}
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
