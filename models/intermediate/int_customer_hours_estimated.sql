-- What missing hours may have been, where the utility wants estimates. They stand apart from metered energy, always: no
-- total, profile or peak takes them in. Short gaps lie on the line between their neighbours; longer ones take the customer's
-- own like days: the mean of the same hour on good days of the same month and day type.
with

utility as (select * from {{ ref('stg_meter__utility') }}),

metered as (select * from {{ ref('int_customer_days_metered') }}),

hours as (select * from {{ ref('int_customer_hours') }}),

instants as (select * from {{ ref('int_instants_localized') }}),

days as (select * from {{ ref('int_local_days') }}),

monthly_sums as (select * from {{ ref('int_load_sums_monthly') }}),

quality_limits as (select * from {{ ref('quality_limits') }}),

spans as (
    select
        metered.customer_key,
        min(metered.local_date) as first_date,
        max(metered.local_date) as last_date
    from metered
    cross join utility
    where utility.estimates_gaps and metered.customer_key != 0
    group by metered.customer_key
),

incomplete_days as (
    select
        spans.customer_key,
        days.local_date
    from spans
    inner join days on days.local_date between spans.first_date and spans.last_date
    left join metered on spans.customer_key = metered.customer_key and days.local_date = metered.local_date
    where coalesce(metered.received_minutes, 0) < days.local_day_minutes
),

wanted_hours as (
    select distinct
        incomplete_days.customer_key,
        instants.hour_start_at,
        instants.local_date,
        instants.local_month,
        instants.day_type,
        instants.local_hour
    from incomplete_days
    inner join instants on incomplete_days.local_date = instants.local_date
    where instants.interval_start_at = instants.hour_start_at
),

-- The neighbours of a gap may lie on the day before or after.
held_hours as (
    select
        hours.customer_key,
        hours.hour_start_at,
        hours.kwh,
        hours.minutes
    from hours
    inner join spans on hours.customer_key = spans.customer_key
),

missing_hours as (
    select
        wanted_hours.*,
        60 - coalesce(held_hours.minutes, 0) as missing_minutes,
        wanted_hours.hour_start_at
        - to_hours(row_number() over (partition by wanted_hours.customer_key order by wanted_hours.hour_start_at))
            as gap_key
    from wanted_hours
    left join held_hours
        on wanted_hours.customer_key = held_hours.customer_key
        and wanted_hours.hour_start_at = held_hours.hour_start_at
    where coalesce(held_hours.minutes, 0) < 60
),

gaps as (
    select
        customer_key,
        gap_key,
        count(*) as gap_hours,
        min(hour_start_at) as first_hour_at,
        max(hour_start_at) as last_hour_at
    from missing_hours
    group by
        customer_key,
        gap_key
),

bounded_gaps as (
    select
        gaps.*,
        before_gap.kwh as kw_before,
        after_gap.kwh as kw_after
    from gaps
    left join held_hours as before_gap
        on gaps.customer_key = before_gap.customer_key
        and before_gap.hour_start_at = gaps.first_hour_at - interval 1 hour
        and before_gap.minutes = 60
    left join held_hours as after_gap
        on gaps.customer_key = after_gap.customer_key
        and after_gap.hour_start_at = gaps.last_hour_at + interval 1 hour
        and after_gap.minutes = 60
),

like_days as (
    select
        customer_key,
        local_month,
        day_type,
        local_hour,
        cast(kwh as double) * 60 / minutes as mean_kw
    from monthly_sums
    where
        shapes_profile
        and minutes > 0
        and customer_key in (select incomplete_days.customer_key from incomplete_days)
),

valued as (
    select
        missing_hours.customer_key,
        missing_hours.hour_start_at,
        missing_hours.local_date,
        cast(missing_hours.missing_minutes as integer) as missing_minutes,
        cast(bounded_gaps.gap_hours as integer) as gap_hours,
        bounded_gaps.gap_hours <= quality_limits.limit_value
        and bounded_gaps.kw_before is not null and bounded_gaps.kw_after is not null as is_interpolated,
        bounded_gaps.kw_before
        + (bounded_gaps.kw_after - bounded_gaps.kw_before)
        * ({{ minutes_between('bounded_gaps.first_hour_at', 'missing_hours.hour_start_at') }} / 60 + 1)
        / (bounded_gaps.gap_hours + 1) as interpolated_kw,
        like_days.mean_kw as like_days_kw
    from missing_hours
    inner join bounded_gaps
        on missing_hours.customer_key = bounded_gaps.customer_key and missing_hours.gap_key = bounded_gaps.gap_key
    left join like_days
        on missing_hours.customer_key = like_days.customer_key
        and missing_hours.local_month = like_days.local_month
        and missing_hours.day_type = like_days.day_type
        and missing_hours.local_hour = like_days.local_hour
    inner join quality_limits on quality_limits.limit_name = 'longest_interpolated_hours'
),

estimated as (
    select
        customer_key,
        hour_start_at,
        local_date,
        missing_minutes,
        gap_hours,
        case when is_interpolated then 'interpolation' else 'like days' end as estimation_method,
        -- Rounded to what meters tell, so that sums are exact in any order.
        cast(
            case when is_interpolated then interpolated_kw else like_days_kw end * missing_minutes / 60
            as decimal(18, 9)
        ) as estimated_kwh
    from valued
    where is_interpolated or like_days_kw is not null
)

select * from estimated
