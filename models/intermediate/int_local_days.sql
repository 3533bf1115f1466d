-- Local days from the first to the last reading. Their length follows the utility's clock: 23, 24 or 25 hours.
with

loads as (select * from {{ ref('stg_meter__loads') }}),

utility as (select * from {{ ref('stg_meter__utility') }}),

holidays as (select * from {{ ref('stg_meter__holidays') }}),

seasons as (select * from {{ ref('seasons') }}),

span as (
    select
        min(utility.time_zone) as time_zone,
        date_trunc('day', {{ utc_to_local('min(loads.first_interval_start_at)', 'min(utility.time_zone)') }}) as first_day,
        date_trunc('day', {{ utc_to_local('max(loads.last_interval_end_at)', 'min(utility.time_zone)') }})
        + interval 1 day as day_after_last
    from loads
    cross join utility
),

days as (
    select
        time_zone,
        cast({{ instants_between('first_day', 'day_after_last', 1440) }} as date) as local_date
    from span
),

measured as (
    select
        days.local_date,
        days.time_zone,
        {{ minutes_between(
            local_day_start('days.local_date', 'days.time_zone'),
            local_day_start('(days.local_date + interval 1 day)', 'days.time_zone')
        ) }} as local_day_minutes
    from days
),

described as (
    select
        measured.local_date,
        cast(date_trunc('month', measured.local_date) as date) as local_month,
        seasons.season,
        case
            when holidays.holiday_date is not null or extract(isodow from measured.local_date) >= 6 then 'weekend'
            else 'weekday'
        end as day_type,
        holidays.holiday_name,
        cast(measured.local_day_minutes as integer) as local_day_minutes
    from measured
    inner join seasons on extract(month from measured.local_date) = seasons.month_number
    left join holidays on measured.local_date = holidays.holiday_date
)

select * from described
