-- Local hours that cost the same by every tariff share a cell, so that readings are summed once into few cells and priced
-- afterwards by whichever tariff is in question.
with

instants as (select * from {{ ref('int_instants_localized') }}),

hour_prices as (select * from {{ ref('int_bill_hour_prices') }}),

price_lists as (
    select
        local_date,
        local_hour,
        string_agg(tariff_id || '=' || price_per_kwh, '; ' order by tariff_id) as price_list
    from hour_prices
    group by
        local_date,
        local_hour
),

local_hours as (
    select distinct
        local_date,
        local_hour
    from instants
),

numbered as (
    select
        local_hours.local_date,
        local_hours.local_hour,
        cast(dense_rank() over (order by coalesce(price_lists.price_list, '')) as integer) as price_cell
    from local_hours
    left join price_lists
        on local_hours.local_date = price_lists.local_date and local_hours.local_hour = price_lists.local_hour
)

select * from numbered
