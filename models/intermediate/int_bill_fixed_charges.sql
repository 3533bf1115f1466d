-- Fixed charges of each tariff up to each date, so that a cycle's are a difference of two rows, whatever its length and
-- however often the charge changed.
with

tariffs as (select * from {{ ref('stg_billing__tariffs') }}),

bills as (select * from {{ ref('int_bills_numbered') }}),

span as (
    select
        min(cycle_start_date) as first_date,
        max(cycle_end_date) as last_date
    from bills
    having count(*) > 0
),

days as (
    select
        cast({{ instants_between(
            'cast(first_date as timestamp)', "cast(last_date as timestamp) + interval '1 day'", 1440
        ) }} as date) as local_date
    from span
),

tariff_ids as (
    select distinct tariff_id from tariffs
),

daily as (
    select
        tariff_ids.tariff_id,
        days.local_date,
        -- Every row of the tariff carries the charge of the day; the newest validity holds.
        max_by(tariffs.fixed_per_day, (tariffs.valid_from_date, tariffs.fixed_per_day)) as fixed_per_day,
        count(tariffs.tariff_id) > 0 as is_valid
    from tariff_ids
    cross join days
    left join tariffs
        on tariff_ids.tariff_id = tariffs.tariff_id
        and days.local_date >= tariffs.valid_from_date
        and (tariffs.valid_to_date is null or days.local_date < tariffs.valid_to_date)
    group by
        tariff_ids.tariff_id,
        days.local_date
),

summed as (
    select
        tariff_id,
        local_date,
        coalesce(
            sum(cast(coalesce(fixed_per_day, 0) as decimal(18, 6))) over days_before, 0
        ) as fixed_before,
        cast(coalesce(sum(case when is_valid then 1 else 0 end) over days_before, 0) as integer) as valid_days_before
    from daily
    window days_before as (
        partition by tariff_id order by local_date rows between unbounded preceding and 1 preceding
    )
)

select * from summed
