-- All that can be said of the data's quality, counted: readings that count, rows that do not, and days that may not shape a
-- profile.
with

load_fates as (select * from {{ ref('fct_load_fates') }}),

reading_quality as (select * from {{ ref('fct_reading_quality') }}),

rejected as (select * from {{ ref('fct_rejected_reading') }}),

daily_usage as (select * from {{ ref('fct_customer_daily_usage') }}),

counted as (
    select
        'reading' as subject,
        reading_quality.usage_date,
        reading_quality.load_id,
        load_fates.file_name,
        reading_quality.quality_code as reason,
        reading_quality.readings as rows_counted
    from reading_quality
    inner join load_fates on reading_quality.load_id = load_fates.load_id
    union all
    select
        'rejected row' as subject,
        null as usage_date,
        load_id,
        file_name,
        reason,
        count(*) as rows_counted
    from rejected
    group by
        load_id,
        file_name,
        reason
    union all
    select
        'duplicate row' as subject,
        null as usage_date,
        load_id,
        file_name,
        'repeats a known reading' as reason,
        rows_duplicate as rows_counted
    from load_fates
    where rows_duplicate > 0
    union all
    select
        'superseded row' as subject,
        null as usage_date,
        load_id,
        file_name,
        'another version counts' as reason,
        rows_superseded as rows_counted
    from load_fates
    where rows_superseded > 0
    union all
    select
        'customer-day' as subject,
        usage_date,
        null as load_id,
        null as file_name,
        coalesce(quality_reason, 'good') as reason,
        count(*) as rows_counted
    from daily_usage
    group by
        usage_date,
        coalesce(quality_reason, 'good')
)

select * from counted
