-- What makes shapes comparable: every customer's hours against that customer's own (shift and scale once per row). Only
-- hourly_z_score compares a customer's hour with everybody's; it keeps size in, and is there to reproduce the textbook.
{% set kw_columns = hour_columns() %}
{% set shape_columns = hour_columns('') %}
with

profiles as (select * from {{ ref('fct_customer_load_profile') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

shapes as (
    select * from profiles
    where shape_reason is null
),

measured as (
    select
        shapes.*,
        utility.standardisation,
        {{ kw_columns | join(' + ') }} as total_kw,
        greatest({{ kw_columns | join(', ') }}) as peak_kw,
        least({{ kw_columns | join(', ') }}) as base_kw,
        sqrt(
            {% for column in kw_columns %}
                {{ column }} * {{ column }}{{ ' +' if not loop.last }}
            {% endfor %}
        ) as norm_kw
    from shapes
    cross join utility
),

with_deviation as (
    select
        *,
        sqrt(
            {% for column in kw_columns %}
                power({{ column }} - total_kw / 24, 2){{ ' +' if not loop.last }}
            {% endfor %}
        ) / sqrt(24) as deviation_kw
    from measured
),

scaled as (
    select
        *,
        case standardisation
            when 'min_max' then base_kw
            when 'z_score' then total_kw / 24
            else 0
        end as shift_kw,
        case standardisation
            when 'daily_share' then total_kw
            when 'hellinger' then total_kw
            when 'unit_norm' then norm_kw
            when 'peak_share' then peak_kw
            when 'min_max' then peak_kw - base_kw
            when 'z_score' then deviation_kw
        end as scale_kw
    from with_deviation
),

-- Averages of decimals: exact in any order, so that the number of threads changes nothing.
hourly_moments as (
    select
        customer_class,
        season,
        day_type,
        {% for column in kw_columns %}
            avg(cast({{ column }} as decimal(24, 12))) as mean_{{ column }},
            sqrt(greatest(
                avg(cast({{ column }} * {{ column }} as decimal(30, 12)))
                - power(avg(cast({{ column }} as decimal(24, 12))), 2), 0
            )) as deviation_{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from scaled
    where standardisation = 'hourly_z_score'
    group by
        customer_class,
        season,
        day_type
),

compared as (
    select
        scaled.customer_key,
        scaled.customer_id,
        scaled.customer_class,
        scaled.season,
        scaled.day_type,
        scaled.standardisation,
        -- Asked once a row: 24 comparisons of texts would take as long as all the rest.
        scaled.standardisation = 'hellinger' as is_rooted,
        {% for column in kw_columns %}
            (scaled.{{ column }} - coalesce(hourly_moments.mean_{{ column }}, scaled.shift_kw))
            / nullif(coalesce(hourly_moments.deviation_{{ column }}, scaled.scale_kw), 0)
                as {{ shape_columns[loop.index0] }}{{ ',' if not loop.last }}
        {% endfor %}
    from scaled
    left join hourly_moments
        on scaled.customer_class = hourly_moments.customer_class
        and scaled.season = hourly_moments.season
        and scaled.day_type = hourly_moments.day_type
    -- A flat customer has no shape under min_max and z_score; what is left of one after rounding is none either.
    where scaled.scale_kw is null or scaled.scale_kw > 1e-9 * scaled.total_kw
),

with_shape as (
    select * from compared
    where {{ shape_columns | join(' + ') }} is not null
),

-- Hellinger is the root of daily_share; an hour that feeds in on the whole takes no energy.
standardized as (
    select
        customer_key,
        customer_id,
        customer_class,
        season,
        day_type,
        standardisation,
        {% for column in shape_columns %}
            case when is_rooted then sqrt(greatest({{ column }}, 0)) else {{ column }} end
                as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from with_shape
)

select * from standardized
